"""The tickets of two years, oldest first: nearly all closed, the rest of the last weeks and still somebody's to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from supportdesk.load.people import Customer, Desk
from supportdesk.load.words import Told
from tickets import clocks
from tickets.actions.keeping import moments, neglect
from tickets.choices import LIVE, PAUSED, Category, Clock, Notice, Priority
from tickets.models import Ticket

PERIOD = timedelta(days=730)
# The newest tickets, of which most are unsolved; together they are one in twenty.
FRESH = 0.08
FRESH_UNSOLVED = 0.6
OLD_UNSOLVED = 0.002
# Of the unsolved ones, those whose solution has been due for long. The others were opened in the last days.
LONG_UNSOLVED = 0.1

UNSOLVED_KINDS = ("new", "open", "waiting", "hold", "snoozed")
UNSOLVED_WEIGHTS = (15, 40, 30, 5, 10)
PRIORITIES = (Priority.LOW, Priority.NORMAL, Priority.HIGH, Priority.URGENT)
PRIORITY_WEIGHTS = (10, 75, 12, 3)

# Who speaks, by what became of the ticket: c is the customer, a the agent.
SPEAKERS = {"new": "cccc", "open": "cacc"}
USUAL_SPEAKERS = "caca"


@dataclass
class Plan:
    """One ticket before it has words: who, when, in which state."""

    row: Ticket
    customer: Customer
    speakers: str
    at: tuple[datetime, ...]
    next_look_at: datetime | None = None
    notices: tuple[tuple[str, str, datetime], ...] = ()
    breached_at: datetime | None = None


class History:
    """Plans tickets. Due times of unsolved ones come from the desk's own clocks."""

    def __init__(self, desk: Desk, *, now: datetime, random: Random) -> None:
        self.desk, self.now, self.random = desk, now, random
        self._promises: dict[tuple[int, str], clocks.Promise | None] = {}
        self._levels = {team.pk: clocks.level_for(team) for team in desk.teams}

    def plan(self, place: float, told: Told) -> Plan:
        """The ticket at `place` of the period, 0 for the oldest and 1 for the newest."""
        drawn = self.random
        unsolved = drawn.random() < (FRESH_UNSOLVED if place > 1 - FRESH else OLD_UNSOLVED)
        kind = drawn.choices(UNSOLVED_KINDS, UNSOLVED_WEIGHTS)[0] if unsolved else "closed"
        customer = drawn.choice(self.desk.customers)
        team = drawn.choice(self.desk.teams)
        row = Ticket(
            requester_id=int(customer.person),
            organisation_id=int(customer.organisation),
            team_id=team.pk,
            service_level=self._levels[team.pk],
            priority=drawn.choices(PRIORITIES, PRIORITY_WEIGHTS)[0],
            mailbox_id=self.desk.mailbox,
            created_at=self.now - PERIOD * (1 - place) - timedelta(minutes=5),
        )
        agents = self.desk.agents[team.pk]
        if agents and (kind != "new" or drawn.random() < 0.3):
            row.assignee_id = drawn.choice(agents).pk
        return self._unsolved(row, kind, customer) if unsolved else self._closed(row, told, customer)

    def _closed(self, row: Ticket, told: Told, customer: Customer) -> Plan:
        first = row.created_at
        gaps = [timedelta(minutes=self._some(400)) for _ in range(4)]
        second = first + gaps[0]
        third = second + gaps[1]
        fourth = third + gaps[2]
        end = fourth + gaps[3]
        if end > self.now:  # a fresh one that was solved quickly
            step = (self.now - first) / 5
            second, third, fourth, end = (first + step * number for number in range(1, 5))
        row.category, row.status_id = Category.CLOSED, self.desk.statuses[Category.CLOSED]
        row.first_responded_at, row.sla_started_at = second, first
        row.closed_at, row.closed_by_id, row.updated_at = end, row.assignee_id, end
        row.contact_reason_id = None if self.random.random() < 0.08 else self.desk.reasons[told.reason]
        row.is_unread, row.visit = False, 6
        return Plan(row, customer, USUAL_SPEAKERS, (first, second, third, fourth))

    def _unsolved(self, row: Ticket, kind: str, customer: Customer) -> Plan:
        """The last words are a few hours old, so that few promises are broken the moment the load ends."""
        promise = self._promise(row)
        last = self.now - timedelta(minutes=self._some(180) + 1)
        last = max(last, self.now - timedelta(days=3))
        began = row.created_at if self.random.random() < LONG_UNSOLVED else last - timedelta(hours=self._some(12))
        row.created_at = first = min(began, last - timedelta(minutes=4))
        at = tuple(first + (last - first) * part for part in (0, 0.4, 0.8, 1))
        speakers = SPEAKERS.get(kind, USUAL_SPEAKERS)
        if kind == "new":  # opened lately, or its promise would be long broken
            row.created_at = first = last - timedelta(minutes=20)
            at = tuple(first + timedelta(minutes=number * 6) for number in range(4))
        self._play(row, promise, speakers, at)
        self._put(row, kind, promise, at[-1])
        row.updated_at, row.is_unread, row.visit = at[-1], kind in ("new", "open") and self.random.random() < 0.6, 4
        row.status_id = self.desk.statuses[row.category]
        clocks.plan(row, promise, at[-1])
        notices = tuple(self._noticed(row, promise))
        due = [moment for moment in moments(row, promise, self.now) if moment > self.now]
        return Plan(row, customer, speakers, at, min(due, default=None), notices, self._breached_at(row, promise))

    def _play(self, row: Ticket, promise: clocks.Promise | None, speakers: str, at: tuple[datetime, ...]) -> None:
        row.category = Category.NEW
        clocks.start(row, promise, at[0])
        for who, moment in zip(speakers, at, strict=True):
            if who == "a":
                clocks.agent_answered(row, moment)
                row.category = Category.WAITING
                clocks.pause(row, moment)
            else:
                if row.category in PAUSED:
                    row.category = Category.OPEN
                    clocks.go_on(row, promise, moment)
                clocks.customer_wrote(row, promise, moment)

    def _put(self, row: Ticket, kind: str, promise: clocks.Promise | None, moment: datetime) -> None:
        if kind == "hold":
            row.category = Category.HOLD
            row.follow_up_at = self.now + timedelta(hours=self.random.randint(4, 200))
        elif kind == "snoozed":
            row.category = Category.OPEN
            clocks.go_on(row, promise, moment)
            row.snoozed_until = self.now + timedelta(hours=self.random.randint(2, 300))
        elif kind == "open":
            row.category = Category.OPEN

    def _noticed(self, row: Ticket, promise: clocks.Promise | None) -> Iterator[tuple[str, str, datetime]]:
        """What the desk would have noticed by now, so that the first sweep does not tell everybody at once."""
        running = clocks.running(row) if row.category in LIVE else {}
        for clock, due_at in running.items():
            warn_at = promise.warn_at(clock, self.now, due_at) if promise and due_at > self.now else None
            if due_at <= self.now:
                yield clock, Notice.BROKEN, due_at
            elif warn_at is not None and warn_at <= self.now:
                yield clock, Notice.WARNED, due_at
        if row.follow_up_at and row.follow_up_at <= self.now:
            yield Clock.FOLLOW_UP, Notice.BROKEN, row.follow_up_at
        if row.next_action_at and row.next_action_at <= self.now:
            for kind, at in zip((Notice.NEARLY, Notice.LEFT), neglect(row, promise, self.now), strict=True):
                if at <= self.now:
                    yield Clock.FOLLOW_UP, kind, row.next_action_at

    def _breached_at(self, row: Ticket, promise: clocks.Promise | None) -> datetime | None:
        """When its date had lain for a day; None where it has not yet."""
        if row.next_action_at is None or row.next_action_at > self.now:
            return None
        left_at = neglect(row, promise, self.now)[-1]
        return left_at if left_at <= self.now else None

    def _some(self, mean: float) -> float:
        """An amount around `mean`, now and then a far larger one."""
        return self.random.expovariate(1 / mean)

    def _promise(self, row: Ticket) -> clocks.Promise | None:
        key = (row.team_id, row.priority)
        if key not in self._promises:
            self._promises[key] = clocks.promise_for(row)
        return self._promises[key]
