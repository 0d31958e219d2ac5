"""What a report shows: sums of counted days, medians of facts, and the rows behind a number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum

from accounts.models import Person
from insights.choices import Dimension, TurnKind
from insights.figures import COUNTED, Figure
from insights.models import Figure as DayFigure
from insights.models import Turn
from insights.models.facts import DRAWS
from insights.periods import Period
from tickets.choices import Channel
from tickets.models import ContactReason, Team

# Medians of more facts than this are those of a fair sample: at 10,000 the true rank lies within one in a hundred.
EXACT_UP_TO = 10_000
PAGE = 50
MOST_ROWS = 200

Counts = dict[str, int]


@dataclass(frozen=True)
class Times:
    """How long something took, in seconds: median and 90th percentile, elapsed and in open hours, of `n` facts."""

    n: int = 0
    median: float | None = None
    ninetieth: float | None = None
    open_median: float | None = None
    open_ninetieth: float | None = None
    is_sample: bool = False


@dataclass(frozen=True)
class Scope:
    """What a report is about: a period, perhaps one team."""

    period: Period
    team: int | None = None

    def days(self, period: Period | None = None) -> Q:
        """The counted days."""
        period = period or self.period
        return Q(on__range=(period.since, period.until)) & (Q(team_id=self.team) if self.team else Q())


@dataclass
class Totals:
    """Sums of the period and of the one before, and of each bar of the chart."""

    now: Counts
    before: Counts
    bars: dict[date, Counts] = field(default_factory=dict)


def totals(scope: Scope) -> Totals:
    """Everything that is counted, by day. One query."""
    both = Period(scope.period.previous.since, scope.period.until, scope.period.zone)
    rows = DayFigure.objects.filter(scope.days(both), dimension=Dimension.ALL).values("on").order_by("on")
    found = Totals(dict.fromkeys(COUNTED, 0), dict.fromkeys(COUNTED, 0))
    found.bars = {bucket: dict.fromkeys(COUNTED, 0) for bucket in scope.period.buckets()}
    for row in rows.annotate(**_sums()).values_list("on", *COUNTED):
        on, sums = row[0], dict(zip(COUNTED, row[1:], strict=True))
        into = [found.now, found.bars[scope.period.bucket(on)]] if on >= scope.period.since else [found.before]
        for counts in into:
            for name in COUNTED:
                counts[name] += sums[name]
    return found


def backlog_before(scope: Scope) -> tuple[int, int]:
    """Unsolved tickets when the period began, and when the one before it began. One query."""
    change = F("opened") + F("reopened") - F("closed")
    rows = DayFigure.objects.filter(dimension=Dimension.ALL)
    rows = rows.filter(team_id=scope.team) if scope.team else rows
    starts = (scope.period.since, scope.period.previous.since)
    sums = rows.aggregate(now=Sum(change, filter=Q(on__lt=starts[0])), before=Sum(change, filter=Q(on__lt=starts[1])))
    return sums["now"] or 0, sums["before"] or 0


def broken_down(scope: Scope, dimension: str) -> dict[str, Counts]:
    """Sums of the period by key of a dimension, the busiest first. One query."""
    rows = DayFigure.objects.filter(scope.days(), dimension=dimension).values("key").annotate(**_sums())
    listed = rows.order_by("key").values_list("key", *COUNTED)
    found = {key: dict(zip(COUNTED, sums, strict=True)) for key, *sums in listed}
    by = "answers" if dimension == Dimension.PERSON else "opened"
    order = sorted(found, key=lambda key: (-found[key][by], -found[key]["closed"], key))
    return {key: found[key] for key in order[:MOST_ROWS]}


def first_reply_times(scope: Scope, dimension: str, *, of: int) -> dict[str, Times]:
    """How long customers waited for the first reply, in all ("") and by key. `of` is how many there are. One query."""
    return _times("insights_answer", "waited", "is_first", scope, dimension, of)


def solution_times(scope: Scope, dimension: str, *, of: int) -> dict[str, Times]:
    """How long it took to solve, in all ("") and by key. `of` is how many there are. One query."""
    return _times("insights_turn", "solved_in", "solved_in is not null", scope, dimension, of)


def names_of(dimension: str, keys: Sequence[str]) -> dict[str, str]:
    """What people call the keys of a dimension. One query at most."""
    numbers = [int(key) for key in keys if key.isdigit()]
    if dimension == Dimension.TEAM:
        named = {str(pk): name for pk, name in Team.objects.filter(pk__in=numbers).values_list("pk", "name")}
    elif dimension == Dimension.REASON:
        reasons = ContactReason.objects.select_related("parent").filter(pk__in=numbers)
        named = {str(reason.pk): _path(reason) for reason in reasons}
        named[""] = "No reason chosen"
    elif dimension == Dimension.PERSON:
        named = {str(one.pk): one.shown_name for one in Person.objects.filter(pk__in=numbers).only("name", "email")}
    elif dimension == Dimension.CHANNEL:
        words = dict(Channel.choices)
        named = {key: str(words.get(key, key)).capitalize() if key not in ("sms",) else "SMS" for key in keys}
    else:
        named = {}
    return {key: named.get(key, _GONE.get(Dimension(dimension), key)) for key in keys}


_GONE = {
    Dimension.TEAM: "A removed team",
    Dimension.PERSON: "Somebody removed",
    Dimension.REASON: "A removed reason",
}


def rows_of(figure: Figure, scope: Scope, *, dimension: str = "", key: str = "") -> QuerySet:
    """The facts that a number counts, newest first. Page them by key; see `after`."""
    facts: QuerySet = figure.facts._default_manager.filter(**figure.where)
    if scope.team:
        facts = facts.filter(team_id=scope.team)
    if dimension:
        facts = facts.filter(**_where_key(dimension, key))
    if figure.key == "backlog":
        end = scope.period.ends_at
        last = Turn.objects.filter(ticket=OuterRef("ticket"), at__lt=end).order_by("-at", "-pk").values("kind")[:1]
        facts = facts.filter(at__lt=end).annotate(last=Subquery(last)).exclude(last=TurnKind.CLOSED)
    else:
        facts = facts.filter(at__gte=scope.period.begins_at, at__lt=scope.period.ends_at)
    return facts.order_by("-at", "-pk")


def after(facts: QuerySet, place: tuple[Any, int] | None) -> QuerySet:
    """The facts that follow `place`, (at, key) of the last one shown."""
    if place is None:
        return facts
    at, pk = place
    return facts.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk))


def _where_key(dimension: str, key: str) -> dict[str, Any]:
    if dimension == Dimension.TAG:
        return {"tags__contains": [key]}
    if dimension == Dimension.CHANNEL:
        return {"channel": key}
    column = {Dimension.TEAM: "team_id", Dimension.PERSON: "person_id", Dimension.REASON: "reason_id"}[
        Dimension(dimension)
    ]
    return {column: int(key)} if key else {f"{column}__isnull": True}


def _sums() -> dict[str, Sum]:
    return {name: Sum(name) for name in COUNTED}


_KEYS = {
    Dimension.TEAM: "team_id::text",
    Dimension.PERSON: "person_id::text",
    Dimension.CHANNEL: "channel",
    Dimension.REASON: "coalesce(reason_id::text, '')",
    Dimension.TAG: "unnest(tags)",
}

# Percentiles of all, and of each key; `of_all` keeps a ticket with three tags from counting three times in all.
TIMES = """
with facts as (
    select {measure} as waited, {measure}_open as waited_open, tags, person_id, team_id, channel, reason_id
    from {table} where {which} and {measure} is not null and "on" between %(since)s and %(until)s
        and (%(team)s::bigint is null or team_id = %(team)s) and (%(draws)s::int[] is null or draw = any(%(draws)s))
)
select true, '', count(*), {percentiles} from facts
union all
select false, key, count(*), {percentiles}
from (select {key} as key, waited, waited_open from facts) as keyed where key is not null group by key
"""
PERCENTILES = """
    percentile_cont(array[0.5, 0.9]) within group (order by waited),
    percentile_cont(array[0.5, 0.9]) within group (order by waited_open)"""


def _times(table: str, measure: str, which: str, scope: Scope, dimension: str, of: int) -> dict[str, Times]:
    is_sample = of > EXACT_UP_TO
    drawn = list(range(max(1, DRAWS * EXACT_UP_TO // of))) if is_sample else None
    sql = TIMES.format(
        table=table, measure=measure, which=which, key=_KEYS[Dimension(dimension)], percentiles=PERCENTILES
    )
    period = scope.period
    values = {"since": period.since, "until": period.until, "team": scope.team, "draws": drawn}
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for is_all, key, n, elapsed, open_hours in cursor.fetchall():
            if n:
                (median, ninetieth), (open_median, open_ninetieth) = elapsed, open_hours
                found["" if is_all else f"={key}"] = Times(n, median, ninetieth, open_median, open_ninetieth, is_sample)
    return found


def _path(reason: ContactReason) -> str:
    return f"{reason.parent.name}: {reason.name}" if reason.parent else reason.name
