"""What happened on a ticket, counted: plain arithmetic on what the desk wrote down. Nothing is read or saved here.

Definitions, each of them shown beside its number (`figures.py`):
- A contact begins when a ticket is opened, and again when it is opened more than seven days after it was closed.
- An answer is a public reply that a person wrote and that was not taken back. Notes and automatic replies are none.
- A reply that was written to leave later answers when it leaves.
- A ticket takes two minutes to read, six for each answer, two for each note, and its calls as long as they were noted
  (`MINUTES`). A desk that knows better says so for a contact reason.
- Hand-offs of a ticket are its assignees less one.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from insights.choices import TurnKind
from insights.models.facts import DRAWS, Answer, Fact, Turn
from insights.models.problems import Handled
from supportdesk.lib.business_hours import Calendar, business_seconds_between
from tickets.choices import Author
from tickets.models import Ticket

SAME_CONTACT = timedelta(days=7)
# An undo window is no wait: until then a reply counts from when it was written.
LEAVES_LATER = timedelta(minutes=1)
LONGEST = 2**31 - 1
MINUTES = {"ticket": 2, "answer": 6, "note": 2}
MOST_COUNTED = 32_000
SPAM = "spam"


@dataclass(frozen=True)
class Said:
    """A public message, as far as it counts."""

    key: int
    author: str
    person: int | None
    written_at: datetime
    sends_at: datetime | None = None

    @property
    def at(self) -> datetime:
        """When it answers."""
        later = self.sends_at is not None and self.sends_at - self.written_at > LEAVES_LATER
        return self.sends_at if later and self.sends_at else self.written_at


@dataclass(frozen=True)
class Closed:
    """A time during which the ticket was closed."""

    at: datetime
    by: int | None
    in_time: bool | None
    reopened_at: datetime | None


@dataclass
class Story:
    """All that is known of one ticket."""

    ticket: Ticket
    said: Sequence[Said] = ()
    closings: Sequence[Closed] = ()
    broken_next: Sequence[datetime] = ()
    promises_next: bool = False
    calendar: Calendar | None = None
    notes: int = 0
    call_minutes: int = 0
    assignees: int = 0
    _starts: list[datetime] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Merged tickets are counted where they went, spam nowhere."""
        return self.ticket.merged_into_id is None and SPAM not in self.ticket.tags

    def facts(self, zone: ZoneInfo) -> tuple[list[Turn], list[Answer]]:
        """Everything to be counted of this ticket; days are cut in `zone`."""
        if not self.counts:
            return [], []
        self._starts = list(self._contacts())
        answers = list(self._answers(zone))
        return list(self._turns(zone, answers)), answers

    def handled(self, zone: ZoneInfo, answers: Sequence[Answer]) -> Handled | None:
        """What the ticket took so far; None for one that counts nowhere."""
        if not self.counts:
            return None
        minutes = MINUTES["ticket"] + MINUTES["answer"] * len(answers) + MINUTES["note"] * self.notes
        row = Handled(
            replies=min(len(answers), MOST_COUNTED),
            hand_offs=min(max(0, self.assignees - 1), MOST_COUNTED),
            minutes=minutes + self.call_minutes,
        )
        return self._fact(row, self.ticket.created_at, zone, None)

    def _contacts(self) -> Iterator[datetime]:
        """When each contact began, oldest first."""
        yield self.ticket.created_at
        for closed in self.closings:
            if closed.reopened_at and closed.reopened_at - closed.at > SAME_CONTACT:
                yield closed.reopened_at

    def _answers(self, zone: ZoneInfo) -> Iterator[Answer]:
        waiting_since, answered_contacts = None, set()
        for said in sorted(self.said, key=lambda one: (one.at, one.key)):
            if said.author == Author.CUSTOMER:
                waiting_since = waiting_since or said.at
                continue
            contact = self._contact_at(said.at)
            is_first = contact not in answered_contacts
            answered_contacts.add(contact)
            began = self._starts[contact] if is_first else waiting_since
            row = self._fact(Answer(message_id=said.key, is_first=is_first), said.at, zone, said.person)
            if began is not None and began <= said.at:
                row.waited, row.waited_open = _seconds(began, said.at), self._open_seconds(began, said.at)
                row.in_time = self._first_in_time(said.at) if is_first and not contact else None
                if not is_first:
                    row.in_time = self._next_in_time(began, said.at)
            waiting_since = None
            yield row

    def _turns(self, zone: ZoneInfo, answers: list[Answer]) -> Iterator[Turn]:
        opened = Turn(kind=TurnKind.OPENED, is_contact=True)
        yield self._fact(opened, self.ticket.created_at, zone, None)
        for closed in self.closings:
            before = [answer for answer in answers if answer.at <= closed.at]
            # Credited to who answered last; to who closed only where nobody answered.
            person = before[-1].person_id if before else closed.by
            again = closed.reopened_at
            is_soon = again is not None and again - closed.at <= SAME_CONTACT
            row = Turn(kind=TurnKind.CLOSED, is_soon=is_soon, is_unanswered=not before)
            if not is_soon:
                began = self._starts[self._contact_at(closed.at)]
                row.solved_in, row.solved_in_open = _seconds(began, closed.at), self._open_seconds(began, closed.at)
                row.in_time = closed.in_time
            yield self._fact(row, closed.at, zone, person)
            if again is not None:
                row = Turn(kind=TurnKind.REOPENED, is_contact=not is_soon, is_soon=is_soon)
                yield self._fact(row, again, zone, person)

    def _contact_at(self, moment: datetime) -> int:
        return max(0, bisect_right(self._starts, moment) - 1)

    def _first_in_time(self, at: datetime) -> bool | None:
        due_at = self.ticket.first_response_due_at
        return None if due_at is None else at <= due_at

    def _next_in_time(self, since: datetime, at: datetime) -> bool | None:
        if not self.promises_next:
            return None
        return not any(since < due_at < at for due_at in self.broken_next)

    def _open_seconds(self, since: datetime, until: datetime) -> int:
        if self.calendar is None:
            return _seconds(since, until)
        return min(LONGEST, round(business_seconds_between(self.calendar, since, until)))

    def _fact(self, row, at: datetime, zone: ZoneInfo, person: int | None):
        ticket = self.ticket
        row.ticket_id, row.at, row.on = ticket.pk, at, at.astimezone(zone).date()
        row.team_id, row.channel, row.reason_id = ticket.team_id, ticket.channel, ticket.contact_reason_id
        row.tags, row.person_id, row.draw = ticket.tags, person, draw_of(ticket.pk)
        return row


def draw_of(ticket_id: int) -> int:
    """0 to 999, spread evenly over neighbouring numbers (Knuth's multiplicative hash)."""
    return (ticket_id * 2654435761 % 2**32) * DRAWS >> 32


def _seconds(since: datetime, until: datetime) -> int:
    return min(LONGEST, max(0, round((until - since).total_seconds())))


__all__ = ["Closed", "Fact", "Said", "Story", "draw_of"]
