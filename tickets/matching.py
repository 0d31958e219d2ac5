"""Which ticket a mail belongs to, and how sure that is. Reads only.

What may append to a ticket is: an address or Message-ID of ours that was signed for it (email.md, Threading; S7), or a
plain reference by somebody who takes part. Everything else opens a new ticket that suggests the match.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from mail import message_ids
from mail.actions import reply_address
from mail.actions.bounces import find_mail
from mail.models import Mailbox, OutgoingMail, RawMail
from mail.parsing.types import ParsedMail
from tickets.choices import MoveKind
from tickets.models import Message, Ticket, TicketMove

MOST_REFERENCES = 100
SUGGESTED_WITHIN = timedelta(days=30)
# Every mail from somebody who answers nothing asks, so it is not composed anew each time.
RECENT = """
select ticket.id, ticket.subject from tickets_ticket as ticket
join accounts_person as requester on requester.id = ticket.requester_id
where requester.email = %(sender)s and ticket.mailbox_id is not distinct from %(mailbox)s
  and ticket.merged_into_id is null and ticket.last_message_at > %(since)s
order by ticket.id desc limit 20
"""
_NUMBER = re.compile(r"\[#([0-9]{1,10})\]|\(ticket ([0-9]{1,10})\)", re.I | re.A)
_PREFIX = re.compile(r"^(?:(?:re|aw|sv|antw|odp|vs|fwd?|wg|tr|rv|enc)\s*(?:\[\d+\])?\s*:\s*)+", re.I)


@dataclass(frozen=True)
class Match:
    """`ticket` may take the mail. `is_stranger`: the proof is sound, but it was given to somebody else, so it is held.

    `suggestion` is what the mail seems to continue without proof.
    """

    ticket: Ticket | None = None
    is_stranger: bool = False
    suggestion: Ticket | None = None


def find_match(*, parsed: ParsedMail, raw: RawMail, now: datetime) -> Match:
    """The best match for a mail in its own mailbox, following merged tickets to their survivor."""
    sender = parsed.from_.email if parsed.from_ and not parsed.sender_problem else ""
    forged = parsed.authentication.verdict == "fail"
    proven = _by_reply_address(parsed, raw) or _by_our_message_id(parsed, raw.mailbox)
    if proven:
        ticket, recipient = proven
        ticket = _split_off(ticket, parsed, sender) or ticket
        known = sender and not forged and (sender == recipient or takes_part(ticket, sender))
        return Match(ticket=ticket, is_stranger=not known)
    referred = _by_reference(parsed, raw.mailbox) or _by_number(parsed.subject, raw.mailbox)
    if referred and sender and not forged and takes_part(referred, sender):
        return Match(ticket=referred)
    return Match(suggestion=referred or _by_subject(parsed, raw.mailbox, sender, now))


def takes_part(ticket: Ticket, email: str) -> bool:
    """Whether the address is the requester's or that of somebody whom staff added."""
    return ticket.requester.email == email or ticket.participants.filter(person__email=email).exists()


def answered_notification(parsed: ParsedMail) -> OutgoingMail | None:
    """The notification of ours that this mail answers, or None."""
    for message_id in _newest_first(parsed):
        ours = message_ids.read(message_id)
        if ours and not ours.subject_key:
            return OutgoingMail.objects.filter(message_id=ours.normal, kind="notification").first()
    return None


def imitates_us(parsed: ParsedMail, own_domains: Iterable[str]) -> bool:
    """It answers a Message-ID that looks like one of ours and was never made by us (case 110)."""
    domains = set(own_domains)
    for message_id in _newest_first(parsed):
        domain = message_id.strip("<> ").rpartition("@")[2].lower()
        if domain in domains and message_ids.read(message_id) is None:
            return True
    return False


def bounced_mail(parsed: ParsedMail, raw: RawMail) -> OutgoingMail | None:
    """The mail of ours that a bounce concerns, by its signed envelope sender or its signed Message-ID."""
    named = [parsed.bounce.original_message_id] if parsed.bounce else []
    recipients = _recipients(parsed, raw)
    found = (
        find_mail(original_message_id=one, recipients=recipients) for one in [*named, *_newest_first(parsed)] or [""]
    )
    return next((mail for mail in found if mail), None)


def plain_subject(subject: str) -> str:
    """Without “Re:” and its kin, for comparing."""
    return " ".join(_PREFIX.sub("", subject.strip()).split()).casefold()


def _recipients(parsed: ParsedMail, raw: RawMail) -> list[str]:
    written = [address.email for address in [*parsed.to, *parsed.cc]]
    return [raw.envelope_to, *parsed.delivered_to, *written]


def _newest_first(parsed: ParsedMail) -> list[str]:
    return [*parsed.in_reply_to, *reversed(parsed.references)][:MOST_REFERENCES]


def _by_reply_address(parsed: ParsedMail, raw: RawMail) -> tuple[Ticket, str] | None:
    for address in _recipients(parsed, raw):
        target = reply_address.read(address) if "+" in address else None
        if target and target.mailbox.pk == raw.mailbox_id:
            ticket = _ticket(target.subject_key)
            if ticket:
                return ticket, _given_to(target.recipient, ticket, target.subject_key)
    return None


def _by_our_message_id(parsed: ParsedMail, mailbox: Mailbox | None) -> tuple[Ticket, str] | None:
    for message_id in _newest_first(parsed):
        ours = message_ids.read(message_id)
        if ours is None or not ours.subject_key:
            continue
        sent = OutgoingMail.objects.filter(message_id=ours.normal, mailbox=mailbox).first()
        ticket = _ticket(ours.subject_key)
        if sent and ticket:
            return ticket, _given_to(sent.to_address, ticket, ours.subject_key)
    return None


def _split_off(ticket: Ticket, parsed: ParsedMail, sender: str) -> Ticket | None:
    """The ticket to which the message that is answered was split off, if the sender takes part there."""
    gone = TicketMove.objects.filter(kind=MoveKind.SPLIT, source=ticket, undone_at=None)
    moved = {key for keys in gone.values_list("messages", flat=True) for key in keys}
    if not moved:
        return None
    answered = _newest_first(parsed)[:1]
    ours = OutgoingMail.objects.filter(message_id__in=[own.normal for own in map(message_ids.read, answered) if own])
    keys = [int(key[8:]) for key in ours.values_list("source_key", flat=True) if key.startswith("message:")]
    words = Message.objects.filter(Q(pk__in=keys) | Q(message_id__in=answered), pk__in=moved).order_by("-pk")
    found = words.values_list("ticket", flat=True).first()
    other = _ticket(f"ticket:{found}") if found else None
    return other if other and sender and takes_part(other, sender) else None


def _given_to(recipient: str, ticket: Ticket, subject_key: str) -> str:
    # A proof for a ticket that was merged is none for its survivor: there its holder has to take part (S9).
    return recipient if ticket.subject_key == subject_key else ""


def _by_reference(parsed: ParsedMail, mailbox: Mailbox | None) -> Ticket | None:
    wanted = list(dict.fromkeys(message_id for message_id in _newest_first(parsed) if message_id))
    if not wanted:
        return None
    rows = Message.objects.filter(message_id__in=wanted, ticket__mailbox=mailbox).order_by("pk")
    found = {message.message_id: message.ticket_id for message in rows}
    for message_id in wanted:
        if message_id in found:
            return _ticket(f"ticket:{found[message_id]}")
    return None


def _by_number(subject: str, mailbox: Mailbox | None) -> Ticket | None:
    found = _NUMBER.search(subject)
    ticket = _ticket(f"ticket:{found[1] or found[2]}") if found else None
    return ticket if ticket and ticket.mailbox_id == (mailbox.pk if mailbox else None) else None


def _by_subject(parsed: ParsedMail, mailbox: Mailbox | None, sender: str, now: datetime) -> Ticket | None:
    wanted = plain_subject(parsed.subject)
    if not (sender and wanted):
        return None
    given = {"sender": sender, "mailbox": mailbox.pk if mailbox else None, "since": now - SUGGESTED_WITHIN}
    with connection.cursor() as cursor:
        cursor.execute(RECENT, given)
        found = next((pk for pk, subject in cursor.fetchall() if plain_subject(subject) == wanted), 0)
    return Ticket.objects.get(pk=found) if found else None


def _ticket(subject_key: str) -> Ticket | None:
    kind, _, number = subject_key.partition(":")
    if kind != "ticket" or int(number) >= 2**63:
        return None
    ticket = Ticket.objects.select_related("requester", "merged_into").filter(pk=int(number)).first()
    seen: set[int] = set()
    while ticket and ticket.merged_into_id and ticket.pk not in seen:
        seen.add(ticket.pk)
        ticket = Ticket.objects.select_related("requester", "merged_into").get(pk=ticket.merged_into_id)
    return ticket
