"""A report put together: tiles, bars, times and a table. What the page shows, the CSV holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format

from insights import queries_reports as queries
from insights.charts import Chart, chart
from insights.figures import FIGURES, MEDIAN
from insights.periods import Period
from insights.queries_reports import Counts, Scope, Times, Totals
from insights.words import duration, percent, share


@dataclass(frozen=True)
class Number:
    """A figure as a page shows it: its words, the address of its rows, and how it stood before."""

    key: str
    name: str
    meaning: str
    shown: str
    address: str = ""
    small: str = ""
    change: str = ""
    mood: str = "flat"


@dataclass(frozen=True)
class Day:
    """A bar of the chart, as its table twin and the CSV have it."""

    label: str
    period: Period
    counts: Counts
    backlog: int
    addresses: dict[str, str]


@dataclass(frozen=True)
class Line:
    """A key of the table: what it did, and how long that took."""

    key: str
    name: str
    counts: Counts
    first: Times
    solved: Times
    addresses: dict[str, str]

    @property
    def first_share(self) -> tuple[int, int]:
        """First replies in time, of those with a promise."""
        return self.counts["first_kept"], self.counts["first_promised"]


@dataclass(frozen=True)
class Report:
    """Everything on the page."""

    scope: Scope
    dimension: str
    tiles: list[Number]
    days: list[Day]
    drawing: Chart
    times: list[dict]
    lines: list[Line]
    is_sample: bool


def report(scope: Scope, dimension: str) -> Report:
    """Nine queries at most, whatever the period holds."""
    totals = queries.totals(scope)
    started, started_before = queries.backlog_before(scope)
    days = list(_days(scope, totals, started))
    first = queries.first_reply_times(scope, dimension, of=totals.now["first_answers"])
    solved = queries.solution_times(scope, dimension, of=totals.now["solved"])
    counts = queries.broken_down(scope, dimension)
    names = queries.names_of(dimension, list(counts))
    lines = [
        Line(
            key, names[key], counts[key], first.get(f"={key}", Times()), solved.get(f"={key}", Times()),
            {name: rows_address(name, scope, dimension=dimension, key=key) for name in _IN_TABLE},
        )
        for key in counts
    ]  # fmt: skip
    all_first, all_solved = first.get("", Times()), solved.get("", Times())
    backlogs = days[-1].backlog, started_before + _growth(totals.before)
    return Report(
        scope=scope,
        dimension=dimension,
        tiles=_tiles(scope, totals, all_first, all_solved, backlogs),
        days=days,
        drawing=chart(
            [day.counts["opened"] for day in days], [day.counts["closed"] for day in days], [day.label for day in days]
        ),
        times=_times(scope, totals.now, all_first, all_solved),
        lines=lines,
        is_sample=all_first.is_sample or all_solved.is_sample,
    )


def rows_address(figure: str, scope: Scope, *, dimension: str = "", key: str = "") -> str:
    """Where the rows of a number are listed."""
    asked = {"figure": figure, **scope.period.address}
    if scope.team:
        asked["team"] = str(scope.team)
    if dimension:
        asked |= {"by": dimension, "key": key}
    return f"{reverse('insights:rows')}?{urlencode(asked)}"


_IN_TABLE = ("opened", "closed", "reopened", "answers", "first_answers", "first_late", "solved")
_IN_DAYS = ("opened", "closed", "reopened", "answers", "backlog")


def _days(scope: Scope, totals: Totals, backlog: int) -> Iterator[Day]:
    for first, counts in totals.bars.items():
        period = scope.period.bucket_period(first)
        backlog += _growth(counts)
        label = date_format(first, "j M") if scope.period.step == "day" else f"{date_format(first, 'j M')}–"
        part = Scope(period, scope.team)
        yield Day(label.rstrip("–"), period, counts, backlog, {name: rows_address(name, part) for name in _IN_DAYS})


def _growth(counts: Counts) -> int:
    return counts["opened"] + counts["reopened"] - counts["closed"]


def _tiles(scope: Scope, totals: Totals, first: Times, solved: Times, backlogs: tuple[int, int]) -> list[Number]:
    now, before = totals.now, totals.before
    again = now["closed_soon"], now["closed"]
    again_before = before["closed_soon"], before["closed"]
    in_time, in_time_before = _kept(now, "first"), _kept(before, "first")
    return [
        _count("opened", now["opened"], before["opened"], scope),
        _count("closed", now["closed"], before["closed"], scope),
        _count("backlog", backlogs[0], backlogs[1], scope, better="less"),
        _part("closed_soon", again, again_before, scope, better="less"),
        Number(
            "first_answers", "First reply, median", f"{FIGURES['first_answers'].meaning} {MEDIAN}",
            duration(first.open_median), rows_address("first_answers", scope), "",
            f"Open hours; {duration(first.median)} elapsed" if first.n else "",
        ),
        _part("first_kept", in_time, in_time_before, scope, better="more"),
        Number(
            "solved", "Solution, median", f"{FIGURES['solved'].meaning} {MEDIAN}",
            duration(solved.open_median), rows_address("solved", scope), "",
            f"Open hours; {duration(solved.median)} elapsed" if solved.n else "",
        ),
        _count("contacts", now["contacts"], before["contacts"], scope, better="less"),
    ]  # fmt: skip


def _count(key: str, now: int, before: int, scope: Scope, *, better: str = "") -> Number:
    figure = FIGURES[key]
    change, mood = _change(now, before, better) if before else ("Nothing to compare with", "flat")
    return Number(key, figure.name, figure.meaning, f"{now:,}", rows_address(key, scope), "", change, mood)


def _part(key: str, now: tuple[int, int], before: tuple[int, int], scope: Scope, *, better: str) -> Number:
    figure = FIGURES[key]
    if not now[1] or not before[1]:
        change, mood = ("Nothing to compare with", "flat") if now[1] else ("", "flat")
    else:
        change, mood = _change(percent(*now), percent(*before), better, unit="%")
    small = f"{now[0]:,} of {now[1]:,}" if now[1] else ""
    return Number(key, figure.name, figure.meaning, share(now), rows_address(key, scope), small, change, mood)


def _change(now: int, before: int, better: str, unit: str = "") -> tuple[str, str]:
    if now == before:
        return f"The same as before: {before:,}{unit}", "flat"
    way = "Up" if now > before else "Down"
    is_better = (better == "more") == (now > before)
    return f"{way} from {before:,}{unit}", ("" if is_better else "worse") if better else "flat"


def _kept(counts: Counts, which: str) -> tuple[int, int]:
    return counts[f"{which}_kept"], counts[f"{which}_promised"]


def _times(scope: Scope, counts: Counts, first: Times, solved: Times) -> list[dict]:
    rows = (("first_answers", "First reply", first, "first"), ("solved", "Solution", solved, "solved"))
    found = [
        {
            "name": name, "times": times, "meaning": FIGURES[key].meaning, "n": counts[key],
            "address": rows_address(key, scope), "kept": _kept(counts, which),
            "late": counts[f"{which}_promised"] - counts[f"{which}_kept"],
            "late_address": rows_address(f"{which}_late", scope),
        }
        for key, name, times, which in rows
    ]  # fmt: skip
    later = {
        "name": "Next replies", "times": None, "meaning": "Every later reply to a customer who was waiting.",
        "n": counts["answers"] - counts["first_answers"], "address": rows_address("answers", scope),
        "kept": _kept(counts, "next"), "late": counts["next_promised"] - counts["next_kept"],
        "late_address": rows_address("next_late", scope),
    }  # fmt: skip
    return [found[0], later, found[1]]
