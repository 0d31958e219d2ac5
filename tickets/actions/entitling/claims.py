"""“We have priority support”: the contacts of an entitlement are asked by mail, and one of them confirms (N2).

Opening the link changes nothing: mail scanners open links too (S38). Nothing in the mail was written by whoever claims
(S12), and only a hash of each link is kept (S36).
"""

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import journal
from accounts.models import Person
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from supportdesk.lib.failpoints import failpoint
from tickets.actions.entitling.granting import grant, note
from tickets.actions.keeping import keep, locked, locked_survivor, write_event
from tickets.actions.links import is_token, new_token
from tickets.choices import Category
from tickets.clocks import promise_for
from tickets.entitlements import shown, standing_of
from tickets.models import ClaimLink, Entitlement, PriorityClaim, Ticket
from tickets.refusals import Refused
from tickets.support_choices import CheckMethod, CheckResult, Support

WORKS_FOR = timedelta(hours=24)
PURPOSE = "priority claim"
MOST_CONTACTS = 25


class CannotAsk(Refused):
    """Nobody is asked. The message says why, and what would help."""


class UnknownClaim(Refused):
    """No such link was ever made."""


class ClaimOver(Refused):
    """The link is too old, or somebody answered."""


@transaction.atomic
def ask_contacts(*, ticket: Ticket, entitlement: Entitlement, by: Person, now: datetime) -> PriorityClaim:
    """Mail a link to every named contact of `entitlement`. While a question is open, asking again is the same one.

    Raises CannotAsk.
    """
    row = locked(ticket)
    if row.support == Support.PRIORITY:
        raise CannotAsk("This ticket has priority already.")
    if row.category == Category.CLOSED:
        raise CannotAsk("This ticket is closed. Open it again first.")
    known = shown(Entitlement.objects.all()).get(pk=entitlement.pk)
    standing = standing_of(known, now)
    if not standing.is_entitled:
        raise CannotAsk(f"{known.name} holds no more. Offer to renew it instead.")
    open_ones = PriorityClaim.objects.filter(ticket=row, entitlement=known, answered_at=None, expires_at__gt=now)
    claim = open_ones.order_by("-pk").first()
    if claim is not None:
        return claim
    people = [one.person for one in known.contacts.select_related("person").order_by("pk")[:MOST_CONTACTS]]
    people = [person for person in people if person.is_active and person.has_mail]
    if not people:
        raise CannotAsk(f"Nobody is named for {known.name} who could be asked. Name a contact first.")
    claim = PriorityClaim.objects.create(
        ticket=row, entitlement=known, asked_by=by, asked_at=now, expires_at=now + WORKS_FOR
    )
    for person in people:
        _mail(claim, row, known, person, now)
        failpoint("tickets.claims.mailed")
    if row.support != Support.CLAIMED:
        row.support = Support.CLAIMED
        keep(row, promise=promise_for(row), now=now)
    asked = f"{by.shown_name} asked the contacts of {whose(known)} whether this is theirs."
    write_event(row, kind="claim_asked", text=asked, by=by, now=now)
    data = {"entitlement": known.pk, "claim": claim.pk, "contacts": [person.pk for person in people]}
    journal.record(by=by, action="tickets.ask_contacts", subject=row, data=data, now=now)
    return claim


def open_claim(token: str, *, now: datetime) -> ClaimLink:
    """The link behind `token`. Changes nothing. Raises UnknownClaim, or ClaimOver with what became of it."""
    rows = ClaimLink.objects.select_related(
        "person", "claim__ticket__requester", "claim__entitlement__organisation", "claim__entitlement__person",
        "claim__answered_by",
    )  # fmt: skip
    link = rows.filter(token_sha256=_digest(token)).first() if is_token(token) else None
    if link is None or not link.person.is_active:
        raise UnknownClaim("There is no such link.")
    claim = link.claim
    if claim.answered_by is not None:
        said = "is yours" if claim.is_theirs else "is not yours"
        raise ClaimOver(f"{claim.answered_by.shown_name} said already that ticket {claim.ticket_id} {said}.")
    if claim.expires_at <= now:
        raise ClaimOver("This link worked for a day. Answer the person who wrote to us, and we ask again.")
    _refuse_unnamed(link)
    return link


@transaction.atomic
def confirm(*, link: ClaimLink, now: datetime) -> Ticket:
    """“Yes, that is us”: the ticket has priority from now on. Pressed twice, or by two at once, it counts once.

    Raises ClaimOver when somebody was quicker, the day is over or the entitlement has ended meanwhile.
    """
    row, claim = _locked(link, now)
    _refuse_unnamed(link)
    entitlement = shown(Entitlement.objects.all()).get(pk=claim.entitlement_id)
    if not standing_of(entitlement, now).is_entitled:
        raise ClaimOver(f"{entitlement.name} has ended, or no incident is left.")
    if row.category == Category.CLOSED:
        raise ClaimOver(f"Ticket {row.pk} was closed meanwhile. Answer to it, and it opens again.")
    _answer(claim, link.person, now, is_theirs=True)
    failpoint("tickets.claims.answered")
    grant(row, entitlement=entitlement, method=CheckMethod.EMAIL_CODE, person=link.person, by=None, now=now)
    data = {"entitlement": entitlement.pk, "claim": claim.pk}
    journal.record(by=link.person, action="tickets.confirm_priority", subject=row, data=data, now=now)
    return row


@transaction.atomic
def deny(*, link: ClaimLink, now: datetime) -> Ticket:
    """“That is not us”: the badge goes, and agents read it. Raises ClaimOver."""
    row, claim = _locked(link, now)
    _answer(claim, link.person, now, is_theirs=False)
    note(
        row, claim.entitlement, method=CheckMethod.EMAIL_CODE, result=CheckResult.DENIED, person=link.person, by=None,
        now=now,
    )  # fmt: skip
    if row.support == Support.CLAIMED:
        row.support = ""
        row.is_unread = True
        keep(row, promise=promise_for(row), now=now)
    text = f"{link.person.shown_name} says that this is not from {whose(claim.entitlement)}."
    write_event(row, kind="claim_denied", text=text, by=None, now=now)
    data = {"entitlement": claim.entitlement_id, "claim": claim.pk}
    journal.record(by=link.person, action="tickets.deny_priority", subject=row, data=data, now=now)
    return row


def whose(entitlement: Entitlement) -> str:
    """The organisation or person that is entitled."""
    return entitlement.owner_name


def _locked(link: ClaimLink, now: datetime) -> tuple[Ticket, PriorityClaim]:
    """The ticket where it is now, then the claim. Raises ClaimOver."""
    row = locked_survivor(link.claim.ticket_id)
    rows = PriorityClaim.objects.select_for_update(of=("self",)).select_related("entitlement__organisation")
    claim = rows.get(pk=link.claim_id)
    if claim.answered_at is not None:
        raise ClaimOver("Somebody answered this a moment ago.")
    if claim.expires_at <= now:
        raise ClaimOver("This link worked for a day, which is over.")
    return row, claim


def _refuse_unnamed(link: ClaimLink) -> None:
    """Raise ClaimOver for whoever is a contact no more, and for a mailbox that is theirs no more."""
    claim, moved_at = link.claim, link.person.email_changed_at
    is_named = claim.entitlement.contacts.filter(person=link.person_id).exists()
    if not is_named or (moved_at and moved_at > claim.asked_at):
        raise ClaimOver("This link is over: it was sent to somebody who answered for them until then.")


def _answer(claim: PriorityClaim, person: Person, now: datetime, *, is_theirs: bool) -> None:
    claim.answered_by, claim.answered_at, claim.is_theirs = person, now, is_theirs
    claim.save(update_fields=["answered_by", "answered_at", "is_theirs"])


def _mail(claim: PriorityClaim, row: Ticket, entitlement: Entitlement, person: Person, now: datetime) -> None:
    token = new_token()
    ClaimLink.objects.create(claim=claim, person=person, token_sha256=_digest(token))
    address = settings.SITE_URL + reverse("customer:claim", args=[token])
    queue_mail(
        kind=Kind.TRANSACTIONAL,
        mailbox=row.mailbox,
        to=Address(person.email, person.name),
        subject=f"Is ticket {row.pk} from you?",
        text=f"Hello,\n\nsomebody asks us for help by {row.get_channel_display()} and says that it is for "
        f"{whose(entitlement)}, which has {entitlement.name} with us. Ticket {row.pk}, opened on "
        f"{row.created_at:%-d %B %Y at %H:%M} UTC.\n\nIf it is you or a colleague, open this page and confirm it. The "
        f"ticket is then answered first:\n{address}\n\nThe link works for 24 hours and opens nothing else. If it is "
        "not from you, say so there, or do nothing: it is then answered in its turn.\n",
        now=now,
    )


def _digest(token: str) -> str:
    return hashlib.sha256(f"{PURPOSE}:{token}".encode()).hexdigest()
