"""A shop's two years: customers, orders, parcels, invoices, payments, refused cards and links, by COPY.

Numbers have no gap, sums add up and the counters go on after them, so that the shop works on as if it had been used.
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from accounts.models import Person
from billing import snapshots
from billing.choices import InvoiceState, OrderState, PaymentMethod, PaymentState, Period, Series, ShipmentState
from billing.models import (
    Card,
    Customer,
    Decline,
    Invoice,
    InvoiceLine,
    InvoiceLink,
    NumberSeries,
    Order,
    OrderLine,
    Payment,
    Price,
    Product,
    Receipt,
    Seller,
    Shipment,
    TaxLine,
)
from billing.tokens import digest
from supportdesk.load.tables import NULL, Copy, escape, reserve, value, without_indexes

PERIOD = timedelta(days=730)
AT_ONCE = 5_000
FRESH = timedelta(days=30)
TAX_PPM = 57_500
TABLES = (
    Customer, Card, Order, OrderLine, Shipment, Invoice, InvoiceLine, TaxLine, InvoiceLink, Payment, Receipt, Decline,
)  # fmt: skip


@dataclass
class LoadedShop:
    """What was loaded, and in how many seconds."""

    invoices: int
    customers: int
    open_invoices: int
    seconds: float

    def as_dict(self) -> dict[str, float]:
        """For JSON, with the rate."""
        rate = round(self.invoices / max(self.seconds, 0.1))
        return {**vars(self), "seconds": round(self.seconds, 1), "invoices_a_second": rate}


@dataclass
class _Ware:
    """A product that ships, as lines need it."""

    product: Product
    price: Price


@dataclass
class _Sale:
    """One sale before it is written: what, when, how it ended."""

    customer: int
    lines: list[tuple[_Ware, int]]
    at: datetime
    state: str
    paid_at: datetime | None
    method: str
    po_number: str
    subtotal: int = 0
    tax: int = 0
    shipping: int = 1_800
    total: int = field(init=False)

    def __post_init__(self) -> None:
        self.subtotal = sum(ware.price.amount * quantity for ware, quantity in self.lines)
        self.tax = self.subtotal * TAX_PPM // 1_000_000
        self.total = self.subtotal + self.shipping + self.tax


def token_of(number: int) -> str:
    """The token of the link to the `number`-th loaded invoice, from 0: made up, so that a bench can open it."""
    return f"{number:0>43}"


def load_shop(*, invoices: int, people: Sequence[tuple[int, str]], now: datetime, seed: int = 1) -> LoadedShop:
    """`invoices` sales to `people`, given as (key, name); the oldest first. Needs a seller and goods with prices."""
    began = time.monotonic()
    with transaction.atomic(), without_indexes(*TABLES):
        shop = _Shop(people, now=now, random=Random(seed))  # noqa: S311 - a repeatable load, not a secret
        shop.write(invoices)
    with connection.cursor() as cursor:
        cursor.execute("vacuum (analyze)" if not connection.in_atomic_block else "analyze")
    return LoadedShop(invoices, len(people), shop.open_invoices, time.monotonic() - began)


class _Shop:
    """Writes sales with all their rows."""

    def __init__(self, people: Sequence[tuple[int, str]], *, now: datetime, random: Random) -> None:
        self.now, self.random, self.open_invoices = now, random, 0
        seller = Seller.objects.get(pk=1)
        self.zone, self.seller = ZoneInfo(seller.time_zone), seller
        prices = Price.objects.filter(withdrawn_at=None, period=Period.ONCE, product__kind="goods")
        self.wares = [_Ware(price.product, price) for price in prices.select_related("product").order_by("pk")]
        self.numbers: Counter[tuple[str, int]] = Counter()
        self._copies()
        self.first_customer, self.people = self._customers(people), people

    def _copies(self) -> None:
        self.customers = Copy(Customer, "id", "person_id", "name", "city", "region", "created_at")
        self.cards = Copy(
            Card, "customer_id", "provider_id", "brand", "funding", "last4", "exp_month", "exp_year", "country",
            "is_default", "added_at",
        )  # fmt: skip
        self.orders = Copy(
            Order, "id", "number", "key", "customer_id", "placed_at", "state", "method", "subtotal", "shipping", "tax",
            "total", "po_number",
        )  # fmt: skip
        self.order_lines = Copy(
            OrderLine, "order_id", "position", "product_id", "price_id", "name", "period", "quantity", "unit_amount",
            "amount",
        )  # fmt: skip
        self.boxes = Copy(Shipment, "order_id", "state", "carrier", "tracking_number", "shipped_at", "delivered_at")
        self.invoices = Copy(
            Invoice, "id", "number", "year", "sequence", "customer_id", "order_id", "key", "state", "subtotal",
            "shipping", "tax", "total", "paid", "summary", "po_number", "snapshot", "issued_at", "due_on", "paid_at",
            "voided_at", "created_at",
        )  # fmt: skip
        self.lines = Copy(
            InvoiceLine, "invoice_id", "position", "product_id", "name", "info_label", "info_url", "quantity",
            "unit_amount", "amount",
        )  # fmt: skip
        self.taxes = Copy(TaxLine, "invoice_id", "position", "name", "rate_ppm", "base", "amount")
        self.links = Copy(InvoiceLink, "invoice_id", "email", "token_sha256", "created_at")
        self.payments = Copy(
            Payment, "id", "invoice_id", "method", "amount", "state", "key", "card_words", "last4", "reference",
            "created_at", "finished_at",
        )  # fmt: skip
        self.receipts = Copy(Receipt, "number", "year", "sequence", "payment_id", "snapshot", "issued_at")
        self.declines = Copy(Decline, "payment_id", "at", "code", "decline_code", "outcome_type", "reference")

    def write(self, count: int) -> None:
        """`count` sales, oldest first. Invoices come last: lines of an issued one could not be written any more."""
        keys = {model: reserve(model, max(count * most, 1)) for model, most in ((Order, 1), (Invoice, 1), (Payment, 2))}
        for number in range(count):
            sale = self._sale((number + 1) / count)
            self._write(number, sale, keys[Order] + number, keys[Invoice] + number, keys[Payment] + number * 2)
            if (number + 1) % AT_ONCE == 0 or number + 1 == count:
                self._send()
        self.invoices.send()
        self._go_on()

    def _customers(self, people: Sequence[tuple[int, str]]) -> int:
        first = reserve(Customer, len(people))
        moment = value(self.now - PERIOD)
        for place, (person, name) in enumerate(people):
            key = str(first + place)
            self.customers.add(key, str(person), escape(name), "Columbus", "OH", moment)
            last4 = f"{self.random.randrange(10_000):04}"
            self.cards.add(key, f"pm_load{key}", "visa", "credit", last4, "8", "2029", "US", "t", moment)
        return first

    def _sale(self, place: float) -> _Sale:
        drawn = self.random
        at = self.now - PERIOD * (1 - place) - timedelta(minutes=drawn.randint(1, 30))
        is_fresh = self.now - at < FRESH
        state = InvoiceState.OPEN if drawn.random() < (0.6 if is_fresh else 0.03) else InvoiceState.PAID
        if not is_fresh and drawn.random() < 0.01:
            state = InvoiceState.VOID
        paid_at = min(self.now, at + timedelta(days=drawn.random() * 25)) if state == InvoiceState.PAID else None
        wares = drawn.sample(self.wares, min(len(self.wares), drawn.choice((1, 1, 2))))
        return _Sale(
            customer=drawn.randrange(len(self.people)),
            lines=[(ware, drawn.randint(1, 6)) for ware in wares],
            at=at, state=state, paid_at=paid_at,
            method=PaymentMethod.CARD if drawn.random() < 0.6 else PaymentMethod.TRANSFER,
            po_number=f"45{drawn.randrange(10**8):08}" if drawn.random() < 0.4 else "",
        )  # fmt: skip

    def _write(self, number: int, sale: _Sale, order: int, invoice: int, payment: int) -> None:
        customer, at = str(self.first_customer + sale.customer), value(sale.at)
        name = escape(self.people[sale.customer][1])
        order_number = self._next(Series.ORDER, sale.at)[0]
        self._order(sale, str(order), order_number, customer, at)
        for position, (ware, quantity) in enumerate(sale.lines, 1):
            amount = str(ware.price.amount * quantity)
            label, url = snapshots.more_info(ware.product)
            self.lines.add(
                str(invoice), str(position), str(ware.product.pk), escape(ware.product.name), escape(label), url,
                str(quantity), str(ware.price.amount), amount,
            )  # fmt: skip
        self.taxes.add(str(invoice), "1", "Ohio sales tax", str(TAX_PPM), str(sale.subtotal), str(sale.tax))
        self.open_invoices += sale.state == InvoiceState.OPEN
        self._invoice(sale, str(invoice), str(order), order_number, customer, name)
        self.links.add(str(invoice), f"ap{sale.customer}@load.example", digest(token_of(number)), at)
        self._money(sale, str(invoice), payment)

    def _order(self, sale: _Sale, key: str, number: str, customer: str, at: str) -> None:
        is_over = sale.state == InvoiceState.PAID
        state = OrderState.COMPLETED if is_over else OrderState.PLACED
        self.orders.add(
            key, number, f"load:{key}", customer, at, state.value, sale.method, str(sale.subtotal), str(sale.shipping),
            str(sale.tax), str(sale.total), sale.po_number,
        )  # fmt: skip
        for position, (ware, quantity) in enumerate(sale.lines, 1):
            self.order_lines.add(
                key, str(position), str(ware.product.pk), str(ware.price.pk), escape(ware.product.name),
                Period.ONCE.value, str(quantity), str(ware.price.amount), str(ware.price.amount * quantity),
            )  # fmt: skip
        if is_over and sale.paid_at:
            gone = value(sale.paid_at)
            self.boxes.add(key, ShipmentState.DELIVERED.value, "ups", f"1Z999AA1{int(key):010}", gone, gone)
        else:
            self.boxes.add(key, ShipmentState.WAITING.value, "", "", NULL, NULL)

    def _invoice(self, sale: _Sale, key: str, order: str, order_number: str, customer: str, name: str) -> None:
        number, year, sequence = self._next(Series.INVOICE, sale.at)
        paid = str(sale.total if sale.state == InvoiceState.PAID else 0)
        summary = ", ".join(f"{quantity} × {ware.product.name}" for ware, quantity in sale.lines)
        at, paid_at = value(sale.at), value(sale.paid_at)
        due_on = (sale.at + timedelta(days=30)).date().isoformat()
        self.invoices.add(
            key, number, str(year), str(sequence), customer, order, f"load:{key}", sale.state, str(sale.subtotal),
            str(sale.shipping), str(sale.tax), str(sale.total), paid, escape(summary), sale.po_number,
            self._snapshot(sale, name, order_number), at, due_on, paid_at,
            at if sale.state == InvoiceState.VOID else NULL, at,
        )  # fmt: skip

    def _money(self, sale: _Sale, invoice: str, payment: int) -> None:
        is_card = sale.method == PaymentMethod.CARD
        last4 = f"{self.random.randrange(10_000):04}" if is_card else ""
        words = f"Visa credit ending {last4}" if is_card else ""
        reference = "" if is_card else f"FT{payment:09}"
        amount, tried = str(sale.total), value(sale.at + timedelta(minutes=5))
        if is_card and self.random.random() < 0.1:
            failed = str(payment)
            self.payments.add(
                failed, invoice, sale.method, amount, PaymentState.FAILED.value, f"load:{failed}", words, last4, "",
                tried, tried,
            )  # fmt: skip
            self.declines.add(failed, tried, "card_declined", "do_not_honor", "issuer_declined", "")
        if sale.paid_at:
            paid, at = str(payment + 1), value(sale.paid_at)
            self.payments.add(
                paid, invoice, sale.method, amount, PaymentState.SUCCEEDED.value, f"load:{paid}", words, last4,
                reference, at, at,
            )  # fmt: skip
            number, year, sequence = self._next(Series.RECEIPT, sale.paid_at)
            self.receipts.add(number, str(year), str(sequence), paid, "{}", at)

    def _snapshot(self, sale: _Sale, name: str, order: str) -> str:
        """As `snapshots.of_invoice` writes it; the buyer's name is escaped already."""
        known = {
            "seller": snapshots.of_seller(self.seller), "method": sale.method, "terms": "Due in 30 days",
            "order": order, "ship_to": [], "invoice_note": "", "is_sandbox": True,
            "bank_instructions": self.seller.bank_instructions, "international_fee_note": "",
        }  # fmt: skip
        buyer = {"name": "BUYER", "lines": ["1 School Street", "Columbus, OH 43004", "USA"]}
        return escape(json.dumps({**known, "buyer": buyer})).replace("BUYER", name.replace('"', ""))

    def _next(self, series: Series, at: datetime) -> tuple[str, int, int]:
        year = at.astimezone(self.zone).year
        self.numbers[series.value, year] += 1
        sequence = self.numbers[series.value, year]
        return f"{series.value}-{year}-{sequence:04}", year, sequence

    def _send(self) -> None:
        for rows in (
            self.customers, self.cards, self.orders, self.order_lines, self.boxes, self.lines, self.taxes,
            self.links, self.payments, self.receipts, self.declines,
        ):  # fmt: skip
            rows.send()

    def _go_on(self) -> None:
        """The next document of each series takes the number after the last."""
        for (series, year), last in self.numbers.items():
            NumberSeries.objects.update_or_create(series=series, year=year, defaults={"next_number": last + 1})


def people_to_sell_to(most: int) -> list[tuple[int, str]]:
    """Loaded people who have no role, by key, with their names."""
    rows = Person.objects.filter(grants=None, is_active=True).order_by("pk")
    return list(rows.values_list("pk", "name")[:most])
