"""What happens to an order after it was placed."""

from datetime import datetime

from django.db import transaction

from accounts import journal
from accounts.models import Person
from accounts.permitted import permitted
from billing.actions import coupons, credit_holds, hours, paid, shipments
from billing.choices import HoldReason, HoursReason, InvoiceState, OrderState, PaymentMethod, ShipmentState
from billing.models import HoursEntry, Invoice, Order
from billing.refusals import Refused


class CannotCancel(Refused):
    """The order stands."""


def invoice_paid(*, invoice: Invoice, now: datetime) -> None:
    """An invoice was paid in full: what waited for it goes on. Belongs inside the payment's transaction.

    Called again for the same invoice it changes nothing: holds are released once, and each entry has its key.
    """
    with transaction.atomic():
        order = invoice.order
        if order is not None and order.state != OrderState.CANCELLED:
            for shipment in shipments.locked_of(order):
                shipments.release(shipment=shipment, reason=HoldReason.UNPAID, by=None, now=now)
            _book_hours(order, now)
            coupons.first_order_paid(order=order, now=now)
            shipments.settle(order)


def invoice_given_back(*, invoice: Invoice, now: datetime) -> None:
    """All that was paid for an order went back: hours that nobody used go, bought or given (D4). Run twice, once."""
    order = invoice.order
    if order is None:
        return
    with transaction.atomic():
        coupons.take_gifts_back(order=order, now=now)
        for entry in HoursEntry.objects.filter(key__in=[_key_of(line.pk) for line in order.lines.all()]):
            words = f"Order {order.number} was refunded"
            hours.take_back_unused(entry=entry, words=words, now=now)


@permitted("orders.work")
def cancel(*, order: Order, reason: str, by: Person, now: datetime) -> Order:
    """Take an order back that was neither paid nor sent. Its invoice is withdrawn. Raises CannotCancel."""
    order = Order.objects.select_related("customer").get(pk=order.pk)
    if order.state != OrderState.PLACED:
        raise CannotCancel(f"Order {order.number} is {order.get_state_display().lower()}.")
    if order.shipments.filter(state__in=(ShipmentState.SHIPPED, ShipmentState.DELIVERED)).exists():
        raise CannotCancel("Something of it has left already. Refund it when it comes back.")
    if not reason.strip():
        raise CannotCancel("Say why: the customer may ask.")
    invoice = Invoice.objects.filter(order=order).first()
    if invoice and invoice.state == InvoiceState.PAID and invoice.total:
        raise CannotCancel("It is paid. Refund it instead.")
    if not credit_holds.take_back(order=order, reason=reason.strip(), key="", by=by, now=now):
        raise CannotCancel("It was paid or cancelled a moment ago. Look at it again.")
    order.refresh_from_db()
    if invoice and order.method == PaymentMethod.ON_ACCOUNT:
        credit_holds.look_again(customer_id=order.customer_id, because=invoice.pk, now=now)
    journal.record(by=by, action="billing.cancel_order", subject=order, now=now)
    return order


def listen() -> None:
    """Hear of every invoice that is paid or given back."""
    paid.register(_on_paid)
    paid.register(credit_holds.listen_to_payment)
    paid.register_given_back(_on_given_back)


def _on_paid(invoice: Invoice, now: datetime) -> None:
    invoice_paid(invoice=invoice, now=now)


def _on_given_back(invoice: Invoice, now: datetime) -> None:
    invoice_given_back(invoice=invoice, now=now)


def _book_hours(order: Order, now: datetime) -> None:
    """What was bought of help: it stays until it is used."""
    for line in order.lines.filter(minutes__gt=0).order_by("position"):
        hours.book(
            customer=order.customer,
            minutes=line.minutes * line.quantity,
            reason=HoursReason.PURCHASE,
            key=_key_of(line.pk),
            words=f"{line.quantity} × {line.name}, order {order.number}",
            now=now,
        )


def _key_of(line_pk: int) -> str:
    return f"order-line:{line_pk}"
