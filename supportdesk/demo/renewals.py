"""Teachers who renew their software every year: most of a company's invoices, issued in one run each Monday.

Rows like any other, written a run at a time, numbered in the order of their days between those of the schools; paid by
transfer a fortnight later. The paper of a run is one sheet that stands for all of them.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from accounts.models import Person
from billing import snapshots
from billing.actions.numbering import Number, local_day, next_number
from billing.choices import InvoiceState, PaymentMethod, PaymentState, Period, Series
from billing.models import (
    Customer,
    Document,
    Invoice,
    InvoiceLine,
    NumberSeries,
    Payment,
    Price,
    Product,
    Receipt,
    Seller,
)
from mail.files import store_file
from mail.models import StoredFile
from supportdesk.demo.company import TORONTO
from supportdesk.demo.files import pdf
from supportdesk.demo.trade import COMPANY

WEEK, DAY = timedelta(days=7), timedelta(days=1)
A_WEEK_THEN, A_WEEK_NOW = 15, 21
DISPLAYS = 5
RUNS_UNPAID = 2
NUMBERED = ["number", "year", "sequence", "state", "issued_at", "due_on"]


def renewals(people: Sequence[Person], software: Product, *, since: datetime, until: datetime) -> Iterator[datetime]:
    """The story of a year of Mondays. Nobody's turn comes twice."""
    price = Price.objects.get(product=software, displays=DISPLAYS, period=Period.YEARLY, withdrawn_at=None)
    waiting: deque[list[Invoice]] = deque()
    turn, at = 0, _monday(since)
    while at < until:
        yield at
        part = (at - since) / (until - since)
        count = min(round(A_WEEK_THEN + (A_WEEK_NOW - A_WEEK_THEN) * part), len(people) - turn)
        if len(waiting) == RUNS_UNPAID:
            _pay(waiting.popleft(), at - timedelta(hours=3))
        waiting.append(_issue(people[turn : turn + count], price, at))
        turn, at = turn + count, at + WEEK


def _monday(since: datetime) -> datetime:
    local = since.astimezone(ZoneInfo(TORONTO))
    day = local.date() + DAY * (7 - local.weekday())
    return datetime.combine(day, time(6), local.tzinfo)


@transaction.atomic
def _issue(people: Sequence[Person], price: Price, at: datetime) -> list[Invoice]:
    seller, day = Seller.objects.get(pk=1), local_day(at)
    buyers = Customer.objects.bulk_create(
        Customer(person=person, name=person.name, time_zone=TORONTO, currency=price.currency, created_at=at)
        for person in people
    )
    name = price.product.name
    invoices = Invoice.objects.bulk_create(
        Invoice(
            customer=buyer, key=f"renewal:{buyer.pk}", currency=price.currency, subtotal=price.amount,
            total=price.amount, summary=f"1 × {name}", created_at=at, snapshot=snapshots.of_invoice(
                seller=seller, customer=buyer, method=PaymentMethod.TRANSFER, due_days=seller.due_days, order="",
                ship_to={},
            ),
        )
        for buyer in buyers
    )  # fmt: skip
    label, address = snapshots.more_info(price.product)
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice, position=1, product=price.product, name=name, detail=f"{DISPLAYS} displays",
            info_label=label, info_url=address, period=Period.YEARLY, period_starts_on=day,
            period_ends_on=day + 364 * DAY, unit_amount=price.amount, amount=price.amount,
        )
        for invoice in invoices
    )  # fmt: skip
    for invoice, number in zip(invoices, _numbers(Series.INVOICE, at, len(invoices)), strict=True):
        invoice.number, invoice.year, invoice.sequence = str(number), number.year, number.sequence
        invoice.state, invoice.issued_at, invoice.due_on = InvoiceState.OPEN, at, day + seller.due_days * DAY
    Invoice.objects.bulk_update(invoices, NUMBERED)
    sheet = _sheet("Renewals", name, [str(invoice.number) for invoice in invoices], day, at)
    Document.objects.bulk_create(Document(invoice=invoice, file=sheet, made_at=at) for invoice in invoices)
    return invoices


@transaction.atomic
def _pay(invoices: Sequence[Invoice], at: datetime) -> None:
    payments = Payment.objects.bulk_create(
        Payment(
            invoice=invoice, method=PaymentMethod.TRANSFER, amount=invoice.total, currency=invoice.currency,
            state=PaymentState.SUCCEEDED, key=invoice.key, reference=str(invoice.number), created_at=at, finished_at=at,
        )
        for invoice in invoices
    )  # fmt: skip
    receipts = Receipt.objects.bulk_create(
        Receipt(
            number=str(number), year=number.year, sequence=number.sequence, payment=payment, issued_at=at,
            snapshot=_said(payment),
        )
        for payment, number in zip(payments, _numbers(Series.RECEIPT, at, len(payments)), strict=True)
    )  # fmt: skip
    paid = Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices])
    paid.update(state=InvoiceState.PAID, paid=F("total"), paid_at=at)
    sheet = _sheet("Receipts of renewals", "Paid by transfer", [each.number for each in receipts], local_day(at), at)
    Document.objects.bulk_create(Document(receipt=each, file=sheet, made_at=at) for each in receipts)


def _said(payment: Payment) -> dict:
    """What the receipt says, in the shape of `billing.actions.receipt`."""
    invoice = payment.invoice
    kept = {name: invoice.snapshot[name] for name in ("seller", "buyer", "is_sandbox")}
    return kept | {
        "invoice": invoice.number, "total": invoice.total, "due": 0, "amount": payment.amount,
        "currency": payment.currency, "method": "Bank transfer", "reference": payment.reference,
    }  # fmt: skip


def _numbers(series: Series, at: datetime, count: int) -> list[Number]:
    """The next `count` numbers of a series, in one piece."""
    first = next_number(series=series, on=at)
    NumberSeries.objects.filter(series=series, year=first.year).update(next_number=F("next_number") + count - 1)
    return [Number(first.series, first.year, first.sequence + place) for place in range(count)]


def _sheet(title: str, words: str, numbers: Sequence[str], day: date, at: datetime) -> StoredFile:
    """The paper of a run. No names: it is the paper of each of them."""
    lines = (COMPANY, title, f"{day.day} {day:%B %Y}", "", words, f"{numbers[0]} to {numbers[-1]}")
    return store_file(content=pdf(*lines), content_type="application/pdf", now=at)
