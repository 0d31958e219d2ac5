"""Minutes of help beyond what we support, and what they cost: minutes ÷ 60 × the rate of an hour. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from insights import costs
from insights.months import back, month_of, shift
from tickets.models import ScopeTime, TicketScope
from tickets.scope import in_words
from tickets.support_choices import Verdict

MOST_ROWS = 200


@dataclass(frozen=True)
class MonthOutOfScope:
    """A month: minutes of best effort, on what is not supported, and where a lead decided to help all the same."""

    month: date
    best_effort: int
    not_supported: int
    overridden: int
    tickets: int
    rate: int

    @property
    def minutes(self) -> int:
        """All of them."""
        return self.best_effort + self.not_supported + self.overridden

    @property
    def cost(self) -> int:
        """Minor units, rounded to the nearest."""
        return (self.minutes * self.rate + 30) // 60


@dataclass(frozen=True)
class TicketOutOfScope:
    """A ticket of one month and its minutes."""

    ticket: int
    subject: str
    who: str
    about: str
    minutes: int
    cost: int


def months(count: int, now: datetime, zone: ZoneInfo) -> list[MonthOutOfScope]:
    """The newest `count` months, the oldest first. Two queries."""
    shown, rate = back(month_of(now, zone), count), costs.loaded_rate()
    rows = _between(shown[0], shift(shown[-1], 1), zone)
    found = (
        rows.annotate(month=TruncMonth("ended_at", tzinfo=zone))
        .values("month", "verdict", "is_overridden")
        .annotate(sum=Sum("minutes"), count=Count("ticket", distinct=True))
        .order_by()
    )
    sums: dict[tuple[date, str], int] = {}
    for row in found:
        key = (row["month"].date(), "overridden" if row["is_overridden"] else row["verdict"])
        sums[key] = sums.get(key, 0) + row["sum"]
    tickets = dict(
        rows.annotate(month=TruncMonth("ended_at", tzinfo=zone))
        .values_list("month")
        .annotate(count=Count("ticket", distinct=True))
        .order_by()
    )
    counted = {month.date(): number for month, number in tickets.items()}
    return [
        MonthOutOfScope(
            month,
            sums.get((month, Verdict.BEST_EFFORT), 0),
            sums.get((month, Verdict.NONE), 0),
            sums.get((month, "overridden"), 0),
            counted.get(month, 0),
            rate,
        )
        for month in shown
    ]


def tickets_of(month: date, zone: ZoneInfo) -> Sequence[TicketOutOfScope]:
    """The tickets of a month, the dearest first, at most 200. Three queries."""
    rate = costs.loaded_rate()
    rows = (
        _between(month, shift(month, 1), zone)
        .values_list("ticket", "ticket__subject", "ticket__requester__name", "ticket__requester__email")
        .annotate(sum=Sum("minutes"))
        .order_by("-sum", "ticket")[:MOST_ROWS]
    )
    found = list(rows)
    judged = TicketScope.objects.select_related("rule").filter(ticket__in=[row[0] for row in found])
    about = {one.ticket_id: in_words(one.rule) for one in judged if one.rule}
    return [
        TicketOutOfScope(pk, subject, name or email, about.get(pk, ""), minutes, (minutes * rate + 30) // 60)
        for pk, subject, name, email, minutes in found
    ]


def _between(first: date, after: date, zone: ZoneInfo):
    since, until = (datetime.combine(day, time(), tzinfo=zone) for day in (first, after))
    return ScopeTime.objects.filter(ended_at__gte=since, ended_at__lt=until).exclude(verdict=Verdict.FULL)
