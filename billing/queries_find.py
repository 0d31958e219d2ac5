"""What staff find by what a customer reads out: a number, a PO, a parcel, four digits of a card, a name.

Every kind is one query that an index answers and a limit ends, whatever is typed and however much there is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Model, QuerySet

from billing.choices import Series
from billing.models import Card, CreditNote, Customer, Invoice, Order, Payment, Receipt, Shipment

A_KIND = 8
LOOKED_AT = 60  # of what begins with the words, the newest of so many are shown
LONGEST = 60
SHORTEST_PREFIX = 3
SHORTEST_PARCEL = 6
YEARS_BACK = 7
MOST_CUSTOMERS = 200
DOCUMENT = re.compile(r"(INV|SO|CN|RC)[ -]?(?:(20\d\d)[ -]?)?(\d{1,9})?", re.ASCII)
BARE = re.compile(r"(?:(20\d\d)-)?(\d{1,9})", re.ASCII)
LAST_FOUR = re.compile(r"(?:[*•. ]|ENDING|CARD)*(\d{4})", re.ASCII)


@dataclass
class Finds:
    """Rows by kind, the very thing that was named first, then the newest. `named` holds what was named exactly."""

    invoices: list[Invoice] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    notes: list[CreditNote] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    named: set[tuple[str, int]] = field(default_factory=set)

    def __bool__(self) -> bool:
        return any(value for name, value in vars(self).items() if name != "named")

    def is_named(self, row: Model) -> bool:
        """Whether what was typed is exactly this."""
        return (row._meta.model_name or "", row.pk) in self.named


def cleaned(text: str) -> str:
    """What was typed, on one line, in capitals, without what cannot be seen; at most LONGEST characters."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text[: LONGEST * 4])
    return " ".join(plain.split())[:LONGEST].strip().upper()


def find(text: str, *, now: datetime) -> Finds:
    """Everything that `text` may mean, at most A_KIND of each kind. Up to a dozen queries, each bounded."""
    said, finds = cleaned(text), Finds()
    if not said:
        return finds
    finds.invoices = _documents(Invoice.objects.select_related("customer"), Series.INVOICE, said, now, finds)
    finds.orders = _documents(Order.objects.select_related("customer"), Series.ORDER, said, now, finds)
    if said.startswith(Series.CREDIT_NOTE):
        notes = CreditNote.objects.select_related("invoice__customer")
        finds.notes = _documents(notes, Series.CREDIT_NOTE, said, now, finds)
    if said.startswith(Series.RECEIPT):
        receipts = Receipt.objects.select_related("payment__invoice__customer")
        finds.receipts = _documents(receipts, Series.RECEIPT, said, now, finds)
    if not (finds.named or DOCUMENT.fullmatch(said)):
        _by_purchase_order(said, finds)
        finds.shipments = _parcels(said, finds)
        finds.customers = _customers(said)
    if four := LAST_FOUR.fullmatch(said):
        finds.payments, finds.cards = _by_last_four(four[1])
    return finds


def customers_with(kind: str, text: str, *, now: datetime) -> list[Customer]:
    """Whose invoice, order, PO, parcel or card it is; `kind` is invoice, order, po, tracking or card."""
    said = cleaned(text)
    if not said:
        return []
    keys: Iterable[int] = ()
    if kind == "invoice":
        keys = (one.customer_id for one in _documents(Invoice.objects.all(), Series.INVOICE, said, now, Finds()))
    elif kind == "order":
        keys = (one.customer_id for one in _documents(Order.objects.all(), Series.ORDER, said, now, Finds()))
    elif kind == "po":
        finds = Finds()
        _by_purchase_order(said, finds)
        keys = [one.customer_id for one in finds.invoices] + [one.customer_id for one in finds.orders]
    elif kind == "tracking":
        keys = (one.order.customer_id for one in _parcels(said, Finds()))
    elif kind == "card" and (four := LAST_FOUR.fullmatch(said)):
        payments = Payment.objects.filter(last4=four[1]).exclude(last4="").order_by("-pk")
        paid = payments.values_list("invoice__customer_id", flat=True)[:MOST_CUSTOMERS]
        kept = Card.objects.filter(last4=four[1]).order_by("-pk").values_list("customer_id", flat=True)
        keys = [*paid, *kept[:MOST_CUSTOMERS]]
    return list(Customer.objects.filter(pk__in=list(dict.fromkeys(keys))[:MOST_CUSTOMERS]))


def _documents(rows: QuerySet, series: str, said: str, now: datetime, finds: Finds) -> list:
    """Documents of a series by their number: as it stands, with less than that, or as far as it was typed."""
    found = list(rows.filter(number__in=meant(series, said, now)).order_by("-pk")[:A_KIND])
    finds.named |= {(one._meta.model_name or "", one.pk) for one in found}
    if said.startswith(f"{series}-") and len(found) < A_KIND:
        begun = rows.filter(number__startswith=said).exclude(pk__in=[one.pk for one in found])
        found += _newest(begun, A_KIND - len(found))
    return found


def meant(series: str, said: str, now: date) -> list[str]:
    """The numbers that somebody may mean: INV-2026-0042, "inv 42", "2026-42", "42" of this year or one before."""
    if named := DOCUMENT.fullmatch(said):
        if named[1] != series or not named[3]:
            return []
        year, sequence = named[2], named[3]
    elif bare := BARE.fullmatch(said):
        year, sequence = bare[1], bare[2]
    else:
        return []
    years = [int(year)] if year else range(now.year + 1, now.year - YEARS_BACK, -1)
    return [f"{series}-{one}-{int(sequence):04}" for one in years]


def _by_purchase_order(said: str, finds: Finds) -> None:
    """Invoices of this PO number, or of one that begins so; orders that have no invoice yet."""
    if len(said) < SHORTEST_PREFIX:
        return
    invoices = Invoice.objects.select_related("customer").filter(number__isnull=False).exclude(po_number="")
    exact = list(invoices.filter(po_number__iexact=said).order_by("-pk")[:A_KIND])
    finds.named |= {("invoice", one.pk) for one in exact}
    known = {one.pk for one in (*finds.invoices, *exact)}
    begun = invoices.filter(po_number__istartswith=said).exclude(pk__in=known)
    finds.invoices = [*finds.invoices, *(one for one in exact if one not in finds.invoices)]
    finds.invoices = [*finds.invoices, *_newest(begun, A_KIND)][:A_KIND]


def _parcels(said: str, finds: Finds) -> list[Shipment]:
    """Shipments by their tracking number, written with or without its gaps."""
    bare = re.sub(r"[\s-]+", "", said)
    if len(bare) < SHORTEST_PARCEL:
        return []
    rows = Shipment.objects.select_related("order__customer").exclude(tracking_number="")
    exact = list(rows.filter(tracking_number__iexact=bare).order_by("-pk")[:A_KIND])
    finds.named |= {("shipment", one.pk) for one in exact}
    begun = rows.filter(tracking_number__istartswith=bare).exclude(pk__in=[one.pk for one in exact])
    return [*exact, *_newest(begun, A_KIND)][:A_KIND]


def _by_last_four(four: str) -> tuple[list[Payment], list[Card]]:
    """The newest payments and kept cards with these digits: `order_by` is the index's own order."""
    payments = Payment.objects.filter(last4=four).exclude(last4="").select_related("invoice__customer")
    cards = Card.objects.filter(last4=four, removed_at__isnull=True).select_related("customer")
    return list(payments.order_by("-pk")[:A_KIND]), list(cards.order_by("-pk")[:A_KIND])


def _customers(said: str) -> list[Customer]:
    """Customers whose name holds the words; three letters are what the index can look up."""
    if len(said) < SHORTEST_PREFIX or said.isdigit():
        return []
    return _newest(Customer.objects.filter(name__icontains=said), A_KIND)


def _newest(rows: QuerySet, wanted: int) -> list:
    """Of the first LOOKED_AT rows that an index finds, the newest: what begins with "PO" may be every row."""
    keys = sorted(rows.order_by().values_list("pk", flat=True)[:LOOKED_AT], reverse=True)[:wanted]
    return list(rows.filter(pk__in=keys).order_by("-pk")) if keys else []
