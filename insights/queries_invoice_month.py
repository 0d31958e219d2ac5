"""Questions about invoices, month by month: the rate per 1,000 invoices is judged, and the count shown beside it.

A question is a contact whose reason is the branch that an admin chose, or one below it. Invoices are those that got
their number in the month, whatever became of them. Months are cut in the desk's time zone.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from billing.models import Invoice
from insights import months as calendar
from insights.choices import Dimension
from insights.desk import desk_zone
from insights.models import Figure, InvoiceAction, InvoiceMonth, InvoiceRules, IssuedCount
from insights.programme_choices import MonthState
from tickets.models import ContactReason


@dataclass(frozen=True)
class Bar:
    """One month. `month` is its first day; `rate` questions per 1,000 invoices, None without invoices.

    `is_red`: the rate did not fall against the month before, though the count may have. `actions` are the words of
    what was done about it (annotations). Its page: `insights:invoice_month`, by its first day as 2026-05.
    """

    month: date
    invoices: int
    questions: int
    rate: float | None
    is_red: bool
    actions: tuple[str, ...] = ()
    by_reason: dict[str, int] = field(default_factory=dict)


def rules() -> InvoiceRules:
    """Which reasons count, and who looks after it."""
    return InvoiceRules.objects.select_related("branch", "owner").filter(pk=1).first() or InvoiceRules(pk=1)


def branch_reasons(branch: int | None) -> list[int]:
    """A reason and all below it. One query; none without a branch."""
    if branch is None:
        return []
    below: dict[int | None, list[int]] = defaultdict(list)
    for pk, parent in ContactReason.objects.values_list("pk", "parent"):
        below[parent].append(pk)
    found, waiting = [], [branch]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.append(at)
            waiting += below[at]
    return sorted(found)


def rate_of(questions: int, invoices: int) -> float | None:
    """Questions per 1,000 invoices."""
    return questions * 1000 / invoices if invoices else None


def did_not_fall(month: tuple[int, int], before: tuple[int, int]) -> bool:
    """Whether the rate of (questions, invoices) is not below that of the month before: exact, nothing is rounded.

    Without invoices there is no rate to judge, and nothing can fall below none.
    """
    (questions, invoices), (questions_before, invoices_before) = month, before
    if not invoices or not invoices_before or not questions:
        return False
    return questions * invoices_before >= questions_before * invoices


def counted(
    months: Sequence[date], *, zone: ZoneInfo | None = None, below: Mapping[int, Collection[int]] | None = None
) -> dict[date, tuple[int, dict[str, int]]]:
    """Invoices, and questions by the key of their reason, of each of these months. Six queries, less one for the desk's
    `zone` and one for what lies `below` each reason.
    """
    if not months:
        return {}
    first, last = min(months), calendar.shift(max(months), 1)
    invoices = issued_in(months, zone=zone)
    branch = rules().branch_id
    reasons = branch_reasons(branch) if below is None or branch is None else below.get(branch, ())
    keys = [str(pk) for pk in reasons]
    rows = Figure.objects.filter(dimension=Dimension.REASON, key__in=keys, on__gte=first, on__lt=last)
    questions: dict[date, dict[str, int]] = defaultdict(dict)
    for row in rows.values("key", month=TruncMonth("on")).annotate(count=Sum("contacts")).order_by():
        if row["count"]:
            questions[row["month"]][row["key"]] = row["count"]
    return {month: (invoices.get(month, 0), questions.get(month, {})) for month in months}


def issued_in(months: Sequence[date], *, zone: ZoneInfo | None = None) -> dict[date, int]:
    """Invoices of each of these months: what the timer counted once the month was over, anything else from the rows."""
    zone = zone or desk_zone()
    found = {}
    for row in IssuedCount.objects.filter(month__in=months):
        if row.counted_at >= datetime.combine(calendar.shift(row.month, 1), time(), zone):
            found[row.month] = row.invoices
    return found | _issued([month for month in months if month not in found], zone)


def count_issued(months: Sequence[date]) -> dict[date, int]:
    """The same from the rows themselves. Two queries."""
    return _issued(months, desk_zone())


def _issued(months: Sequence[date], zone: ZoneInfo) -> dict[date, int]:
    if not months:
        return {}
    begins, ends = (datetime.combine(day, time(), zone) for day in (min(months), calendar.shift(max(months), 1)))
    issued = Invoice.objects.filter(number__isnull=False, issued_at__gte=begins, issued_at__lt=ends)
    by_month = issued.values(month=TruncMonth("issued_at", tzinfo=zone)).annotate(count=Count("pk")).order_by()
    counts = {row["month"].date(): row["count"] for row in by_month}
    return {month: counts.get(month, 0) for month in months}


def bars(
    months: list[date], *, zone: ZoneInfo | None = None, below: Mapping[int, Collection[int]] | None = None
) -> list[Bar]:
    """One bar for each of `months` (first days, in order), judged against the month before it. A handful of queries.

    A closed month shows what it was closed with; any other is counted now. `zone` and `below` as for `counted`.
    """
    if not months:
        return []
    wanted = [calendar.shift(months[0], -1), *months]
    closed = {
        row.month: (row.invoices, row.by_reason)
        for row in InvoiceMonth.objects.filter(month__in=wanted, state=MonthState.CLOSED)
    }
    still_open = [month for month in wanted if month not in closed]
    found = counted(still_open, zone=zone, below=below) | closed
    said: dict[date, list[str]] = defaultdict(list)
    actions = InvoiceAction.objects.filter(month__month__in=months).order_by("pk")
    for month, words in actions.values_list("month__month", "words"):
        said[month].append(words)
    return [
        _bar(month, found[month], found.get(calendar.shift(month, -1), (0, {})), tuple(said[month])) for month in months
    ]


def _bar(
    month: date, now: tuple[int, dict[str, int]], before: tuple[int, dict[str, int]], actions: tuple[str, ...]
) -> Bar:
    (invoices, by_reason), (invoices_before, reasons_before) = now, before
    questions, questions_before = sum(by_reason.values()), sum(reasons_before.values())
    return Bar(
        month, invoices, questions, rate_of(questions, invoices),
        did_not_fall((questions, invoices), (questions_before, invoices_before)), actions, by_reason,
    )  # fmt: skip


@dataclass(frozen=True)
class ReasonLine:
    """A reason in a month, and in the one before."""

    key: str
    name: str
    now: int
    before: int


def reason_lines(bar: Bar, before: Bar) -> list[ReasonLine]:
    """What was asked, the most frequent first. One query."""
    keys = {*bar.by_reason, *before.by_reason}
    named = {
        str(pk): f"{parent} › {name}" if parent else name
        for pk, name, parent in ContactReason.objects.filter(pk__in=[int(key) for key in keys]).values_list(
            "pk", "name", "parent__name"
        )
    }
    lines = [
        ReasonLine(key, named.get(key, "A removed reason"), bar.by_reason.get(key, 0), before.by_reason.get(key, 0))
        for key in keys
    ]
    return sorted(lines, key=lambda line: (-line.now, -line.before, line.name))


def month_row(month: date) -> InvoiceMonth | None:
    """The reconciliation of a month, where it was opened."""
    return InvoiceMonth.objects.select_related("owner", "closed_by").filter(month=month).first()


def actions_of(row: InvoiceMonth) -> list[InvoiceAction]:
    """What was done about it, in order. One query."""
    return list(row.actions.select_related("owner", "article__space").order_by("pk"))
