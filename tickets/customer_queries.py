"""What customers read: public words and events, and what happens next. Nothing that staff say among themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q

from accounts.models import Person
from accounts.zones import zone_of
from tickets.choices import LIVE, Author, Category, MoveKind
from tickets.models import Attachment, Message, Ticket, TicketEvent, TicketMove

# A conversation this long is read from its end; the rest is a click away.
MOST_SHOWN = 200

STANDING = {
    Category.NEW: "With us",
    Category.OPEN: "With us",
    Category.WAITING: "Waiting for you",
    Category.HOLD: "On hold",
    Category.CLOSED: "Closed",
}


@dataclass(frozen=True)
class Entry:
    """One line of a conversation: a message or an event, never both."""

    at: datetime
    message: Message | None = None
    event: TicketEvent | None = None


@dataclass(frozen=True)
class Thread:
    """What one reader may see of a ticket, oldest first. `is_cut`: something older is left out."""

    entries: Sequence[Entry]
    is_cut: bool = False

    @property
    def newest(self) -> int:
        """The number of the newest message that is shown, 0 for none."""
        return max((entry.message.pk for entry in self.entries if entry.message), default=0)


@dataclass(frozen=True)
class NextStep:
    """What happens next. `by` is the promise, None where none was made; `is_late` when it has passed."""

    by: datetime | None
    is_late: bool


def thread_for(ticket: Ticket, *, now: datetime, since: datetime | None = None, whole: bool = False) -> Thread:
    """The conversation as customers see it. `since` hides what was said before: mailed copies get no history (S9)."""
    messages = shown_messages(ticket, now=now, since=since)
    events = TicketEvent.objects.filter(ticket=ticket, is_public=True)
    if since is not None:
        events = events.filter(created_at__gte=since)
    newest = messages.select_related("person").prefetch_related(_attachments()).order_by("-pk")
    rows = list(newest if whole else newest[: MOST_SHOWN + 1])
    is_cut = not whole and len(rows) > MOST_SHOWN
    rows = rows if whole else rows[:MOST_SHOWN]
    if is_cut:
        events = events.filter(created_at__gte=rows[-1].created_at)
    entries = [Entry(at=message.created_at, message=message) for message in rows]
    entries += [Entry(at=event.created_at, event=event) for event in events.order_by("pk")]
    return Thread(entries=sorted(entries, key=_place), is_cut=is_cut)


def shown_messages(ticket: Ticket, *, now: datetime, since: datetime | None = None):
    """The messages that a customer may read now, unsorted."""
    if ticket.merged_into_id:
        # Its customer reads it as it was when it was merged: the rest belongs to others. What was set apart before
        # that merge, as another customer's, is not among what this merge hid.
        moves = TicketMove.objects.filter(kind=MoveKind.MERGE, source=ticket, undone_at=None)
        moved, hidden = next(iter(moves.values_list("messages", "hidden")), ((), ()))
        written = Message.objects.filter(Q(pk__in=hidden) | Q(pk__in=moved, is_apart=False))
    else:
        written = Message.objects.filter(ticket=ticket).of_its_customers()
    messages = written.shown_to_customers(now)
    return messages if since is None else messages.filter(created_at__gte=since)


def attachment_of(ticket: Ticket, pk: int, *, now: datetime, since: datetime | None = None) -> Attachment | None:
    """A file of a message that may be read here, or None (S23)."""
    messages = shown_messages(ticket, now=now, since=since)
    return Attachment.objects.select_related("file").filter(pk=pk, message__in=messages).first()


def next_step(ticket: Ticket, now: datetime) -> NextStep | None:
    """Our promise while it is our turn to write, None while it is not."""
    if ticket.category not in LIVE:
        return None
    due = [ticket.next_response_due_at]
    if ticket.first_responded_at is None:
        due.append(ticket.first_response_due_at)
    by = min((at for at in due if at is not None), default=None)
    return NextStep(by=by, is_late=by is not None and by < now)


def zone_for(person: Person, ticket: Ticket) -> ZoneInfo:
    """The zone in which somebody without a session reads times: their own, else that of the desk's calendar."""
    level = ticket.service_level
    if person.time_zone == "UTC" and level is not None:
        return ZoneInfo(level.calendar.time_zone)
    return zone_of(person)


def sees_colleagues(person: Person) -> bool:
    """Whether any organisation of theirs shows its tickets to them."""
    return person.memberships.filter(sees_colleagues_tickets=True).exists()


def standing_of(category: str) -> str:
    """Whose turn it is, in the customer's words. Names that admins give to states are for staff."""
    return STANDING[Category(category)]


def author_of(message: Message) -> str:
    """Who wrote, as customers know them: never an agent's own address."""
    if message.author == Author.AGENT:
        return (message.person and message.person.name) or message.from_name or "Support"
    if message.author == Author.SYSTEM:
        return "Support"
    return message.from_name or (message.person and message.person.name) or message.from_address or "You"


def _attachments() -> Prefetch:
    return Prefetch("attachments", Attachment.objects.order_by("position", "pk"))


def _place(entry: Entry) -> tuple[datetime, int, int]:
    if entry.message is not None:
        return entry.at, 0, entry.message.pk
    return entry.at, 1, entry.event.pk if entry.event else 0
