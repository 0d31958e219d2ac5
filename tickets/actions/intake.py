"""New tickets and the customer's words on them, whatever door they came through."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from django.db import connection, transaction
from django.db.models import BigIntegerField

from accounts.journal import record
from accounts.models import Membership
from supportdesk.lib.compiled import CompiledRows, Gap
from supportdesk.lib.live import announce
from tickets import clocks
from tickets.actions import heard, schedule
from tickets.actions.attach import Upload, attach_to_message
from tickets.actions.entitling.at_opening import NO_PROOF, Proof, weigh
from tickets.actions.keeping import default_status, keep, locked_survivor, write_event
from tickets.actions.thanks import only_thanked, reopen_for_customer
from tickets.choices import Author, Category, Priority, Role, TicketType
from tickets.models import MailboxRoute, Message, Participant, Status, Team, Ticket
from tickets.refusals import Refused

SNIPPET_LENGTH = 200
SUBJECT_LENGTH = 998


class CannotOpenTicket(Refused):
    """There is nothing to answer: no words and no files."""


class CannotAddMessage(Refused):
    """The words were empty, or the ticket was merged away."""


@dataclass(frozen=True)
class Words:
    """What somebody wrote, and what is known of how it came. `extra` holds further columns of Message."""

    text: str
    html: str = ""
    quoted_text: str = ""
    attachments: Sequence[Upload] = ()
    extra: dict = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """No words, no files."""
        return not (self.text.strip() or self.quoted_text.strip() or self.html.strip() or self.attachments)


@transaction.atomic
def open_ticket(
    *,
    requester,
    subject: str,
    text: str,
    channel: str,
    by,
    now: datetime,
    html: str = "",
    team: Team | None = None,
    mailbox=None,
    organisation=None,
    attachments: Sequence[Upload] = (),
    priority: str | None = None,
    type: str | None = None,
    proof: Proof = NO_PROOF,
) -> Ticket:
    """Open a ticket with its first message. `by` is None when the customer wrote it, else the agent who typed it in.

    `proof` is what the door knows of the customer: signed in, signed by a site, or only what they say. The team,
    priority and promise follow from the mailbox's route where none is given. Raises CannotOpenTicket.
    """
    words = Words(text=clean(text), html=html, attachments=attachments)
    if words.is_empty:
        raise CannotOpenTicket("Write what this is about.")
    ticket = make_ticket(
        requester=requester,
        subject=subject,
        channel=channel,
        now=now,
        team=team,
        mailbox=mailbox,
        organisation=organisation,
        priority=priority,
        type=type,
        proof=proof,
    )
    add_words(ticket=ticket, person=requester, words=words, channel=channel, now=now)
    if by is not None:
        write_event(ticket, kind="opened", text=f"Opened by {by.shown_name}.", by=by, now=now)
        record(by=by, action="tickets.open", subject=ticket, data={"team": ticket.team_id}, now=now)
    return ticket


@transaction.atomic
def add_customer_message(
    *, ticket: Ticket, person, text: str, channel: str, now: datetime, attachments: Sequence[Upload] = ()
) -> Message:
    """The customer's further words. A closed ticket opens again. Raises CannotAddMessage.

    They reach the survivor of a merge. Whoever takes no part there is held until an agent decides (S8, S9).
    """
    words = Words(text=clean(text), attachments=attachments)
    if words.is_empty:
        raise CannotAddMessage("Write a message first.")
    row = locked_survivor(ticket)
    if row.pk != ticket.pk and not takes_part(row, person.pk):
        reason = f"It was written to ticket {ticket.pk}, and its writer does not take part in this one."
        return hold_words(
            ticket=row, person=person, words=words, channel=channel, reason=reason, meant_for=ticket.pk, now=now
        )
    return add_words(ticket=row, person=person, words=words, channel=channel, now=now)


def make_ticket(
    *,
    requester,
    subject: str,
    channel: str,
    now: datetime,
    team: Team | None = None,
    mailbox=None,
    organisation=None,
    priority: str | None = None,
    type: str | None = None,
    status: Status | None = None,
    proof: Proof | None = NO_PROOF,
) -> Ticket:
    """A new ticket with its number and its clocks started, to be written by `add_words` in the same transaction.

    Without `proof` nobody asks whether its customer is entitled to priority: the desk opened it. Written once,
    then: a row that is changed right after it was made costs every index twice.
    """
    route = _routes().first({"mailbox": mailbox.pk}) if mailbox else None
    team = team or (route.team if route else _first_team())
    level = clocks.level_for(team)
    ticket = Ticket(
        pk=_next_number(),
        subject=clean_line(subject)[:SUBJECT_LENGTH] or "(no subject)",
        requester=requester,
        organisation=organisation or _organisation_of(requester),
        team=team,
        mailbox=mailbox,
        status=status or default_status(Category.NEW),
        category=Category.NEW,
        priority=priority or (route.priority if route else Priority.NORMAL),
        type=type or TicketType.QUESTION,
        channel=channel,
        created_at=now,
        updated_at=now,
        last_message_at=now,
        service_level=level,
    )
    if proof is not None:
        weigh(ticket, proof, now)
    promise = clocks.promise_for(ticket)
    clocks.start(ticket, promise, now)
    clocks.plan(ticket, promise, now)
    Participant.objects.create(ticket=ticket, person=requester, role=Role.REQUESTER, added_at=now)
    return ticket


def add_words(*, ticket: Ticket, person, words: Words, channel: str, now: datetime, counts: bool = True) -> Message:
    """A customer's public message, and the clocks with it. `counts` False: nobody waits for an answer."""
    message = Message.objects.create(
        ticket=ticket,
        author=Author.CUSTOMER,
        person=person,
        channel=channel,
        from_name=words.extra.get("from_name", person.name if person else ""),
        from_address=words.extra.get("from_address", person.email if person else ""),
        text=words.text,
        html=words.html,
        quoted_text=words.quoted_text,
        created_at=now,
        **{key: value for key, value in words.extra.items() if key not in ("from_name", "from_address")},
    )
    attach_to_message(message, words.attachments)
    promise = clocks.promise_for(ticket)
    ticket.last_message_id, ticket.last_message_at = message.pk, now
    ticket.snippet = snippet_of(words)
    if counts and ticket.visit:
        schedule.stop_for_customer(ticket, now)
    if counts and not only_thanked(ticket, text=words.text, person=person, has_files=bool(words.attachments), now=now):
        reopen_for_customer(ticket, promise, now)
    keep(ticket, promise=promise, now=now)
    if ticket.visit > 1:  # on a ticket that was there before
        said = heard.Heard(ticket, message, now, has_files=bool(words.attachments))
        heard.customer_wrote(said) if counts else heard.machine_wrote(said)
    return message


def hold_words(
    *,
    ticket: Ticket,
    person,
    words: Words,
    channel: str,
    reason: str,
    now: datetime,
    meant_for: int | None = None,
) -> Message:
    """Words of somebody who takes no part: they wait for an agent (S8). `meant_for`: the merged ticket written to."""
    extra = {"from_name": person.name, "from_address": person.email, **words.extra}
    message = Message.objects.create(
        ticket=ticket,
        author=Author.CUSTOMER,
        person=person,
        channel=channel,
        text=words.text,
        html=words.html,
        quoted_text=words.quoted_text,
        created_at=now,
        is_held=True,
        held_reason=reason,
        **extra,
    )
    attach_to_message(message, words.attachments)
    ticket.is_unread = True  # a case that hears of it keeps the row once more
    Ticket.objects.filter(pk=ticket.pk).update(is_unread=True, updated_at=now)
    write_event(ticket, kind="held", text=f"A message was held: {reason}", by=None, now=now)
    heard.stranger_wrote(heard.Heard(ticket, message, now, bool(words.attachments), meant_for))
    announce(ticket.subject_key)
    return message


def takes_part(ticket: Ticket, person: int) -> bool:
    """Whether the person with this key is the requester or was added by staff."""
    return ticket.requester_id == person or ticket.participants.filter(person=person).exists()


def snippet_of(words: Words) -> str:
    """The first words, for lists."""
    text = " ".join(words.text[: SNIPPET_LENGTH * 4].split())
    return text[:SNIPPET_LENGTH] or ("(attachment)" if words.attachments else "")


def clean(text: str) -> str:
    """Without NUL, with one kind of line end. PostgreSQL keeps everything else."""
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def clean_line(text: str) -> str:
    """One line: no line ends, no control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tickets_ticket', 'id'))")
        return cursor.fetchone()[0]


def _first_team() -> Team:
    (team,) = _teams().fetch({})
    return team


def _organisation_of(person):
    membership = _memberships().first({"person": person.pk})
    return membership.organisation if membership else None


@cache
def _routes() -> CompiledRows[MailboxRoute]:
    rows = MailboxRoute.objects.select_related("team__service_level__calendar")
    return CompiledRows(rows.filter(mailbox=Gap("mailbox", BigIntegerField())))


@cache
def _teams() -> CompiledRows[Team]:
    return CompiledRows(Team.objects.select_related("service_level__calendar").order_by("pk")[:1])


@cache
def _memberships() -> CompiledRows[Membership]:
    rows = Membership.objects.select_related("organisation").filter(person=Gap("person", BigIntegerField()))
    return CompiledRows(rows.order_by("pk")[:1])
