"""One ticket as an agent reads it: messages, notes and events in the order in which they happened."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Q, QuerySet

from supportdesk.lib.compiled import CompiledRows, Gap, IsOneOf
from tickets.models import Attachment, Message, Note, Ticket, TicketEvent

# A thread that is longer shows its newest part and offers the rest; nobody reads 5,000 messages at once.
SHOWN_AT_ONCE = 150


@dataclass
class Entry:
    """A line of the thread. `kind` is message, note or event; `it` is the row."""

    kind: str
    at: datetime
    it: Message | Note | TicketEvent
    attachments: list[Attachment] = field(default_factory=list)


@dataclass(frozen=True)
class Thread:
    """What is shown, how many earlier lines are left out, and the numbers of the newest public message and note.

    `messages` are all that were read, the newest first; `has_all` says whether the ticket has no others.
    """

    entries: list[Entry]
    earlier: int
    newest: int
    newest_note: int = 0
    messages: Sequence[Message] = ()
    has_all: bool = False


def thread_of(ticket: Ticket, *, in_full: bool = False) -> Thread:
    """Four queries, whatever the length, and one less for a ticket that was opened and has no notes.

    Without `in_full` at most SHOWN_AT_ONCE lines, the newest.
    """
    limit = None if in_full else SHOWN_AT_ONCE + 1
    reading, asked = _reading(limit), {"ticket": ticket.pk}
    messages = reading.messages.fetch(asked, ticket=ticket)
    notes = reading.notes.fetch(asked, ticket=ticket) if getattr(ticket, "has_notes", True) else []
    events = reading.events.fetch(asked, ticket=ticket)
    entries = [
        *(Entry("message", message.created_at, message) for message in messages),
        *(Entry("note", note.created_at, note) for note in notes),
        *(Entry("event", event.created_at, event) for event in events),
    ]
    entries.sort(key=_order)
    shown = entries if in_full else entries[-SHOWN_AT_ONCE:]
    _attach(shown)
    newest = max((message.pk for message in messages), default=0)
    newest_note = max((note.pk for note in notes), default=0)
    has_all = limit is None or len(messages) < limit
    return Thread(shown, len(entries) - len(shown), newest, newest_note, messages, has_all)


def newer_messages(ticket: Ticket, last_seen: int) -> list[Message]:
    """Public messages that came after the one that the agent saw last, oldest first."""
    newer = ticket.messages.standing().filter(pk__gt=last_seen, is_held=False).select_related("person")
    return list(newer.order_by("pk")[:20])


def _signed(rows: QuerySet, *people: str) -> QuerySet:
    """All of each row, and of the people behind it what a screen shows."""
    own = [field.name for field in rows.model._meta.concrete_fields]
    shown = [f"{person}__{column}" for person in people for column in ("name", "email")]
    return rows.select_related(*people).only(*own, *shown)


class Reading(NamedTuple):
    """How the parts of a thread are read."""

    messages: CompiledRows[Message]
    notes: CompiledRows[Note]
    events: CompiledRows[TicketEvent]


@cache
def _reading(limit: int | None) -> Reading:
    """The newest of each first, `limit` of them."""

    def last(rows: QuerySet) -> CompiledRows:
        found = rows.filter(ticket=Gap("ticket", BigIntegerField())).order_by("-pk")
        return CompiledRows(found if limit is None else found[:limit])

    return Reading(
        last(_signed(Message.objects.all(), "person", "forwarded_by")),
        last(_signed(Note.objects.all(), "person")),
        last(TicketEvent.objects.all()),
    )


def _order(entry: Entry) -> tuple:
    # What happens because of a message is written in the same moment and stands below it.
    return (entry.at, {"message": 0, "note": 1, "event": 2}[entry.kind], entry.it.pk)


def _attach(entries: Iterable[Entry]) -> None:
    messages = {entry.it.pk: entry for entry in entries if entry.kind == "message"}
    notes = {entry.it.pk: entry for entry in entries if entry.kind == "note"}
    found = _attached().fetch({"messages": list(messages), "notes": list(notes)})
    by_owner: dict[tuple[str, int | None], list[Attachment]] = defaultdict(list)
    for attachment in found:
        owner = ("message", attachment.message_id) if attachment.message_id else ("note", attachment.note_id)
        by_owner[owner].append(attachment)
    for kind, known in (("message", messages), ("note", notes)):
        for pk, entry in known.items():
            entry.attachments = by_owner[kind, pk]


@cache
def _attached() -> CompiledRows[Attachment]:
    numbers = ArrayField(BigIntegerField())
    owned = Q(IsOneOf("message", Gap("messages", numbers))) | Q(IsOneOf("note", Gap("notes", numbers)))
    return CompiledRows(Attachment.objects.filter(owned).order_by("position", "pk"))
