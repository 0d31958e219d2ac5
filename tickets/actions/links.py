"""Secure links: one ticket, one person, one purpose. A link signs nobody in (security.md S36 to S39).

Only a hash of the token is stored, and the hash covers the purpose: a token made for one purpose opens nothing else.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from accounts import journal
from accounts.models import Person
from accounts.own_addresses import is_own_mailbox
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from supportdesk.lib.background import wake
from supportdesk.lib.throttle import Limit, hit
from tickets.actions import answer as answers
from tickets.actions import state
from tickets.actions.attach import Upload
from tickets.choices import Category, Channel
from tickets.merged import survivor_of, with_merged
from tickets.models import AccessLink, Message, Ticket
from tickets.refusals import Refused

READ_AND_ANSWER = "ticket"
CONFIRM_RECEIPT = "received"

LIFETIMES = {READ_AND_ANSWER: timedelta(days=30), CONFIRM_RECEIPT: timedelta(days=90)}
ADDRESSES = {READ_AND_ANSWER: "customer:link", CONFIRM_RECEIPT: "customer:received"}

MAILS_TO_ADDRESS = Limit("fresh links mailed to an address", times=1, seconds=600)
MOST_FRESH = 5
REACHES_BACK = timedelta(days=90)

TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class UnknownLink(Refused):
    """No such link was ever made for this purpose."""


class SpentLink(Refused):
    """The link is too old, was revoked, or its person takes no part in the ticket any more. `link` is its row."""

    def __init__(self, link: AccessLink) -> None:
        super().__init__("This link no longer opens the conversation.")
        self.link = link


class NotYours(Refused):
    """Only who asked can say that it is answered."""


def make_link(*, ticket: Ticket, person: Person, now: datetime) -> str:
    """A new address, with SITE_URL, that lets `person` read and answer `ticket` for 30 days.

    The token is in this answer only. Each mail carries a link of its own, so that one leaked mail is one revoked link.
    """
    return settings.SITE_URL + make_address(ticket=ticket, person=person, purpose=READ_AND_ANSWER, now=now)


def make_address(*, ticket: Ticket, person: Person, purpose: str, now: datetime) -> str:
    """A new address without its host, for `purpose`."""
    token = new_token()
    keep(token, ticket=ticket, person=person, purpose=purpose, now=now)
    return reverse(ADDRESSES[purpose], args=[token])


def keep(token: str, *, ticket: Ticket, person: Person, purpose: str, now: datetime) -> AccessLink:
    """Let `token` open `ticket` for `purpose`. The same token twice is an IntegrityError."""
    return AccessLink.objects.create(
        purpose=purpose,
        ticket=ticket,
        person=person,
        token_sha256=digest(token, purpose),
        created_at=now,
        expires_at=now + LIFETIMES[purpose],
    )


def new_token() -> str:
    """256 random bits, fit for an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Whether `text` could have come from `new_token`."""
    return _TOKEN.fullmatch(text) is not None


def open_link(token: str, *, purpose: str, now: datetime) -> AccessLink:
    """The link behind `token`, with its ticket and person. Changes nothing: mail scanners open links too (S38).

    Raises UnknownLink or SpentLink. Rights are looked at now, not when the mail was written (S28).
    """
    if not is_token(token):
        raise UnknownLink("There is no such link.")
    links = AccessLink.objects.select_related("ticket__requester", "ticket__service_level__calendar", "person")
    link = links.filter(purpose=purpose, token_sha256=digest(token, purpose)).first()
    if link is None:
        raise UnknownLink("There is no such link.")
    is_over = link.revoked_at is not None or link.expires_at <= now
    if is_over or (purpose == READ_AND_ANSWER and not _takes_part(link)):
        raise SpentLink(link)
    if purpose == READ_AND_ANSWER and link.ticket.merged_into_id:
        _follow(link)
    return link


@transaction.atomic
def answer(*, link: AccessLink, text: str, now: datetime, attachments: Sequence[Upload] = ()) -> Message:
    """The words of whoever holds the link, marked as such: nobody signed in (S37). Raises intake.CannotAddMessage.

    Only this counts as a use. Looking does not, or a scanner's visit would.
    """
    message = answers.answer(
        ticket=link.ticket, person=link.person, text=text, channel=Channel.LINK, attachments=attachments, now=now
    )
    AccessLink.objects.filter(pk=link.pk).update(uses=F("uses") + 1)
    return message


@transaction.atomic
def close(*, link: AccessLink, now: datetime) -> None:
    """“My question is answered”, by the requester's link. Raises NotYours, keeping.CannotMove."""
    _be_requester(link)
    state.close_ticket(ticket=link.ticket, by=link.person, now=now)
    AccessLink.objects.filter(pk=link.pk).update(uses=F("uses") + 1)


@transaction.atomic
def reopen(*, link: AccessLink, now: datetime) -> None:
    """“It is not solved after all”, by the requester's link. Raises NotYours."""
    _be_requester(link)
    if link.ticket.category == Category.CLOSED and link.ticket.merged_into_id is None:
        state.reopen_ticket(ticket=link.ticket, by=link.person, now=now)
        AccessLink.objects.filter(pk=link.pk).update(uses=F("uses") + 1)


def working(*, ticket: Ticket, now: datetime) -> int:
    """How many links to read and answer `ticket` still work; those of tickets that were merged into it lead here."""
    links = AccessLink.objects.filter(ticket__in=with_merged(ticket), purpose=READ_AND_ANSWER)
    return links.filter(revoked_at__isnull=True, expires_at__gt=now).count()


def ask_for_fresh_links(*, address: str, now: datetime) -> None:
    """Have `mail_fresh_links` done by a worker, so that the asker's wait says nothing about the address (S45)."""
    if not wake("tickets.mail_fresh_links", address=address):
        mail_fresh_links(address=address, now=now)


def mail_fresh_links(*, address: str, now: datetime) -> int:
    """Mail links to the newest tickets of whoever reads `address`; answers how many. Unknown: none, and no mail.

    At most one mail an address in ten minutes. It holds numbers and links, nothing that anybody wrote (S12).
    """
    person = Person.objects.active().filter(email=address).first()
    if person is None or is_own_mailbox(address) or hit(MAILS_TO_ADDRESS, address, now=now):
        return 0
    recent = Ticket.objects.visible(person).filter(requester=person, updated_at__gt=now - REACHES_BACK)
    tickets = list(recent.select_related("mailbox").order_by("-pk")[:MOST_FRESH])
    if not tickets:
        return 0
    with transaction.atomic():
        lines = [f"Ticket {ticket.pk}:\n{make_link(ticket=ticket, person=person, now=now)}" for ticket in tickets]
        queue_mail(
            kind=Kind.TRANSACTIONAL,
            mailbox=tickets[0].mailbox,
            to=Address(person.email, person.name),
            subject="Fresh links to your tickets",
            text="Hello,\n\nsomebody asked on our site for fresh links to your tickets. They work for 30 days.\n\n"
            + "\n\n".join(lines)
            + "\n\nIf it was not you, there is nothing to do: only this mailbox got the links.\n",
            now=now,
        )
    return len(tickets)


@transaction.atomic
def revoke(*, ticket: Ticket, by: Person, now: datetime, person: Person | None = None) -> int:
    """End every link to `ticket` and to what was merged into it, or only those of `person`. How many still worked."""
    links = AccessLink.objects.filter(ticket__in=with_merged(ticket), revoked_at__isnull=True, expires_at__gt=now)
    if person is not None:
        links = links.filter(person=person)
    ended = links.update(revoked_at=now)
    journal.record(
        by=by,
        action="tickets.revoke_links",
        subject=f"tickets.ticket:{ticket.pk}",
        data={"person": person and person.pk, "ended": ended},
        now=now,
    )
    return ended


def digest(token: str, purpose: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(f"{purpose}:{token}".encode()).hexdigest()


def _follow(link: AccessLink) -> None:
    """A merged ticket's link opens its survivor to whoever takes part there, else the ticket as it was."""
    tickets = Ticket.objects.select_related("requester", "service_level__calendar")
    survivor = tickets.get(pk=survivor_of(link.ticket))
    if survivor.requester_id == link.person_id or survivor.participants.filter(person=link.person).exists():
        link.ticket = survivor


def _be_requester(link: AccessLink) -> None:
    if link.person_id != link.ticket.requester_id:
        raise NotYours("Only who asked can close this or open it again.")


def _takes_part(link: AccessLink) -> bool:
    if not link.person.is_active:
        return False
    ticket = link.ticket
    return ticket.requester_id == link.person_id or ticket.participants.filter(person=link.person).exists()
