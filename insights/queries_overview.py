"""What the founder's page counts, month by month: sums of counted days, answers to surveys, review, wiki, waiting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from insights import costs
from insights.choices import Dimension, SurveyState
from insights.models import CostRules, MonthCost, Survey, SurveyMonth
from insights.models import Figure as DayFigure
from insights.months import last_day
from insights.scales import FEW
from knowledgebase import queries_campaign
from selfservice.choices import DecisionState
from selfservice.models import Decision, ReviewSession
from tickets.models import Team

COLUMNS = (
    "contacts", "opened", "closed", "reopened", "closed_soon", "closed_unanswered", "first_promised", "first_kept"
)  # fmt: skip
SAID = ("asked", "answered", "happy", "easy", "effort", "solved", "solved_said")
REVIEW_DAYS = 30
COMMENTS = 10


@dataclass(frozen=True)
class Month:
    """One month. What is None is not known; shares are derived where they are shown."""

    month: date
    counts: dict[str, int]
    customers: int = 0
    cost: int | None = None
    entered: MonthCost | None = None
    asked: int = 0
    answered: int = 0
    happy: int = 0
    easy: int = 0
    effort: int = 0
    solved: int = 0
    solved_said: int = 0

    @property
    def contacts(self) -> int:
        """Conversations that customers began."""
        return self.counts["contacts"]

    @property
    def rate(self) -> float | None:
        """Contacts per 100 active customers."""
        return 100 * self.contacts / self.customers if self.customers else None

    @property
    def cost_per_contact(self) -> int | None:
        """(Support pay + tools) ÷ contacts, in minor units (R57)."""
        return round(self.cost / self.contacts) if self.cost is not None and self.contacts else None

    @property
    def support_hours(self) -> float | None:
        """As entered."""
        hours = self.entered.support_hours if self.entered else None
        return None if hours is None else float(hours)

    @property
    def response(self) -> tuple[int, int]:
        """Answers of those asked in the month."""
        return min(self.answered, self.asked), self.asked

    @property
    def easy_share(self) -> tuple[int, int]:
        """CES: 5, 6 and 7 of those who said."""
        return self.easy, self.effort

    @property
    def is_few(self) -> bool:
        """Too few answers to say much."""
        return self.answered < FEW

    @property
    def closed_share(self) -> float | None:
        """Closed, of everything that was opened or opened again, in percent."""
        came = self.counts["opened"] + self.counts["reopened"]
        return 100 * self.counts["closed"] / came if came else None

    @property
    def reopened_share(self) -> float | None:
        """Closings after which the ticket was opened again within seven days, in percent."""
        return 100 * self.counts["closed_soon"] / self.counts["closed"] if self.counts["closed"] else None


Sums = dict[tuple[date, int], dict[str, int]]


@dataclass(frozen=True)
class Counted:
    """Counted days, and what customers said, by month and team."""

    days: Sums
    said: Sums

    def of(self, month: date) -> tuple[dict[str, int], dict[str, int]]:
        """A month of all teams."""
        days = _together((sums for (at, _), sums in self.days.items() if at == month), COLUMNS)
        return days, _together((sums for (at, _), sums in self.said.items() if at == month), SAID)


def read_counted(since: date, until: date) -> Counted:
    """The months from `since` to `until`. Two queries."""
    rows = DayFigure.objects.filter(dimension=Dimension.ALL, on__range=(since, until))
    sums = rows.values("team_id", month=TruncMonth("on")).annotate(**{name: Sum(name) for name in COLUMNS}).order_by()
    said = SurveyMonth.objects.filter(month__range=(since, until)).values_list("month", "team_id", *SAID)
    return Counted(
        {(month, team): dict(zip(COLUMNS, found, strict=True))
         for month, team, *found in sums.values_list("month", "team_id", *COLUMNS)},
        {(month, team): dict(zip(SAID, found, strict=True)) for month, team, *found in said},
    )  # fmt: skip


def _together(rows: Iterable[dict[str, int]], names: Sequence[str]) -> dict[str, int]:
    total = dict.fromkeys(names, 0)
    for row in rows:
        for name in names:
            total[name] += row[name]
    return total


def months(wanted: list[date], of: CostRules, counted: Counted, customers: dict[date, int]) -> list[Month]:
    """Every one of `wanted` (first days, in order). One query."""
    entered = costs.months_entered(wanted[0], last_day(wanted[-1]))
    found = []
    for month in wanted:
        days, said = counted.of(month)
        cost = costs.cost_of(entered[month], of) if month in entered else None
        found.append(Month(month, days, customers.get(month, 0), cost, entered.get(month), **said))
    return found


def elasticity(customers: tuple[int, int], hours: tuple[float, float]) -> float | None:
    """%Δ support hours ÷ %Δ customers, each (before, now) (R56). None where nothing grew, or nothing was before."""
    if not customers[0] or not hours[0] or customers[0] == customers[1]:
        return None
    return ((hours[1] - hours[0]) / hours[0]) / ((customers[1] - customers[0]) / customers[0])


def comments(limit: int = COMMENTS) -> list[Survey]:
    """The newest that customers wrote, word for word. One query."""
    rows = Survey.objects.filter(state=SurveyState.ANSWERED).exclude(comment="")
    return list(rows.select_related("ticket__contact_reason").order_by("-answered_at", "-pk")[:limit])


@dataclass(frozen=True)
class Review:
    """The daily review of the last days. Minutes are medians of days on which somebody reviewed."""

    minutes: int | None
    items_a_day: float
    days: int
    decided: int
    undone: int


def review(now: datetime, zone: ZoneInfo) -> Review:
    """How long the daily queue took lately, and what was decided. Two queries."""
    since = now.astimezone(zone).date() - timedelta(days=REVIEW_DAYS)
    worked = ReviewSession.objects.filter(day__gte=since, seconds__gt=0).values("day").annotate(took=Sum("seconds"))
    took = [row["took"] for row in worked]
    made = Decision.objects.filter(decided_at__gte=now - timedelta(days=REVIEW_DAYS)).aggregate(
        decided=Count("pk"), undone=Count("pk", filter=Q(state=DecisionState.UNDONE))
    )
    minutes = round(median(took) / 60) if took else None
    return Review(minutes, made["decided"] / len(took) if took else 0.0, len(took), made["decided"], made["undone"])


@dataclass(frozen=True)
class Freshness:
    """Pages of the wiki that are read every month, and those that are past it."""

    pages: int
    past: int


def freshness(now: datetime) -> Freshness:
    """One query beside the rules."""
    rows = queries_campaign.covered(queries_campaign.rules())
    counted = rows.aggregate(pages=Count("pk"), past=Count("pk", filter=past_reading(now)))
    return Freshness(counted["pages"], counted["past"])


def past_reading(now: datetime) -> Q:
    """Pages that should have been read whole by now, or never were."""
    return Q(verify_due_at__isnull=True) | Q(verify_due_at__lte=now)


@dataclass(frozen=True)
class TeamRow:
    """What a team did in the months, beside how it is staffed (R82)."""

    team: Team
    counts: dict[str, int]
    answered: int
    happy: int


def teams(since: date, counted: Counted) -> list[TeamRow]:
    """Every team with a figure in the months from `since` on, the busiest first. One query."""
    keys = {team for month, team in counted.days if month >= since}
    found = []
    for team in Team.objects.filter(pk__in=keys):
        days = _together(
            (sums for (month, key), sums in counted.days.items() if key == team.pk and month >= since), COLUMNS
        )
        said = _together(
            (sums for (month, key), sums in counted.said.items() if key == team.pk and month >= since), SAID
        )
        found.append(TeamRow(team, days, said["answered"], said["happy"]))
    return sorted(found, key=lambda row: (-row.counts["contacts"], row.team.name))
