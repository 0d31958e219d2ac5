"""Reads over many invoices: lists, aging, statements, receipts. Every list is walked by key and counts nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, Sum, Value
from django.db.models.functions import Greatest

from billing import queries_find
from billing.choices import InvoiceState, PaymentState, RefundState, Series
from billing.models import (
    CreditNote,
    Customer,
    Dispute,
    Invoice,
    Order,
    Payment,
    Receipt,
    Refund,
    RefundRequest,
)

PAGE = 50
BUCKETS = (
    ("current", "Not due yet"),
    ("30", "1 to 30 days"),
    ("60", "31 to 60 days"),
    ("90", "61 to 90 days"),
    ("old", "Over 90 days"),
)
MOST_CUSTOMERS = 500
STATES = {"open": "Open", "overdue": "Overdue", "paid": "Paid", "void": "Withdrawn"}


@dataclass(frozen=True)
class Wanted:
    """What a list of invoices is narrowed to; empty fields narrow nothing. Days are those of the seller's books."""

    words: str = ""
    state: str = ""
    since: date | None = None
    until: date | None = None
    customer: int | None = None


@dataclass(frozen=True)
class Page:
    """Some rows, and the number from which the next page goes on; "" on the last."""

    rows: list[Invoice]
    after: str


def find(invoices: QuerySet[Invoice], wanted: Wanted, *, today: date, zone: ZoneInfo, after: str = "") -> Page:
    """Those of `invoices` that are wanted, the newest first, a page at a time. Two queries, one without `after`."""
    rows = narrowed(invoices, wanted, today=today, zone=zone)
    last = invoices.filter(number=after).values_list("issued_at", "pk").first() if after and len(after) <= 20 else None
    if last:
        rows = rows.filter(Q(issued_at__lt=last[0]) | Q(issued_at=last[0], pk__lt=last[1]))
    found = list(rows.select_related("customer").order_by("-issued_at", "-pk")[: PAGE + 1])
    return Page(found[:PAGE], found[PAGE - 1].number or "" if len(found) > PAGE else "")


def narrowed(invoices: QuerySet[Invoice], wanted: Wanted, *, today: date, zone: ZoneInfo) -> QuerySet[Invoice]:
    """`invoices` with the filters of `wanted`, in no order."""
    rows = invoices.filter(number__isnull=False)
    if wanted.words:
        rows = rows.filter(_words(wanted.words, today))
    if wanted.state == "overdue":
        rows = rows.filter(state=InvoiceState.OPEN, due_on__lt=today)
    elif wanted.state in STATES:
        rows = rows.filter(state=wanted.state)
    if wanted.since:
        rows = rows.filter(issued_at__gte=datetime.combine(wanted.since, time(), zone))
    if wanted.until:
        rows = rows.filter(issued_at__lt=datetime.combine(wanted.until + timedelta(days=1), time(), zone))
    return rows.filter(customer=wanted.customer) if wanted.customer else rows


def notes(wanted: Wanted, *, today: date, zone: ZoneInfo) -> QuerySet[CreditNote]:
    """The credit notes of those days that belong to such invoices, whenever these were issued, in no order."""
    invoices = narrowed(Invoice.objects.all(), replace(wanted, since=None, until=None), today=today, zone=zone)
    rows = CreditNote.objects.filter(invoice__in=invoices)
    if wanted.since:
        rows = rows.filter(issued_at__gte=datetime.combine(wanted.since, time(), zone))
    if wanted.until:
        rows = rows.filter(issued_at__lt=datetime.combine(wanted.until + timedelta(days=1), time(), zone))
    return rows


def _words(words: str, today: date) -> Q:
    """A number in any spelling; else the beginning of a PO, a part of the customer's name or of what was bought.

    What stands in other tables is looked up first, so that each part is answered by an index of this one. One query.
    """
    said = queries_find.cleaned(words)
    po_number = Q(po_number__istartswith=said) & ~Q(po_number="")
    if queries_find.DOCUMENT.fullmatch(said) or queries_find.BARE.fullmatch(said):
        ordered = Order.objects.filter(number__in=queries_find.meant(Series.ORDER, said, today))
        numbers = queries_find.meant(Series.INVOICE, said, today)
        return Q(number__in=numbers) | Q(order__in=list(ordered.values_list("pk", flat=True))) | po_number
    is_short = len(words) < queries_find.SHORTEST_PREFIX  # an index knows no less than three letters
    named = Customer.objects.filter(**{"name__istartswith" if is_short else "name__icontains": words})
    bought = Q() if is_short else Q(summary__icontains=words)
    known = Q(customer__in=list(named.order_by("pk").values_list("pk", flat=True)[:MOST_CUSTOMERS]))
    return known | po_number | bought


@dataclass
class Aged:
    """What one customer owes in one currency, by how late it is."""

    customer_id: int
    customer: str
    currency: str
    buckets: dict[str, int] = field(default_factory=lambda: dict.fromkeys((key for key, _ in BUCKETS), 0))

    @property
    def total(self) -> int:
        return sum(self.buckets.values())

    @property
    def cells(self) -> list[int]:
        """In the order of BUCKETS."""
        return list(self.buckets.values())

    @property
    def labelled(self) -> list[tuple[str, int]]:
        """Each with its words."""
        return [(label, self.buckets[key]) for key, label in BUCKETS]


def aging(*, today: date, most: int | None = None) -> list[Aged]:
    """What is owed by every customer on `today`, the largest debt first, the first `most` of them. One query."""
    by = ("customer_id", "customer__name", "currency")
    rows = _by_lateness(today, by).order_by(F("in_all").desc(), "customer_id")
    return [
        Aged(row["customer_id"], row["customer__name"], row["currency"], {key: row[f"b_{key}"] for key, _ in BUCKETS})
        for row in (rows if most is None else rows[:most])
    ]


def owed_in_all(*, today: date) -> list[tuple[str, list[int]]]:
    """What everybody together owes, by currency, in the order of BUCKETS. One query, whoever is shown above it."""
    rows = _by_lateness(today, ("currency",)).order_by("currency")
    return [(row["currency"], [row[f"b_{key}"] for key, _ in BUCKETS]) for row in rows]


def _by_lateness(today: date, by: tuple[str, ...]) -> QuerySet[Invoice, dict[str, Any]]:
    """Sums of what is due of open invoices: `b_current` to `b_old`, and `in_all`, for each of `by`."""
    due = Greatest(F("total") - F("credited") - F("paid") + F("refunded"), Value(0))
    ends = [today - timedelta(days=days) for days in (0, 30, 60, 90)]
    late = {
        "b_current": Q(due_on__gte=ends[0]) | Q(due_on__isnull=True),
        "b_30": Q(due_on__lt=ends[0], due_on__gte=ends[1]),
        "b_60": Q(due_on__lt=ends[1], due_on__gte=ends[2]),
        "b_90": Q(due_on__lt=ends[2], due_on__gte=ends[3]),
        "b_old": Q(due_on__lt=ends[3]),
    }
    sums = {name: Sum(due, filter=which, default=Value(0)) for name, which in late.items()}
    return Invoice.objects.filter(state=InvoiceState.OPEN).values(*by).annotate(in_all=Sum(due), **sums)


@dataclass(frozen=True)
class Entry:
    """One line of a statement; what is owed grows by `owed` and falls by `settled`."""

    at: datetime
    words: str
    owed: int
    settled: int
    balance: int = 0
    on: date | None = None  # in the seller's books, once it is shown


@dataclass(frozen=True)
class Statement:
    """What a customer owed, what came in, and what is owed at the end of a period; minor units of `currency`."""

    customer: Customer
    currency: str
    since: date
    until: date
    opening: int
    entries: list[Entry]
    closing: int


def statement(*, customer: Customer, currency: str, since: date, until: date, zone: ZoneInfo) -> Statement:
    """Everything between two days, both included, in the order in which it happened. Six queries.

    Once everything that was decided is sent, it ends with what the invoices say: total, less credit notes and what was
    paid, and what went back on top of that. A refund counts from when its money arrived.
    """
    begins = datetime.combine(since, time(), zone)
    ends = datetime.combine(until + timedelta(days=1), time(), zone)
    entries = sorted(_entries(customer, currency, ends), key=lambda one: (one.at, one.words))
    balance = opening = sum(one.owed - one.settled for one in entries if one.at < begins)
    shown = []
    for one in entries:
        if one.at >= begins:
            balance += one.owed - one.settled
            shown.append(replace(one, balance=balance, on=one.at.astimezone(zone).date()))
    return Statement(customer, currency, since, until, opening, shown, balance)


def _entries(customer: Customer, currency: str, ends: datetime) -> list[Entry]:
    counts = {"invoice__customer": customer, "invoice__currency": currency, "invoice__voided_at__isnull": True}
    invoices = Invoice.objects.filter(
        customer=customer, currency=currency, number__isnull=False, issued_at__lt=ends, voided_at__isnull=True
    )
    notes = CreditNote.objects.filter(**counts, issued_at__lt=ends)
    payments = Payment.objects.filter(**counts, state=PaymentState.SUCCEEDED, receipt__issued_at__lt=ends)
    found = [Entry(one.issued_at, f"Invoice {one.number}", one.total, 0) for one in invoices if one.issued_at]
    found += [Entry(one.issued_at, f"Credit note {one.number}", 0, one.total) for one in notes]
    for paid in payments.select_related("receipt", "invoice"):
        words = f"Payment {paid.receipt.number} for {paid.invoice.number}"
        found.append(Entry(paid.receipt.issued_at, words, 0, paid.amount))
    return [*found, *_went_back(counts, ends)]


def _went_back(counts: dict[str, Any], ends: datetime) -> Iterator[Entry]:
    """Money that left us again: to cards, by transfers that were decided, and what banks took back for good."""
    of_payment = {f"payment__{name}": one for name, one in counts.items()}
    refunds = Refund.objects.filter(state=RefundState.SUCCEEDED, finished_at__lt=ends, **of_payment)
    for back in refunds.select_related("payment__invoice"):
        if back.finished_at:
            yield Entry(back.finished_at, f"Refund for {back.payment.invoice.number}", back.amount, 0)
    transfers = RefundRequest.objects.filter(**counts, by_transfer__gt=0, decided_at__lt=ends)
    for request in transfers.select_related("invoice"):
        if request.decided_at:
            words = f"Refund by bank transfer for {request.invoice.number}"
            yield Entry(request.decided_at, words, request.by_transfer, 0)
    lost = Dispute.objects.filter(status="lost", closed_at__lt=ends, **of_payment)
    for dispute in lost.select_related("payment__invoice").order_by("closed_at", "pk"):
        if dispute.closed_at:
            words = f"Taken back by the bank for {dispute.payment.invoice.number}"
            yield Entry(dispute.closed_at, words, dispute.taken, 0)


def receipts(*, since: date | None, until: date | None, zone: ZoneInfo, after: str = "") -> tuple[list[Receipt], str]:
    """Receipts, the newest first, a page at a time, and the number from which the next page goes on."""
    rows = Receipt.objects.select_related("payment__invoice__customer")
    if since:
        rows = rows.filter(issued_at__gte=datetime.combine(since, time(), zone))
    if until:
        rows = rows.filter(issued_at__lt=datetime.combine(until + timedelta(days=1), time(), zone))
    last = Receipt.objects.filter(number=after).first() if after and len(after) <= 20 else None
    if last:
        rows = rows.filter(Q(year__lt=last.year) | Q(year=last.year, sequence__lt=last.sequence))
    found = list(rows.order_by("-year", "-sequence")[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].number if len(found) > PAGE else ""
