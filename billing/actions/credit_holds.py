"""Orders that wait for the limit: let go when it has room for them, taken back when the answer is no (R27)."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

import timers
from accounts import journal
from accounts.models import Person
from billing import announce, credit, refundable, webhook_payloads
from billing.actions import coupons, credit_note, issue, money_tasks, paid, refund, shipments, subscriptions
from billing.choices import (
    CreditOrigin,
    CreditRequestState,
    HoldReason,
    InvoiceState,
    MoneyTaskKind,
    OrderState,
    PaymentMethod,
)
from billing.credit import HeldOrder
from billing.models import Coupon, CreditRequest, Customer, Invoice, Order
from billing.refundable import Source
from billing.refusals import Refused
from supportdesk.lib import money

KIND = credit.FREED
TRIES = 5


class CannotTakeBack(Refused):
    """The order stands."""


class _MoreCame(Exception):
    """An order joined those that wait while they were being locked."""


def locked_customer(pk: int) -> Customer:
    """The customer, nobody else's until the transaction ends: for whoever touches no invoice that stands already."""
    return Customer.objects.select_for_update(no_key=True).get(pk=pk)


def locked_with_what_waits(pk: int) -> Customer:
    """The customer, with everything that a decision about the limit could touch, locked in everybody's order:
    invoices, customer, boxes, coupons. A payment holds its invoice before it wants the customer, and so do we.

    Which invoices there are is known for certain only once the customer is locked. Where an order came in between, its
    locks are given back and taken anew.
    """
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return _with_what_waits(pk)
        except _MoreCame:
            continue
    return locked_customer(pk)  # orders come by the second: then a circle is possible, and PostgreSQL ends it


def _with_what_waits(pk: int) -> Customer:
    """As above, or _MoreCame."""
    orders = [one.order for one in credit.held_orders(Customer(pk=pk))]
    invoices = Invoice.objects.select_for_update(of=("self",)).filter(order__in=orders)
    list(invoices.order_by("pk"))
    customer = locked_customer(pk)
    if {one.order.pk for one in credit.held_orders(customer)} - {one.pk for one in orders}:
        raise _MoreCame
    for order in orders:
        shipments.locked_of(order)
    used = Coupon.objects.select_for_update(of=("self",), no_key=True).filter(redemptions__order__in=orders)
    list(used.order_by("pk"))
    return customer


def release_fitting(*, customer: Customer, by: Person | None, now: datetime) -> list[HeldOrder]:
    """Let everything go that the customer's limit has room for, oldest first, and say what it was.

    Belongs in a transaction that holds the customer's row.
    """
    if not credit.may_buy_on_account(customer):
        return []
    held = credit.held_orders(customer)
    fits = credit.fitting(held, used=credit.exposure(customer), limit=customer.credit_limit) if held else []
    for one in fits:
        for shipment in shipments.locked_of(one.order):
            shipments.release(shipment=shipment, reason=HoldReason.CREDIT, by=by, now=now)
        subscriptions.start_for_order(order=one.order, now=now)
        for waiter in one.also:
            waiter.let_go(one.order, now)
    return fits


def still_held(customer: Customer, freed: Sequence[HeldOrder]) -> list[HeldOrder]:
    """What waits on, once `freed` was let go in this very transaction: some of that is told to a timer alone."""
    gone = {one.order.pk for one in freed}
    return [one for one in credit.held_orders(customer) if one.order.pk not in gone]


def take_back(*, order: Order, reason: str, key: str, by: Person | None, now: datetime) -> bool:
    """Cancel an order that was not sent: its boxes, its coupon, its plans, its invoice. False when it was paid first.

    With a `key`, money that came for a part of it goes back to where it came from, once for the key; without one, such
    an order stands. Belongs in a transaction; the invoice is locked first, as payments do. Raises CannotTakeBack when
    something of it has left, and CannotVoid.
    """
    invoice = Invoice.objects.select_for_update(of=("self",)).filter(order=order).first()
    order = Order.objects.select_for_update(of=("self",), no_key=True).select_related("customer").get(pk=order.pk)
    if order.state != OrderState.PLACED or (invoice and invoice.state == InvoiceState.PAID and invoice.total):
        return False
    try:
        shipments.cancel_of(order=order, now=now)
    except shipments.CannotMove as refusal:
        raise CannotTakeBack(f"Something of {order.number} has left already.") from refusal
    coupons.give_back(order=order)
    order.state, order.cancelled_at = OrderState.CANCELLED, now
    order.save(update_fields=["state", "cancelled_at"])
    subscriptions.end_for_order(order=order, now=now)
    if invoice and invoice.state == InvoiceState.OPEN:
        _withdraw_invoice(invoice, reason, key, by, now)
    return True


def listen_to_payment(invoice: Invoice, now: datetime) -> None:
    """An invoice on account was paid: its own boxes wait for no limit, and others may have room now."""
    order = invoice.order
    method = order.method if order else invoice.snapshot.get("method", "")
    if method != PaymentMethod.ON_ACCOUNT:
        return
    if order and order.state != OrderState.CANCELLED:
        for shipment in shipments.locked_of(order):
            shipments.release(shipment=shipment, reason=HoldReason.CREDIT, by=None, now=now)
    look_again(customer_id=invoice.customer_id, because=invoice.pk, now=now)


def look_again(*, customer_id: int, because: int, now: datetime) -> None:
    """Have a worker see whether anything that waits has room now. The payment's locks are not ours to wait with."""
    asked = CreditRequest.objects.filter(customer=customer_id, state=CreditRequestState.OPEN)
    if asked.exists() or credit.held_orders(Customer(pk=customer_id)):
        timers.schedule(kind=KIND, subject=customer_id, visit=because, due_at=now)


def settle(*, customer_id: int, now: datetime) -> None:
    """Let go what has room since a debt was paid; a request that only an order made ends with the last of them."""
    customer = locked_with_what_waits(customer_id)
    freed = release_fitting(customer=customer, by=None, now=now)
    ended = None
    if not still_held(customer, freed):
        why = "Nothing waits for the limit any more."
        ended = end_orders_request(customer=customer, why=why, now=now)
    if freed or ended:
        data = {"orders": numbers_of(freed), "ended": ended.number if ended else ""}
        journal.record(by=None, action="billing.credit_freed", subject=customer, data=data, now=now)


def end_orders_request(*, customer: Customer, why: str, now: datetime) -> CreditRequest | None:
    """End the request that an order made, if it is open; the caller holds the customer's row."""
    rows = CreditRequest.objects.select_for_update(of=("self",)).filter(customer=customer, origin=CreditOrigin.ORDER)
    request = rows.filter(state=CreditRequestState.OPEN).first()
    if request:
        request.state, request.decided_at, request.reason = CreditRequestState.WITHDRAWN, now, why
        request.save(update_fields=["state", "decided_at", "reason"])
        data = webhook_payloads.credit_request(request)
        key = f"credit_request:{request.pk}"
        announce.announce(type="credit_request.decided", subject_key=key, data=data, now=now)
    return request


def numbers_of(held: Sequence[HeldOrder]) -> list[str]:
    """`SO-2208`, in order."""
    return [one.order.number for one in held]


def _withdraw_invoice(invoice: Invoice, reason: str, key: str, by: Person | None, now: datetime) -> None:
    """Void it; with money on it or on its way, credit all of it and send back what came."""
    try:
        issue.void(invoice=invoice, by=by, reason=reason, now=now)
    except issue.CannotVoid:
        if not key:
            raise
        credit_note.issue_credit_note(invoice=invoice, reason=reason, key=key, by=by, now=now)
        invoice.refresh_from_db()
        paid.when_withdrawn(invoice, now)
        for source in refundable.sources_of(invoice):
            _send_back(source, reason, f"{key}:{source.payment.pk}", by, now)


def _send_back(source: Source, reason: str, key: str, by: Person | None, now: datetime) -> None:
    """All that is left of one payment: to its card, or by a person where it came by transfer."""
    payment, amount = source.payment, source.amount
    if not source.is_transfer:
        refund.queue(payment=payment, amount=amount, reason=reason, key=key, by=by, not_before=now, now=now)
        return
    shown = money.shown(amount, payment.currency)
    words = f"Send {shown} back by bank transfer ({payment.reference}): its order was cancelled."
    money_tasks.open_task(kind=MoneyTaskKind.TRANSFER_BACK, key=key, words=words, payment=payment, now=now)
