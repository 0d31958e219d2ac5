"""What support wants to reach, and how far it is: each figure as the reports count it, of a month."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from accounts.models import Person
from insights import costs, months
from insights.activity import active_customers
from insights.choices import Dimension
from insights.desk import desk_zone
from insights.models import Figure, Goal, Goals, GoalsRead
from insights.periods import Period
from insights.programme_choices import LESS_IS_BETTER, GoalFigure
from insights.queries_invoice_month import bars
from insights.queries_reports import Scope, first_reply_times
from insights.queries_satisfaction import Rated, summary
from knowledgebase.access import named_to
from knowledgebase.markdown import render

ADDRESS = "/insights/goals/"
SHOWN = 12


@dataclass(frozen=True)
class Reached:
    """A goal, what a month brought, and the month before; None: nothing to count. `unit` stands behind the number."""

    figure: GoalFigure
    target: float
    now: float | None
    before: float | None
    n: int

    @property
    def is_reached(self) -> bool | None:
        """Whether the month is where it should be; None while nothing can be said."""
        if self.now is None:
            return None
        return self.now <= self.target if self.less_is_better else self.now >= self.target

    @property
    def less_is_better(self) -> bool:
        """Whether a smaller number is the better one."""
        return self.figure in LESS_IS_BETTER

    @property
    def unit(self) -> str:
        """What the number counts."""
        if self.figure == GoalFigure.FIRST_REPLY:
            return "h"
        return "" if self.figure in (GoalFigure.CONTACT_RATE, GoalFigure.INVOICE_RATE) else "%"


def goals() -> Goals:
    """The text; an empty one where nobody wrote any."""
    return Goals.objects.select_related("article__published", "article__space").filter(pk=1).first() or Goals(pk=1)


def html_of(row: Goals, person: Person) -> str:
    """Safe HTML of what it says: the published text of its article, as far as `person` reads that, else its own."""
    article = named_to(person, row.article)
    if article is not None and article.published is not None and article.archived_at is None:
        return article.published.html
    return render(row.text).html


def has_read(person, row: Goals) -> bool:
    """Whether this person said that they read the version that stands."""
    return GoalsRead.objects.filter(person=person, version=row.version).exists()


def last_month(now: datetime) -> date:
    """The month that is over."""
    return months.shift(months.month_of(now, desk_zone()), -1)


def reached(now: datetime) -> list[Reached]:
    """Every goal with last month's number beside the one before. A handful of queries for each month."""
    wanted = list(Goal.objects.all())
    if not wanted:
        return []
    last = last_month(now)
    this, before = _month(last), _month(months.shift(last, -1))
    order = list(GoalFigure)
    return [
        Reached(figure, float(goal.target), this[figure][0], before[figure][0], this[figure][1])
        for goal in sorted(wanted, key=lambda one: order.index(GoalFigure(one.figure)))
        for figure in (GoalFigure(goal.figure),)
    ]


@dataclass(frozen=True)
class BudgetLine:
    """What support may cost in a month and what it did, in minor units; None: not known."""

    month: date
    budget: int | None
    actual: int | None

    @property
    def over(self) -> int | None:
        """By how much it went over; negative: it stayed below."""
        return None if self.budget is None or self.actual is None else self.actual - self.budget

    @property
    def under(self) -> int | None:
        """By how much it stayed below."""
        return None if self.over is None else -self.over


def budget_lines(now: datetime) -> list[BudgetLine]:
    """The last twelve months, the newest first. Two queries."""
    how = costs.rules()
    wanted = months.back(months.month_of(now, desk_zone()), SHOWN)
    entered = costs.months_entered(wanted[0], wanted[-1])
    return [
        BudgetLine(month, how.budget, costs.cost_of(entered[month], how) if month in entered else None)
        for month in reversed(wanted)
    ]


Number = tuple[float | None, int]


def _month(month: date) -> dict[GoalFigure, Number]:
    """Every figure of a month, and of how many."""
    scope = Scope(Period(month, months.last_day(month), desk_zone()))
    counts = _counts(month)
    rated = summary(scope)
    first = first_reply_times(scope, Dimension.TEAM, of=counts["first_answers"]).get("")
    customers, bar = active_customers(month), bars([month])[0]
    hours = None if first is None or first.open_median is None else first.open_median / 3600
    return {
        GoalFigure.FIRST_REPLY: (hours, counts["first_answers"]),
        GoalFigure.FIRST_IN_TIME: _percent(counts["first_kept"], counts["first_promised"]),
        GoalFigure.CSAT: _share(rated, lambda one: one.happy_share),
        GoalFigure.CES: _share(rated, lambda one: one.easy_share),
        GoalFigure.SOLVED: _share(rated, lambda one: one.solved_share),
        GoalFigure.REOPENED: _percent(counts["closed_soon"], counts["closed"]),
        GoalFigure.UNANSWERED: _percent(counts["closed_unanswered"], counts["closed"]),
        GoalFigure.CONTACT_RATE: _percent(counts["contacts"], customers),
        GoalFigure.INVOICE_RATE: (bar.rate, bar.invoices),
    }


COUNTED = ("contacts", "closed", "closed_soon", "closed_unanswered", "first_answers", "first_promised", "first_kept")


def _counts(month: date) -> dict[str, int]:
    rows = Figure.objects.filter(dimension=Dimension.ALL, on__range=(month, months.last_day(month)))
    sums = rows.aggregate(**{name: Sum(name) for name in COUNTED})
    return {name: sums[name] or 0 for name in COUNTED}


def _percent(part: int, whole: int) -> Number:
    return (part * 100 / whole if whole else None), whole


def _share(rated: Rated, of: Callable[[Rated], tuple[int, int]]) -> Number:
    return _percent(*of(rated))
