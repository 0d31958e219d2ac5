"""What a customer owes on account, and what they may. Reads only; whoever decides by it holds the customer's row."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum

from billing import waits
from billing.choices import (
    RECURRING,
    CreditOrigin,
    CreditRequestState,
    CreditState,
    HoldReason,
    InvoiceState,
    OrderState,
    PaymentMethod,
    ProductKind,
)
from billing.models import CreditRequest, Customer, Invoice, Order, OrderLine, ShipmentHold

# The timer that looks whether something that waits has room now; billing.actions.credit_holds answers it.
FREED = "billing.credit_freed"
OPEN_TO = (CreditState.PROVISIONAL, CreditState.APPROVED)
# Invoices on account. A plan may be paid in another way since; what was issued on account stays so.
ON_ACCOUNT = Q(order__method=PaymentMethod.ON_ACCOUNT) | Q(
    order__isnull=True, snapshot__method=PaymentMethod.ON_ACCOUNT
)


def may_buy_on_account(customer: Customer | None) -> bool:
    """Whether this customer has a limit at all, used up or not."""
    return customer is not None and customer.credit_state in OPEN_TO


def limit_of(customer: Customer) -> int:
    """The limit that they may use, in minor units: none for whoever may not buy on account."""
    return customer.credit_limit if may_buy_on_account(customer) else 0


def method_of_renewal(method: str, customer: Customer, *, has_card: bool) -> PaymentMethod:
    """How a plan that is paid by `method` renews: on account only where its customer may still buy so.

    Else from the card on file, or by an invoice that is paid by transfer.
    """
    if method != PaymentMethod.ON_ACCOUNT or may_buy_on_account(customer):
        return PaymentMethod(method)
    return PaymentMethod.CARD if has_card else PaymentMethod.TRANSFER


def exposure(customer: Customer) -> int:
    """Open invoices that are paid on account, and orders on account that have no invoice yet. Minor units."""
    owed = Invoice.objects.filter(ON_ACCOUNT, customer=OuterRef("pk"), state=InvoiceState.OPEN)
    unbilled = Order.objects.filter(
        customer=OuterRef("pk"), method=PaymentMethod.ON_ACCOUNT, invoice__isnull=True
    ).exclude(state=OrderState.CANCELLED)
    due = Sum(F("total") - F("credited") - F("paid") + F("refunded"))
    row = Customer.objects.filter(pk=customer.pk).values_list(
        Subquery(owed.values("customer").annotate(all=due).values("all")),
        Subquery(unbilled.values("customer").annotate(all=Sum("total")).values("all")),
    )
    return sum(amount or 0 for amount in row[0])


def has_room(customer: Customer, more: int, *, less: int = 0) -> bool:
    """Whether `more` fits beside what is owed already, `less` what is about to be withdrawn of it.

    What costs nothing always does.
    """
    return not more or exposure(customer) - less + more <= customer.credit_limit


@dataclass(frozen=True)
class HeldOrder:
    """An order that waits for the limit, and what is still to be paid for it in minor units.

    `waits_on`: it is held for another reason besides, and will not leave at once. `also`: what else of it waits, and
    what becomes of that once it has room.
    """

    order: Order
    due: int
    waits_on: bool = False
    also: tuple[waits.Waiter, ...] = ()


def held_orders(customer: Customer) -> list[HeldOrder]:
    """What was ordered past the limit and waits, oldest first: a held box, a plan that has not started, or what others
    registered (`waits`). One query.

    What was paid meanwhile, or cancelled, waits no longer.
    """
    holds = ShipmentHold.objects.filter(
        shipment__order=OuterRef("pk"), reason=HoldReason.CREDIT, released_at__isnull=True
    )
    plans = OrderLine.objects.filter(
        order=OuterRef("pk"), product__kind=ProductKind.PLAN, period__in=RECURRING, subscription__isnull=True
    )
    others = {f"waits_{place}": waiter for place, waiter in enumerate(waits.waiters())}
    rows = Order.objects.annotate(**{name: waiter.waits() for name, waiter in others.items()})
    waiting = reduce(or_, (Q(**{name: True}) for name in others), Exists(holds) | Exists(plans))
    rows = rows.filter(
        waiting, customer=customer, method=PaymentMethod.ON_ACCOUNT, state=OrderState.PLACED,
        invoice__state=InvoiceState.OPEN,
    )  # fmt: skip
    reasons = ShipmentHold.objects.filter(shipment__order=OuterRef("pk"), released_at__isnull=True)
    found = rows.annotate(waits_on=Exists(reasons.exclude(reason=HoldReason.CREDIT))).select_related("invoice")
    return [
        HeldOrder(
            one, one.invoice.due, one.waits_on,
            tuple(waiter for name, waiter in others.items() if getattr(one, name)),
        )
        for one in found.order_by("placed_at", "pk")
    ]  # fmt: skip


def fitting(held: Sequence[HeldOrder], *, used: int, limit: int) -> list[HeldOrder]:
    """Those of `held` that a limit has room for, oldest first; `used` is the exposure with all of them.

    One that is too large is passed over, and a smaller one behind it still goes.
    """
    room, found = limit - used + sum(one.due for one in held), []
    for one in held:
        if one.due <= room:
            room -= one.due
            found.append(one)
    return found


def waiting_application(customer: Customer | None) -> CreditRequest | None:
    """The form that this customer sent and nobody has decided about yet."""
    rows = CreditRequest.objects.filter(customer=customer, state=CreditRequestState.OPEN, origin=CreditOrigin.FORM)
    return rows.first() if customer else None
