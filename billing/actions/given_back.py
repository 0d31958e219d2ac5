"""What ends when all that was paid for an invoice goes back: its plan, and the boxes that have not left."""

from datetime import datetime

from django.db import transaction

from billing.actions import paid, shipments, subscriptions
from billing.choices import OrderState, ShipmentState, SubscriptionState
from billing.models import Customer, Invoice, Order, Payment, Subscription

NOT_LEFT = (ShipmentState.WAITING, ShipmentState.HELD, ShipmentState.READY)


def listen() -> None:
    """Hear of every invoice that is given back."""
    paid.register_given_back(invoice_given_back)


def invoice_given_back(invoice: Invoice, now: datetime) -> None:
    """End the plan whose present period this invoice billed, and cancel what has not left. Run twice, once.

    Belongs in the transaction of the money, which holds the invoice.
    """
    with transaction.atomic():
        if invoice.order_id and invoice.order:
            _stop_boxes(invoice.order, now)
        for pk in plans_of(invoice):
            plan = subscriptions.locked(pk)
            if plan and plan.state != SubscriptionState.ENDED:
                subscriptions.end(subscription=plan, why="refunded", now=now)


def hold_what_follows(invoice: Invoice) -> None:
    """Lock all that giving everything back would touch, in the order in which payments lock it: payments, customer,
    boxes, plans. Call it before the first entry in the journal, which others wait for while they hold these.
    """
    list(Payment.objects.select_for_update(of=("self",)).filter(invoice=invoice).order_by("pk"))
    list(Customer.objects.select_for_update(no_key=True).filter(pk=invoice.customer_id))
    if invoice.order_id and invoice.order:
        shipments.locked_of(invoice.order)
    list(Subscription.objects.select_for_update(of=("self",)).filter(pk__in=plans_of(invoice)).order_by("pk"))


def plans_of(invoice: Invoice) -> list[int]:
    """The keys of the running plans whose present period this invoice billed."""
    rows = Subscription.objects.filter(period_invoice=invoice).exclude(state=SubscriptionState.ENDED)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def plan_names(invoice: Invoice) -> list[str]:
    """What these plans are called."""
    rows = Subscription.objects.filter(period_invoice=invoice).exclude(state=SubscriptionState.ENDED)
    return list(rows.order_by("pk").values_list("product__name", flat=True))


def _stop_boxes(order: Order, now: datetime) -> None:
    boxes = shipments.locked_of(order)
    for box in boxes:
        if box.state in NOT_LEFT:
            shipments.stop(shipment=box, now=now)
    if boxes and all(box.state == ShipmentState.CANCELLED for box in boxes):
        Order.objects.filter(pk=order.pk, state=OrderState.PLACED).update(state=OrderState.CANCELLED, cancelled_at=now)
    else:
        shipments.settle(order)
