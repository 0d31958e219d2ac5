"""One of everything that a shop's addresses can name."""

from datetime import date

from accounts.models import Organisation
from billing.actions.issue import apply_payment
from billing.choices import HoldReason, PaymentMethod, Period
from billing.models import Customer, Order, OrderLine, Refund, RefundRequest, Shipment, ShipmentHold, Subscription
from tests.factories.billing import make_plan
from tests.factories.invoices import NOON, make_buyer, make_invoice, make_payment


def make_order(customer: Customer, number: str, **fields) -> Order:
    """An order on account for $120.00, without lines."""
    values = {
        "key": number, "placed_at": NOON, "method": PaymentMethod.ON_ACCOUNT, "currency": "USD", "subtotal": 12_000,
        "total": 12_000,
    }  # fmt: skip
    return Order.objects.create(number=number, customer=customer, **values | fields)


def make_shop(organisation: Organisation) -> dict[str, int]:
    """The numbers of a customer, a plan's product and subscription, an order whose first box is held and whose second
    is ready, an open invoice, a payment of another one, and a refund of it."""
    buyer = make_buyer(organisation=organisation)
    product = make_plan()
    monthly = product.prices.get(period=Period.MONTHLY)
    order = make_order(buyer, "SO-2026-0042")
    OrderLine.objects.create(
        order=order, position=1, product=product, price=monthly, name=product.name, period=Period.MONTHLY, quantity=5,
        unit_amount=2_400, amount=12_000,
    )  # fmt: skip
    box = Shipment.objects.create(order=order, state="held")
    ShipmentHold.objects.create(shipment=box, reason=HoldReason.CREDIT, placed_at=NOON)
    ready = Shipment.objects.create(order=order, number=2, state="ready")
    plan = Subscription.objects.create(
        customer=buyer, product=product, price=monthly, period=Period.MONTHLY, anchor_day=1, started_at=NOON,
        period_starts_on=date(2026, 11, 1), period_ends_on=date(2026, 12, 1),
    )  # fmt: skip
    invoice = make_invoice(customer=buyer, tax=5_000)
    payment = make_payment(invoice=make_invoice(customer=buyer, amount=50_000), provider_id=f"pi_sbx{buyer.pk}")
    apply_payment(payment=payment, now=NOON)
    refund = Refund.objects.create(
        payment=payment, amount=100, currency="USD", reason="Late", key=f"test:{payment.pk}", state="failed",
        not_before=NOON, created_at=NOON,
    )  # fmt: skip
    asked = RefundRequest.objects.create(
        invoice=payment.invoice, origin="customer", key=f"test:{payment.pk}", why="damaged", words="It broke.",
        amount_asked=100, currency="USD", opened_at=NOON,
    )  # fmt: skip
    return {
        "buyer": buyer.pk, "product": product.pk, "order": order.pk, "box": box.pk, "ready": ready.pk, "plan": plan.pk,
        "invoice": invoice.pk, "payment": payment.pk, "refund": refund.pk,
        "refund_request": asked.pk,
    }  # fmt: skip
