"""The founder's page as it is drawn: tiles, charts and the tables beside them. The CSV is the table."""

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format

from insights.charts import HALF, Lines, Spark, lines, spark
from insights.overview import Overview
from insights.periods import Period
from insights.queries_invoice_month import Bar
from insights.queries_overview import Month, TeamRow
from insights.queries_problems import DriverRow, Fix, ProblemRow
from insights.queries_reports import Scope
from insights.reports import Number, rows_address
from insights.tiles import tiles
from supportdesk.lib import money

SHOWN_DRIVERS, OFTEN, MOST_OTHERS = 12, 4, 8
ROOM = 16.0


@dataclass(frozen=True)
class MonthLine:
    """A month of the table, with the addresses of its rows."""

    month: Month
    label: str
    is_to_date: bool
    customers_index: float | None
    contacts_index: float | None
    addresses: dict[str, str]

    @property
    def late(self) -> int:
        """First replies after their promise."""
        return self.month.counts["first_promised"] - self.month.counts["first_kept"]


@dataclass(frozen=True)
class End:
    """What stands at the right end of a line."""

    y: float
    words: str


@dataclass(frozen=True)
class TeamLine:
    """A team, its figures as (part, whole) where they are shares."""

    name: str
    sourcing: str
    contacts: int
    closed: int
    again: tuple[int, int]
    kept: tuple[int, int]
    happy: tuple[int, int]
    address: str


@dataclass(frozen=True)
class DriverLine:
    """A reason, with its bars."""

    row: DriverRow
    drawing: Spark
    said: str
    address: str
    is_biggest_left: bool


@dataclass(frozen=True)
class Drawn:
    """Everything that the template needs beside the overview."""

    tiles: list[Number]
    rate: Lines
    rate_words: str
    grown: Lines
    closure: Lines
    lines: list[MonthLine]
    at: MonthLine
    drivers: list[DriverLine]
    others: list[tuple[DriverRow, str]]
    problems: list[ProblemRow]
    teams: list[TeamLine]
    invoices: Spark
    invoice_words: str
    has_invoices: bool
    annotated: list[Bar]
    pins: list[Fix]
    query: str
    rate_ends: list[End]
    grown_ends: list[End]
    closure_ends: list[End]


def drawn(view: Overview) -> Drawn:
    """Arithmetic and words only; nothing is read."""
    labels = [date_format(month.month, "M") for month in view.months]
    shown, table = sorted(view.fixes, key=lambda fix: fix.on), list(_month_lines(view))
    goal = None if view.rules.contact_rate_goal is None else float(view.rules.contact_rate_goal)
    rate = lines(
        [[month.rate for month in view.months]], labels, pins=[_place(view, fix.on) for fix in shown], goal=goal
    )
    whole = [view.index("customers"), view.index("contacts")]
    grown = lines(whole, labels, width=HALF)
    over = view.months[:-1]  # of a month that is not over, what came yesterday is still open
    shares = [*(one.closed_share for one in over), None], [*(one.reopened_share for one in over), None]
    closure = lines(shares, labels, width=HALF)
    return Drawn(
        tiles=tiles(view),
        rate=rate,
        rate_words=_rate_words(view, shown),
        grown=grown,
        closure=closure,
        lines=table,
        at=next(line for line in table if line.month is view.at),
        drivers=_driver_lines(view),
        others=_others(view),
        problems=view.problems[:SHOWN_DRIVERS],
        teams=[_team_line(row, view) for row in view.teams],
        invoices=_invoice_bars(view.invoice_bars),
        invoice_words=_invoice_words(view.invoice_bars),
        has_invoices=any(bar.invoices or bar.questions for bar in view.invoice_bars),
        annotated=[bar for bar in view.invoice_bars if bar.actions][-3:],
        pins=shown,
        query=f"months={len(view.months)}",
        rate_ends=_rate_ends(rate, view, goal),
        grown_ends=_ends(grown, whole, "{:.0f}"),
        closure_ends=_ends(closure, shares, "{:.0f}%"),
    )


def months_table(view: Overview) -> tuple[list[str], list[list[object]]]:
    """Head and a line for each month: what the charts show and what they are made of."""
    head = [
        "month", "active customers", "contacts", "contacts per 100 customers", "customers index", "contacts index",
        "opened", "closed", "opened again", "closed percent", "opened again within 7 days", "opened again percent",
        "closed unanswered", "first replies promised", "first replies in time", "asked", "answered", "happy",
        "said how easy", "easy", "said whether solved", "solved", "support hours", "support cost",
        "cost per contact", "engineering hours", "invoices", "invoice questions", "questions per 1000 invoices",
    ]  # fmt: skip
    bars = {bar.month: bar for bar in view.invoice_bars}
    table = []
    for line in _month_lines(view):
        month, bar = line.month, bars.get(line.month.month)
        counts, entered = month.counts, month.entered
        table.append([
            f"{month.month:%Y-%m}", month.customers, month.contacts, rounded(month.rate, 2),
            rounded(line.customers_index, 1), rounded(line.contacts_index, 1), counts["opened"], counts["closed"],
            counts["reopened"], rounded(month.closed_share, 1), counts["closed_soon"],
            rounded(month.reopened_share, 1), counts["closed_unanswered"], counts["first_promised"],
            counts["first_kept"], month.asked, month.answered, month.happy, month.effort, month.easy,
            month.solved_said, month.solved, month.support_hours, _plain(month.cost, view),
            _plain(month.cost_per_contact, view), float(entered.engineering_hours)
            if entered and entered.engineering_hours is not None else None,
            bar.invoices if bar else None, bar.questions if bar else None, rounded(bar.rate, 1) if bar else None,
        ])  # fmt: skip
    return head, table


def drivers_table(view: Overview) -> tuple[list[str], list[list[object]]]:
    """Head and a line for each reason, the costliest first."""
    head = [
        "reason", *(f"{month.month:%Y-%m}" for month in view.months), "minutes", "cost", "share percent",
        "cumulative percent", "before", "now", "owner", "state", "fix", "fixed on",
    ]  # fmt: skip
    return head, [
        [
            row.name, *row.contacts, row.minutes, _plain(row.cost, view), rounded(100 * row.share, 1),
            rounded(100 * row.cumulative, 1), rounded(row.before, 1), rounded(row.now, 1), row.owner, row.state,
            row.fix, row.fixed_on.isoformat() if row.fixed_on else "",
        ]
        for row in view.drivers
    ]  # fmt: skip


def rounded(value: float | None, digits: int) -> float | None:
    """Half away from zero is not asked for here: what is drawn is approximate, and both say the same."""
    return None if value is None else round(value, digits)


def _plain(cents: int | None, view: Overview) -> str | None:
    return None if cents is None else money.plain(cents, view.rules.currency)


def _place(view: Overview, on: date) -> float:
    # Between the dots: a fix on the 16th of the third month stands halfway to the fourth.
    first = view.months[0].month
    months = (on.year - first.year) * 12 + on.month - first.month
    within = (on.day - 1) / calendar.monthrange(on.year, on.month)[1]
    return min(len(view.months) - 1.0, max(0.0, months + within))


def _month_lines(view: Overview) -> Iterator[MonthLine]:
    customers, contacts = view.index("customers"), view.index("contacts")
    for number, month in enumerate(view.months):
        period = view.period_of(month)
        scope = Scope(period)
        addresses = {
            name: rows_address(name, scope)
            for name in ("contacts", "opened", "closed", "reopened", "closed_soon", "closed_unanswered", "first_late")
        }
        addresses["customers"] = f"{reverse('insights:behind', args=['active'])}?month={month.month:%Y-%m}"
        addresses["said"] = f"{reverse('insights:satisfaction')}?{urlencode(period.address)}"
        yield MonthLine(
            month, date_format(month.month, "M Y"), number == len(view.months) - 1,
            customers[number], contacts[number], addresses,
        )  # fmt: skip


def _rate_ends(drawing: Lines, view: Overview, goal: float | None) -> list[End]:
    ends = _ends(drawing, [[month.rate for month in view.months]], "{:.1f} now")
    if goal is not None and drawing.goal_y is not None:
        ends.append(End(drawing.goal_y, f"goal {goal:g}"))
    return _apart(ends)


def _ends(drawing: Lines, series: Sequence[Sequence[float | None]], words: str) -> list[End]:
    found = []
    for line, values in zip(drawing.lines, series, strict=True):
        last = next((value for value in reversed(values) if value is not None), None)
        if last is not None and line.dots:
            found.append(End(line.dots[-1][1], words.format(last)))
    return _apart(found)


def _apart(ends: list[End]) -> list[End]:
    # Two lines of words never lie on each other.
    found: list[End] = []
    for end in sorted(ends, key=lambda one: one.y):
        found.append(End(max(end.y, found[-1].y + ROOM) if found else end.y, end.words))
    return found


def _invoice_bars(bars: Sequence[Bar]) -> Spark:
    rates = [round(10 * bar.rate) if bar.rate is not None else 0 for bar in bars]
    drawing = spark(rates)
    coloured = [
        (x, y, height, " hot" if bar.is_red else " after")
        for (x, y, height, _), bar in zip(drawing.bars, bars, strict=True)
    ]
    return Spark(drawing.width, coloured, None)


def _invoice_words(bars: Sequence[Bar]) -> str:
    said = [f"{date_format(bar.month, 'M')} {bar.rate:.1f}" for bar in bars if bar.rate is not None]
    return f"Questions per 1,000 invoices: {', '.join(said)}" if said else "No month has invoices yet"


def _team_line(row: TeamRow, view: Overview) -> TeamLine:
    counts = row.counts
    period = Period(view.teams_since, view.lately.until, view.zone)
    address = f"{reverse('insights:reports')}?{urlencode({**period.address, 'team': row.team.pk})}"
    return TeamLine(
        row.team.name, row.team.get_sourcing_display(), counts["contacts"], counts["closed"],
        (counts["closed_soon"], counts["closed"]), (counts["first_kept"], counts["first_promised"]),
        (row.happy, row.answered), address,
    )  # fmt: skip


def _named(view: Overview) -> list[DriverRow]:
    return [row for row in view.drivers if not row.is_other]


def _shown(view: Overview) -> list[DriverRow]:
    """What comes up often enough for a line of its own, the costliest first."""
    return [row for row in _named(view) if row.problem or row.now >= OFTEN or row.before >= OFTEN][:SHOWN_DRIVERS]


def _others(view: Overview) -> list[tuple[DriverRow, str]]:
    """The rest in a sentence, the most frequent first, each with the address of its rows."""
    shown = {row.driver for row in _shown(view)}
    rest = sorted((row for row in view.drivers if row.driver not in shown and row.now), key=lambda row: -row.now)
    return [(row, _lately_of(row, view)) for row in rest[:MOST_OTHERS]]


def _lately_of(row: DriverRow, view: Overview) -> str:
    """Where the contacts of a reason in the last 28 days are listed."""
    return rows_address("contacts", Scope(view.lately), dimension="reason", key=str(row.driver or ""))


def _driver_lines(view: Overview) -> list[DriverLine]:
    named = _shown(view)
    left = next((row.driver for row in named if row.state not in ("fixed", "verified")), 0)
    found = []
    first = view.months[0].month
    for row in named:
        fixed = None
        if row.fixed_on and row.fixed_on >= first:
            fixed = (row.fixed_on.year - first.year) * 12 + row.fixed_on.month - first.month
        words = ", ".join(
            f"{date_format(month.month, 'M')} {count}" for month, count in zip(view.months, row.contacts, strict=True)
        )
        found.append(
            DriverLine(
                row, spark(row.contacts, fixed_before=fixed, is_hot=not row.fix), f"{row.name}: {words}",
                _lately_of(row, view), row.driver == left,
            )
        )  # fmt: skip
    return found


def _rate_words(view: Overview, shown: list[Fix]) -> str:
    known = [month for month in view.months if month.rate is not None]
    if not known:
        return "Nothing is known yet. The table below has every value."
    first, last = known[0].rate or 0, known[-1].rate or 0
    way = "Falls" if last < first else "Rises" if last > first else "Stays the same"
    marks = f" {len(shown)} fixes are marked." if len(shown) > 1 else " One fix is marked." if shown else ""
    return f"{way} from {first:.1f} to {last:.1f}.{marks} The table below has every value."
