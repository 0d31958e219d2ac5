"""Why people write, what it costs, and what is done about it.

A driver is a contact reason; a problem of a driver is about the contacts of that reason and of all below it. “A month”
is 28 days, so that months are alike; the bars of charts are calendar months (`insights_drivermonth`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from insights import costs
from insights.activity import active_by_month
from insights.choices import Dimension
from insights.desk import desk_zone
from insights.effects import AFTER_DAYS, BEFORE_DAYS, Side, after_days, before_days, customer_days, effect
from insights.models import Driver, DriverMonth, EngEffort, Figure, Problem
from insights.problem_choices import FIXED, ProblemState
from tickets.models import ContactReason

MOST_PROBLEMS = 200
OTHER_ALERT = 0.15
OVERLOOKED_CONTACTS, OVERLOOKED_DAYS = 10, 7
# Without any ticket to measure, a contact takes what one read and one answer take.
UNMEASURED_MINUTES = 8
MEASURED_MONTHS = 3


@dataclass(frozen=True)
class ProblemRow:
    """A problem as the founder reads it. Rates are contacts in 28 days; money is cents of the cost rules' currency.

    `effect` is what is left: 28 days after the fix ÷ 56 days before, corrected for customers; None until those days are
    over. `saved_a_month` is None until a fix was verified. Its page: `insights:problem`, by `pk`.
    """

    pk: int
    driver: int
    name: str
    title: str
    owner: str
    state: str
    state_name: str
    baseline: float
    now: float
    cost_a_month: int
    saved_a_month: int | None
    age_days: int
    fixed_on: date | None
    fix: str
    effect: float | None
    is_overlooked: bool = False


@dataclass(frozen=True)
class Fix:
    """A pin on a chart: what was changed on which day."""

    problem: int
    driver: int
    name: str
    on: date
    words: str
    effect: float | None
    is_verified: bool


@dataclass(frozen=True)
class DriverRow:
    """A contact reason over some months. `contacts` has one number a calendar month, in the order asked for.

    `cost` is cents of the last 28 days: contacts × minutes × rate ÷ 60, and engineering noted on its problem then.
    `share` and `cumulative` are shares of the cost of all drivers (0 to 1), the costliest first. `before` and `now` are
    contacts in 28 days: half of the 56 days before the fix (or before the last 28 days), and the last 28 days.
    `problem` is 0 without one; `fix` and `fixed_on` are empty without a fix, and `change` is now ÷ before - 1.
    `is_unowned`: nobody is responsible for it.
    """

    driver: int
    name: str
    contacts: tuple[int, ...]
    minutes: int
    cost: int
    share: float
    cumulative: float
    before: float
    now: float
    problem: int = 0
    owner: str = ""
    state: str = ""
    fix: str = ""
    fixed_on: date | None = None
    change: float | None = None
    is_unowned: bool = True
    is_other: bool = False


@dataclass
class Tree:
    """Contact reasons with what the desk says of them, read once."""

    names: dict[int, str]
    below: dict[int, set[int]]
    above: dict[int, list[int]]
    drivers: dict[int, Driver]

    def is_other(self, reason: int) -> bool:
        """Whether it says nothing about why somebody wrote: no reason at all, marked so, or called “Other”."""
        driver = self.drivers.get(reason)
        if driver is not None:
            return driver.is_other
        return not reason or self.names.get(reason, "").rpartition(" › ")[2].casefold().startswith("other")

    def is_preventable(self, reason: int) -> bool:
        """Whether it may become a problem."""
        driver = self.drivers.get(reason)
        return (driver is None or driver.is_preventable) and not self.is_other(reason)


Days = tuple[date, date]


@dataclass
class Counts:
    """Contacts by reason in stretches of days, customers by month, what a contact takes, and every problem, the newest
    first. Days are those of the desk's zone.
    """

    today: date
    tree: Tree
    problems: list[Problem]
    sums: dict[Days, dict[int, int]] = field(default_factory=dict)
    closed: dict[int, int] = field(default_factory=dict)
    customers: dict[date, int] = field(default_factory=dict)
    minutes: dict[int, Fraction] = field(default_factory=dict)
    rate: int = 0
    _customer_days: dict[Days, int] = field(default_factory=dict)

    @property
    def last_days(self) -> Days:
        """The last 28 days, today included."""
        return self.today - timedelta(days=AFTER_DAYS - 1), self.today

    @property
    def days_before(self) -> Days:
        """The 56 days before those."""
        return before_days(self.last_days[0])

    def days_of_fix(self, fixed_on: date) -> tuple[Days, Days]:
        """The 56 days before a fix, and those of the 28 from it on that have come."""
        first, last = after_days(fixed_on)
        return before_days(fixed_on), (first, min(last, self.today))

    def wanted(self) -> list[Days]:
        """All that may be asked for: these days, and those of each fix that was not judged yet."""
        fixes = {one.fixed_on for one in self.problems if one.fixed_on and one.judged_at is None and one.state in FIXED}
        found = [self.last_days, self.days_before]
        return list(dict.fromkeys([*found, *(days for on in sorted(fixes) for days in self.days_of_fix(on))]))

    def side(self, reasons: Iterable[int], days: Days) -> Side:
        """Contacts of these reasons on `wanted` days, with the customers of the days."""
        sums, (first, last) = self.sums[days], days
        if days not in self._customer_days:
            self._customer_days[days] = customer_days(self.customers, first, last, today=self.today)
        return Side(sum(sums.get(key, 0) for key in reasons), (last - first).days + 1, self._customer_days[days])

    def lately(self, reasons: Iterable[int]) -> Side:
        """The last 28 days."""
        return self.side(reasons, self.last_days)

    def earlier(self, reasons: Iterable[int]) -> Side:
        """The 56 days before those."""
        return self.side(reasons, self.days_before)

    def minutes_of(self, reason: int) -> Fraction:
        """Work on one contact: as the desk says for the reason or one above it, else as measured."""
        for key in [reason, *self.tree.above.get(reason, [])]:
            driver = self.tree.drivers.get(key)
            if driver is not None and driver.minutes:
                return Fraction(driver.minutes)
        return self.minutes.get(reason, Fraction(UNMEASURED_MINUTES))

    def cents(self, reason: int) -> Fraction:
        """What one contact costs."""
        return self.minutes_of(reason) * self.rate / 60

    def cost(self, reasons: Iterable[int]) -> Fraction:
        """What the contacts of the last 28 days cost, in cents."""
        return sum((self.lately([key]).contacts * self.cents(key) for key in reasons), Fraction())


def read_tree() -> Tree:
    """Every reason, the inactive ones too: closed tickets keep theirs. Two queries."""
    rows = {row.pk: row for row in ContactReason.objects.all()}
    above: dict[int, list[int]] = {}
    below: dict[int, set[int]] = {pk: {pk} for pk in rows}
    names: dict[int, str] = {0: "No reason chosen"}
    for pk, row in rows.items():
        line, parts, at = [], [row.name], row.parent_id
        while at in rows and at not in line:
            line.append(at)
            parts.append(rows[at].name)
            at = rows[at].parent_id
        above[pk], names[pk] = line, " › ".join(reversed(parts))
        for key in line:
            below[key].add(pk)
    return Tree(names, below, above, {row.pk: row for row in Driver.objects.all()})


def read_counts(
    now: datetime, *, zone: ZoneInfo | None = None, rate: int | None = None, customers: dict[date, int] | None = None
) -> Counts:
    """Enough for every function below, counted by the database. Eight queries, less one for each that is given.

    `customers` are those of the last 14 months.
    """
    today = now.astimezone(zone or desk_zone()).date()
    problems = list(Problem.objects.select_related("owner").order_by("-opened_at", "-pk"))
    counts = Counts(today, read_tree(), problems, rate=costs.loaded_rate() if rate is None else rate)
    _read_sums(counts)
    first = min(first for first, _ in counts.sums)
    counts.customers = active_by_month(first - timedelta(days=31), today) if customers is None else customers
    months = today.replace(day=1) - timedelta(days=31 * MEASURED_MONTHS - 1)
    took = DriverMonth.objects.filter(month__gte=months.replace(day=1)).values("reason_id")
    sums = took.annotate(m=Sum("minutes"), t=Sum("tickets")).values_list("reason_id", "m", "t")
    counts.minutes = {reason: Fraction(minutes, tickets) for reason, minutes, tickets in sums if tickets}
    return counts


def _read_sums(counts: Counts) -> None:
    """A row for each reason, however many days it has. One query."""
    wanted = counts.wanted()
    rows = Figure.objects.filter(
        dimension=Dimension.REASON, on__range=(min(first for first, _ in wanted), counts.today)
    ).values("key")
    sums = {f"days{n}": Sum("contacts", filter=Q(on__range=days), default=0) for n, days in enumerate(wanted)}
    sums["closed"] = Sum("closed", filter=Q(on__range=counts.last_days), default=0)
    counts.sums = {days: {} for days in wanted}
    for key, *found, closed in rows.annotate(**sums).values_list("key", *sums):
        reason = int(key or 0)
        counts.closed[reason] = closed
        for days, number in zip(wanted, found, strict=True):
            counts.sums[days][reason] = number


def unfinished(problems: QuerySet[Problem]) -> QuerySet[Problem]:
    """Those that still need somebody, or a fix that still has to prove itself."""
    return problems.exclude(state=ProblemState.VERIFIED)


def sides(problem: Problem, counts: Counts) -> tuple[Side, Side]:
    """Before and after a problem's fix; before and now where there is none. As judged, once it was."""
    reasons = counts.tree.below.get(problem.driver_id, {problem.driver_id})
    if problem.fixed_on is None or problem.state not in FIXED:
        return counts.earlier(reasons), counts.lately(reasons)
    if problem.judged_at is not None and problem.before is not None and problem.after is not None:
        before = Side(problem.before, BEFORE_DAYS, problem.before_customers)
        return before, Side(problem.after, AFTER_DAYS, problem.after_customers)
    days_before, days_after = counts.days_of_fix(problem.fixed_on)
    if days_before not in counts.sums or days_after not in counts.sums:  # fixed since they were counted
        return counts.earlier(reasons), counts.lately(reasons)
    return counts.side(reasons, days_before), counts.side(reasons, days_after)


def row_of(problem: Problem, counts: Counts) -> ProblemRow:
    """A problem with its numbers."""
    reasons = counts.tree.below.get(problem.driver_id, {problem.driver_id})
    before, after = sides(problem, counts)
    is_over = problem.fixed_on is not None and after_days(problem.fixed_on)[1] < counts.today
    left = effect(before, after) if problem.state in FIXED and is_over else None
    lately, age = counts.lately(reasons).contacts, (counts.today - problem.opened_at.date()).days
    return ProblemRow(
        pk=problem.pk,
        driver=problem.driver_id,
        name=counts.tree.names.get(problem.driver_id, ""),
        title=problem.title,
        owner=problem.owner.shown_name if problem.owner else "",
        state=problem.state,
        state_name=ProblemState(problem.state).label,
        baseline=before.contacts * AFTER_DAYS / before.days,
        now=lately,
        cost_a_month=round(counts.cost(reasons)),
        saved_a_month=problem.saved if problem.state == ProblemState.VERIFIED else None,
        age_days=max(0, age),
        fixed_on=problem.fixed_on if problem.state in FIXED else None,
        fix=problem.fix,
        effect=float(left) if left is not None else None,
        is_overlooked=problem.owner_id is None and lately >= OVERLOOKED_CONTACTS and age >= OVERLOOKED_DAYS,
    )


def table(now: datetime, *, counts: Counts | None = None) -> list[ProblemRow]:
    """Every problem, the unowned first, then the costliest; fixed ones last. At most 200. No query with `counts`."""
    counts = counts or read_counts(now)
    rows = [row_of(problem, counts) for problem in counts.problems[:MOST_PROBLEMS]]
    return sorted(rows, key=lambda row: (row.state in FIXED, bool(row.owner), -row.cost_a_month, row.pk))


def overlooked(now: datetime) -> list[ProblemRow]:
    """Those with 10 contacts a month or more that nobody has taken for 7 days (R64)."""
    return [row for row in table(now) if row.is_overlooked]


def fixes(since: date, *, counts: Counts) -> list[Fix]:
    """What was fixed on or after `since`, oldest first. Nothing is read."""
    found = [
        Fix(
            problem.pk, problem.driver_id, counts.tree.names.get(problem.driver_id, ""), problem.fixed_on, problem.fix,
            _judged(problem), problem.state == ProblemState.VERIFIED,
        )
        for problem in counts.problems
        if problem.fixed_on and problem.fixed_on >= since and problem.state in FIXED
    ]  # fmt: skip
    return sorted(found, key=lambda fix: (fix.on, fix.problem))


def _judged(problem: Problem) -> float | None:
    if problem.before is None or problem.after is None:
        return None
    before = Side(problem.before, BEFORE_DAYS, problem.before_customers)
    left = effect(before, Side(problem.after, AFTER_DAYS, problem.after_customers))
    return float(left) if left is not None else None


def driver_rows(months: list[date], now: datetime, *, counts: Counts | None = None) -> list[DriverRow]:
    """One row for each driver with a contact in `months` (first days, in order), the costliest first (R62).

    Two queries with `counts`.
    """
    bars: dict[int, dict[date, int]] = defaultdict(dict)
    counted = DriverMonth.objects.filter(month__in=months, contacts__gt=0)
    for key, month, contacts in counted.values_list("reason_id", "month", "contacts"):
        bars[key][month] = contacts
    counts = counts or read_counts(now)
    newest = {problem.driver_id: problem for problem in reversed(counts.problems)}
    engineering = _engineering_by_driver(*counts.last_days)
    rows = []
    for key, by_month in bars.items():
        if counts.tree.is_other(key) and not key:
            continue
        about = next((newest[one] for one in [key, *counts.tree.above.get(key, [])] if one in newest), None)
        cost = counts.cost([key]) + Fraction(engineering.get(key, 0) * counts.rate, 60)
        row = _driver_row(key, tuple(by_month.get(month, 0) for month in months), about, counts)
        rows.append(replace(row, cost=round(cost)))
    return _with_shares(rows)


def _driver_row(key: int, contacts: tuple[int, ...], about: Problem | None, counts: Counts) -> DriverRow:
    lately = counts.lately([key])
    is_fixed = about is not None and about.state in FIXED
    if about is not None and is_fixed and about.driver_id == key:
        side = sides(about, counts)[0]
        before = side.contacts * AFTER_DAYS / side.days
    else:
        before = counts.earlier([key]).contacts * AFTER_DAYS / BEFORE_DAYS
    return DriverRow(
        driver=key,
        name=counts.tree.names.get(key, "A removed reason"),
        contacts=contacts,
        minutes=round(counts.minutes_of(key)),
        cost=0,
        share=0.0,
        cumulative=0.0,
        before=before,
        now=lately.contacts,
        problem=about.pk if about else 0,
        owner=about.owner.shown_name if about and about.owner else "",
        state=about.state if about else "",
        fix=about.fix if about and is_fixed else "",
        fixed_on=about.fixed_on if about and is_fixed else None,
        change=lately.contacts / before - 1 if before else None,
        is_unowned=(about is None or about.owner_id is None) and counts.tree.is_preventable(key),
        is_other=counts.tree.is_other(key),
    )


def _with_shares(rows: list[DriverRow]) -> list[DriverRow]:
    """The costliest first, each with its share of all and what those before it cost together with it."""
    total, sofar, found = sum(row.cost for row in rows), 0, []
    for row in sorted(rows, key=lambda row: (-row.cost, -sum(row.contacts), row.name.casefold())):
        sofar += row.cost
        found.append(replace(row, share=row.cost / (total or 1), cumulative=sofar / (total or 1)))
    return found


def _engineering_by_driver(since: date, until: date) -> Mapping[int, int]:
    rows = EngEffort.objects.filter(on__range=(since, until)).values("problem__driver").annotate(sum=Sum("minutes"))
    return dict(rows.values_list("problem__driver", "sum"))


def engineering_minutes(since: date, until: date) -> int:
    """Minutes of engineering noted on problems in these days, both included (R59). One query."""
    return EngEffort.objects.filter(on__range=(since, until)).aggregate(sum=Sum("minutes"))["sum"] or 0


def share_of_other(now: datetime, *, counts: Counts | None = None) -> float | None:
    """Share of the last 28 days' closings whose reason says nothing; None where nothing was closed (R61).

    Open tickets have no reason yet, so closings are counted. No query with `counts`.
    """
    counts = counts or read_counts(now)
    total = sum(counts.closed.values())
    other = sum(number for key, number in counts.closed.items() if counts.tree.is_other(key))
    return other / total if total else None
