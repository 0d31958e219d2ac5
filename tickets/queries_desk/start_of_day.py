"""The start of the day as pages show it: who leads, what is due for whom, what was left lying. Nothing looks back a
certain time only: what is due is due, however long nobody looked.
"""

from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.choices import Role
from accounts.models import Person
from tickets.models import Absence, Breach, DayCheck, DayLater, DayRun, DeskDay, Ticket
from tickets.queries_desk.inbox import capped_count, shown_count
from tickets.source_choices import RunState

MOST_SHOWN = 100
SHOWN = (
    "subject", "category", "next_action_at", "next_action", "priority", "requester__name", "requester__email",
    "assignee__name", "assignee__email", "team__name",
)  # fmt: skip


def captain_now() -> Person | None:
    """Who leads the day, or led the last one; None where that is nobody who works here. One query."""
    day = DeskDay.objects.select_related("captain").order_by("-on").first()
    captain = day.captain if day else None
    return captain if captain and captain.is_active else None


def breaches(since: datetime) -> QuerySet[Breach]:
    """What lay for a day past its date since then, the newest first, each with its ticket and whose it was."""
    rows = Breach.objects.filter(breached_at__gte=since).select_related("ticket", "person")
    return rows.order_by("-breached_at", "-pk")


def oldest_waiting(now: datetime) -> Ticket | None:
    """The unsolved ticket whose date passed first; None where nothing is late. One query."""
    late = Ticket.objects.unsolved().filter(next_action_at__lt=now).select_related("requester", "assignee", "team")
    return late.order_by("next_action_at", "pk").first()


def minutes_of_day(days: int) -> list[tuple[date, int]]:
    """Of the last `days` days of the desk, oldest first: how many minutes half of the people needed at most.

    A day that nobody has finished yet is left out. Two queries.
    """
    known = list(DeskDay.objects.order_by("-on").values_list("pk", "on")[:days])
    taken: dict[int, list[float]] = {}
    rows = DayRun.objects.filter(day__in=[pk for pk, _ in known], began_at__isnull=False, done_at__isnull=False)
    for day, began_at, done_at in rows.values_list("day", "began_at", "done_at"):
        if began_at and done_at:
            taken.setdefault(day, []).append((done_at - began_at).total_seconds() / 60)
    return [(on, round(median(taken[pk]))) for pk, on in reversed(known) if pk in taken]


def starters() -> QuerySet[Person]:
    """Whose day begins with the queue: everybody who answers tickets; on a desk without agents its leads and admins."""
    agents = Person.objects.with_role(Role.AGENT)
    return agents if agents.exists() else Person.objects.with_role(Role.LEAD, Role.ADMIN)


def away(now: datetime) -> set[int]:
    """The keys of everybody who is away now."""
    gone = Absence.objects.filter(since__lte=now).exclude(until__lte=now)
    return set(gone.values_list("person", flat=True))


def due_on(day: DeskDay) -> QuerySet[Ticket]:
    """Every ticket that is due by the end of a day, however long it has been."""
    return Ticket.objects.unsolved().filter(next_action_at__lt=day.ends_at)


def due_for(day: DeskDay, person: Person) -> QuerySet[Ticket]:
    """What a person goes through: their own, and as the captain whatever nobody else goes through."""
    mine = Q(assignee=person)
    if day.captain_id == person.pk:
        others = DayRun.objects.filter(day=day).exclude(state=RunState.EXCUSED).exclude(person=person)
        mine = ~Q(assignee__in=others.values("person")) | Q(assignee__isnull=True)
    return due_on(day).filter(mine)


def left_from_before(day: DeskDay, run: DayRun) -> QuerySet[Ticket]:
    """Those of them that were due before the day began, and of which nobody said this morning what becomes of them."""
    said = DayLater.objects.filter(run=run, ticket=OuterRef("pk"), due_at=OuterRef("next_action_at"))
    return due_for(day, run.person).filter(next_action_at__lt=day.begins_at).exclude(Exists(said))


@dataclass(frozen=True)
class Item:
    """A ticket to go through. `hours` have passed since its date, nights and weekends too; `whose` says why it is the
    captain's, `words` what was said of it this morning.
    """

    ticket: Ticket
    is_old: bool
    is_late: bool
    hours: int
    whose: str
    words: str

    @property
    def is_open(self) -> bool:
        """Whether it stands in the way of the end."""
        return self.is_old and not self.words


@dataclass(frozen=True)
class Items:
    """The first of what a person goes through, the oldest date first, and how many there are."""

    rows: list[Item]
    total: str
    is_cut: bool

    @property
    def open(self) -> int:
        """How many of those shown stand in the way."""
        return sum(row.is_open for row in self.rows)

    @property
    def settled(self) -> int:
        """How many of those shown do not."""
        return len(self.rows) - self.open


def items_of(day: DeskDay, run: DayRun, now: datetime) -> Items:
    """Four queries, however many tickets."""
    rows = due_for(day, run.person).select_related("requester", "assignee", "team").only(*SHOWN)
    found = list(rows.order_by("next_action_at", "pk")[: MOST_SHOWN + 1])
    later = DayLater.objects.filter(
        run=run, ticket__in=[ticket.pk for ticket in found], due_at=F("ticket__next_action_at")
    )
    said = dict(later.values_list("ticket", "words"))
    gone = away(now)
    shown = [_item(ticket, day, run, said.get(ticket.pk, ""), gone, now) for ticket in found[:MOST_SHOWN]]
    total = str(len(found)) if len(found) <= MOST_SHOWN else shown_count(capped_count(due_for(day, run.person)))
    return Items(shown, total, len(found) > MOST_SHOWN)


def _item(ticket: Ticket, day: DeskDay, run: DayRun, words: str, gone: set[int], now: datetime) -> Item:
    due_at = ticket.next_action_at
    if due_at is None:
        raise ValueError("What is due has a date.")
    whose = ""
    if ticket.assignee is None:
        whose = "Nobody’s yet"
    elif ticket.assignee_id != run.person_id:
        name = ticket.assignee.shown_name
        whose = f"{name} is away" if ticket.assignee_id in gone else f"{name} has no start of the day"
    hours = max(0, int((now - due_at).total_seconds()) // 3600)
    return Item(ticket, due_at < day.begins_at, due_at <= now, hours, whose, words)


def day_on(on: date) -> DeskDay | None:
    """A day of the desk; None for one on which it did not open, or stood still."""
    return DeskDay.objects.select_related("captain").filter(on=on).first()


def runs_of(day: DeskDay) -> list[DayRun]:
    """Everybody's start of a day, by name. One query."""
    rows = DayRun.objects.filter(day=day).select_related("person")
    return sorted(rows, key=lambda run: (run.person.shown_name.casefold(), run.person_id))


@dataclass(frozen=True)
class Standing:
    """How far a day's starts have come: “2 of 2 done, 1 excused”."""

    done: int
    late: int
    excused: int
    open: int

    @property
    def expected(self) -> int:
        """Everybody who is not away."""
        return self.done + self.late + self.open

    @property
    def words(self) -> str:
        """As a line says it."""
        parts = [f"{self.done} of {self.expected} done"]
        parts += [f"{self.late} late"] if self.late else []
        return ", ".join([*parts, f"{self.excused} excused"] if self.excused else parts)


def standing_of(runs: list[DayRun]) -> Standing:
    """Whoever was late and has done it since counts as late, not as done."""
    numbers = {state: sum(run.state == state for run in runs) for state in RunState.values}
    return Standing(numbers[RunState.DONE], numbers[RunState.LATE], numbers[RunState.EXCUSED], numbers[RunState.OPEN])


def handed_over(day: DeskDay) -> list[DayRun]:
    """What people wrote for this day at the end of the last one before it. Two queries."""
    last = DeskDay.objects.filter(on__lt=day.on).order_by("-on").values("pk")[:1]
    rows = DayRun.objects.filter(day__in=last).exclude(handover="").select_related("person")
    return list(rows.order_by("done_at", "pk"))


@dataclass(frozen=True)
class Seen:
    """What some people saw alike of a source; `by` are their names, the first to be done first."""

    source: str
    expected: int | None
    seen: int
    attested_name: str
    by: list[str]


def checks_of(day: DeskDay) -> list[Seen]:
    """What people saw of each source when their start was done, each sight once. One query."""
    rows = DayCheck.objects.filter(run__day=day).select_related("source", "run__person")
    found: dict[tuple, Seen] = {}
    for one in rows.order_by("source__name", "run__done_at", "pk"):
        sight = one.source_id, one.expected, one.seen, one.attested_name
        seen = found.setdefault(sight, Seen(one.source.name, one.expected, one.seen, one.attested_name, []))
        seen.by.append(one.run.person.shown_name)
    return list(found.values())


def put_off_on(day: DeskDay) -> list[DayLater]:
    """What people said of what was left from before. One query."""
    rows = DayLater.objects.filter(run__day=day).select_related("ticket", "run__person")
    return list(rows.order_by("at", "pk")[:200])
