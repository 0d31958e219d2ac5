"""The founder's page put together: is support becoming unnecessary? The CSV and the mail hold what the page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from insights import costs, queries_customer_day, queries_invoice_month, queries_problems
from insights import queries_overview as queries
from insights.activity import active_by_month
from insights.models import CostRules, Survey
from insights.months import back, last_day, month_of
from insights.periods import Period
from insights.queries_behind import START_DAYS
from insights.queries_customer_day import LeftOver
from insights.queries_invoice_month import Bar
from insights.queries_overview import Freshness, Month, Review, TeamRow
from insights.queries_problems import DriverRow, Fix, ProblemRow
from tickets.models import Ticket
from tickets.queries_desk import start_of_day

SPANS = {12: "Last 12 months", 24: "Last 24 months", 6: "Last 6 months"}
# A month counts as “now” once half of it is over; until then the one before does.
HALF = 15
YEAR = 12
BREACH_DAYS = timedelta(days=30)
FTE_HOURS = 160  # a month of one person at work


@dataclass(frozen=True)
class Elasticity:
    """How support hours grew beside customers, between two months in which both are known (R56)."""

    value: float
    before: Month
    now: Month

    @property
    def customers_per_person(self) -> int | None:
        """Active customers for each full-time person of support."""
        hours = self.now.support_hours
        return round(self.now.customers * FTE_HOURS / hours) if hours else None


@dataclass(frozen=True)
class Allocation:
    """Hours of engineering that went into problems, of all, in a month (R59)."""

    month: date
    on_problems: float
    of_all: float
    target: int

    @property
    def percent(self) -> float:
        """Hours on problems ÷ all hours."""
        return 100 * self.on_problems / self.of_all


@dataclass(frozen=True)
class Overview:
    """Everything on the page. `months` end with the current one, which is not over; `at` is the one called “now”."""

    now: datetime
    zone: ZoneInfo
    rules: CostRules
    months: list[Month]
    at: Month
    costed: Month | None
    elasticity: Elasticity | None
    allocation: Allocation | None
    drivers: list[DriverRow]
    problems: list[ProblemRow]
    fixes: list[Fix]
    left_over: LeftOver
    invoice_bars: list[Bar]
    comments: list[Survey]
    review: Review
    freshness: Freshness
    teams: list[TeamRow]
    share_of_other: float | None
    breaches: int
    oldest: Ticket | None
    start_minutes: int | None

    @property
    def teams_since(self) -> date:
        """The first day of the table of teams: a report, which its numbers open, is of a year at most."""
        return self.months[-YEAR:][0].month

    @property
    def before(self) -> Month:
        """The first month shown."""
        return self.months[0]

    @property
    def is_to_date(self) -> bool:
        """Whether “now” is a month that is not over."""
        return self.at is self.months[-1]

    @property
    def avoided(self) -> int:
        """Contacts in 28 days that no longer come since their fixes."""
        return round(sum(max(0.0, row.baseline - row.now) for row in self.problems if row.fixed_on))

    @property
    def fixed(self) -> int:
        """How many problems have a fix."""
        return sum(1 for row in self.problems if row.fixed_on)

    @property
    def overlooked(self) -> list[ProblemRow]:
        """What many write about and nobody has taken (R64)."""
        return [row for row in self.problems if row.is_overlooked]

    def period_of(self, month: Month) -> Period:
        """Its days; up to today in the current one."""
        today = self.now.astimezone(self.zone).date()
        return Period(month.month, min(today, last_day(month.month)), self.zone)

    @property
    def lately(self) -> Period:
        """The last 28 days, today included."""
        today = self.now.astimezone(self.zone).date()
        return Period(today - timedelta(days=27), today, self.zone)

    def index(self, name: str) -> list[float | None]:
        """Customers or contacts of each whole month, the first month that has any being 100. None: not over yet."""
        values = [*(getattr(month, name) for month in self.months[:-1]), 0]
        base = next((value for value in values if value), 0)
        return [100 * value / base if base and value else None for value in values]


def overview(*, span: int, now: datetime, zone: ZoneInfo) -> Overview:
    """The page of `span` months up to `now`, cut in `zone`. A fixed number of queries."""
    of, wanted = costs.rules(), back(month_of(now, zone), max(span, YEAR) + 2)
    counted, customers = queries.read_counted(wanted[0], last_day(wanted[-1])), active_by_month(wanted[0], wanted[-1])
    known = queries.months(wanted, of, counted, customers)
    months, wanted, whole = known[-span:], wanted[-span:], known[:-1]
    at = months[-1] if now.astimezone(zone).day >= HALF else months[-2]
    since = wanted[0]
    asked = queries_problems.read_counts(now, zone=zone, rate=of.rate, customers=customers)
    return Overview(
        now=now,
        zone=zone,
        rules=of,
        months=months,
        at=at,
        costed=next((month for month in reversed(whole) if month.cost_per_contact is not None), None),
        elasticity=_elasticity(whole),
        allocation=_allocation(whole, of),
        drivers=queries_problems.driver_rows(wanted, now, counts=asked),
        problems=queries_problems.table(now, counts=asked),
        fixes=queries_problems.fixes(since, counts=asked),
        left_over=queries_customer_day.left_over(now, zone=zone),
        invoice_bars=queries_invoice_month.bars(wanted, zone=zone, below=asked.tree.below),
        comments=queries.comments(),
        review=queries.review(now, zone),
        freshness=queries.freshness(now),
        teams=queries.teams(wanted[-YEAR:][0], counted),
        share_of_other=queries_problems.share_of_other(now, counts=asked),
        breaches=start_of_day.breaches(now - BREACH_DAYS).count(),
        oldest=start_of_day.oldest_waiting(now),
        start_minutes=_start_minutes(),
    )


def _start_minutes() -> int | None:
    taken = [minutes for _, minutes in start_of_day.minutes_of_day(START_DAYS)]
    return round(median(taken)) if taken else None


def _elasticity(whole: Sequence[Month]) -> Elasticity | None:
    known = [month for month in whole[-YEAR - 1 :] if month.support_hours and month.customers]
    if len(known) < 2:
        return None
    before, now = known[0], known[-1]
    hours = (before.support_hours or 0.0, now.support_hours or 0.0)
    value = queries.elasticity((before.customers, now.customers), hours)
    return None if value is None else Elasticity(value, before, now)


def _allocation(whole: Sequence[Month], of: CostRules) -> Allocation | None:
    for month in reversed(whole):
        if month.entered and month.entered.engineering_hours:
            minutes = queries_problems.engineering_minutes(month.month, last_day(month.month))
            return Allocation(month.month, minutes / 60, float(month.entered.engineering_hours), of.engineering_target)
    return None
