"""What pays for a booking: a piece that was bought before, an order placed now, or minutes of the hours ledger.

The order is one of the store's own: priced, numbered, invoiced and mailed by billing, as from a cart with one thing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import Organisation, Person
from billing.actions import cart as carts
from billing.actions import checkout, credit_holds
from billing.actions import hours as ledger
from billing.baskets import hash_of
from billing.choices import InvoiceState, PaymentMethod
from billing.models import Cart, CartLine, Customer, Invoice
from billing.refusals import Refused as BillingRefused
from training.choices import SEATED, Payment
from training.models import Booking, SessionType
from training.pieces import Piece, price_of, quote_for
from training.refusals import CannotBook


@dataclass(frozen=True)
class HowPaid:
    """As the customer wants to pay. `version` is that of the sum they saw; empty where they were shown none."""

    method: PaymentMethod = PaymentMethod.TRANSFER
    ship_to: Mapping[str, str] = field(default_factory=dict)
    po_number: str = ""
    version: str = ""
    invoice_emails: Sequence[str] = ()


def hold_invoices(*, type: SessionType, by: Person, organisation: Organisation | None) -> None:
    """Lock the open invoices that could pay for it, before the customer is: else one could be paid beside a booking
    that reads it as unpaid, and the payment would find no booking."""
    owner = Q(order__customer__organisation=organisation) if organisation else Q(order__customer__person=by)
    rows = Invoice.objects.filter(owner, state=InvoiceState.OPEN, order__lines__product=type.product_id)
    keys = sorted(set(rows.values_list("pk", flat=True))) if type.product_id else []
    if keys:
        list(Invoice.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk").values_list("pk"))


def order(*, type: SessionType, customer: Customer, how: HowPaid, key: str, by: Person, now: datetime) -> Piece:
    """Order one in the store, with its invoice. Raises CannotBook, and StaleQuote of billing with the sum of now."""
    price = price_of(type, customer.currency)
    if price is None:
        raise CannotBook(f"{type.name} is not sold just now. Ask a person.")
    cart = Cart.objects.create(
        key_hash=hash_of(carts.Visitor.new_key()), customer=customer, currency=price.currency, created_at=now,
        updated_at=now,
    )  # fmt: skip
    CartLine.objects.create(cart=cart, price=price, quantity=1, seen_amount=price.amount)
    version = how.version or quote_for(price, customer=customer, ship_to=how.ship_to, now=now).version
    try:
        placed = checkout.place_order(
            cart=cart, key=key, customer=customer, method=how.method, version=version, by=by, now=now,
            ship_to=how.ship_to, po_number=how.po_number, invoice_emails=how.invoice_emails,
        )  # fmt: skip
    except checkout.StaleQuote:
        raise
    except BillingRefused as refusal:
        raise CannotBook(str(refusal)) from refusal
    line = placed.lines.select_related("order__customer", "order__invoice").get()
    return Piece(line, 1, line.order.invoice)


def spend_minutes(*, booking: Booking, type: SessionType, by: Person, now: datetime) -> None:
    """Take a session's minutes from the hours ledger, once. Raises CannotBook where there are fewer."""
    try:
        ledger.spend(
            customer=booking.customer, minutes=type.minutes, key=f"booking:{booking.uid}",
            words=f"{type.name}, booked", by=by, now=now,
        )  # fmt: skip
    except BillingRefused as refusal:
        raise CannotBook(str(refusal)) from refusal


def minutes_back(*, booking: Booking, now: datetime) -> None:
    """Give the minutes of a cancelled booking back, once."""
    if booking.payment == Payment.HOURS:
        ledger.give_spent_back(key=f"booking:{booking.uid}", words="Booking cancelled", now=now)


def withdraw_order(*, booking: Booking, reason: str, now: datetime) -> bool:
    """Take back the order that was placed by booking and is not paid; whether it was. A paid one keeps its piece.

    The caller holds the invoice.
    """
    line = booking.order_line
    if line is None or not booking.made_order:
        return False
    others = Booking.objects.filter(order_line=line, state__in=SEATED).exclude(pk=booking.pk)
    if others.exists():
        return False
    try:
        with transaction.atomic():  # what is refused leaves no order that is cancelled by half
            return credit_holds.take_back(order=line.order, reason=reason, key="", by=None, now=now)
    except BillingRefused:
        return False  # money is on its way for it: it stays, and pays for another time
