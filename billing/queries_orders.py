"""Orders as their customers see them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Prefetch

from accounts.models import Person
from billing.access import customers_of
from billing.choices import (
    CertificateState,
    CreditRequestState,
    HoldReason,
    InvoiceState,
    OrderState,
    PaymentMethod,
    ProductKind,
    ShipmentState,
)
from billing.models import Certificate, CreditRequest, Invoice, Order, OrderLine, Shipment, ShipmentHold, Subscription
from billing.snapshots import address_lines

A_PAGE = 25
NUMBER_LENGTH = 20


@dataclass(frozen=True)
class Step:
    """Something that happened, is happening, or comes next. `state`: done, now, or empty for later."""

    state: str
    title: str
    words: str = ""
    at: datetime | None = None
    link: str = ""  # the name of the page on which it is done
    link_words: str = "Choose a time"


def order_for(person: Person, number: str) -> Order | None:
    """One of `person`'s own orders, or of an organisation that they belong to."""
    if len(number) > NUMBER_LENGTH or not number.isprintable():
        return None
    rows = Order.objects.filter(customer__in=customers_of(person), number=number)
    return rows.select_related("customer", "invoice", "placed_by", "coupon").first()


def orders_of(person: Person, *, before: str = "") -> tuple[list[Order], str]:
    """A page of orders, the newest first, and where the next page begins; "" on the last."""
    rows = Order.objects.filter(customer__in=customers_of(person)).select_related("invoice")
    place = before if before.isascii() and before.isdigit() and len(before) < 19 else ""
    if place:
        rows = rows.filter(pk__lt=int(place))
    found = list(rows.prefetch_related("lines", "shipments").order_by("-pk")[: A_PAGE + 1])
    return found[:A_PAGE], str(found[A_PAGE - 1].pk) if len(found) > A_PAGE else ""


def page_of(order: Order, *, now: datetime, review: str = "") -> dict:
    """What the page of an order shows beside it: lines, boxes with their open holds, and the steps. Three queries.

    One more where it is held for a limit. `review` says when somebody looks at that next, for its customer.
    """
    open_holds = Prefetch("holds", ShipmentHold.objects.filter(released_at__isnull=True), to_attr="open_holds")
    shipments = list(Shipment.objects.filter(order=order).prefetch_related(open_holds).order_by("number"))
    lines = list(
        OrderLine.objects.filter(order=order).select_related("product__info_article__space").order_by("position")
    )
    invoice = getattr(order, "invoice", None)
    return {
        "lines": lines,
        "shipments": shipments,
        "invoice": invoice,
        "ship_lines": [order.ship_to["name"], *address_lines(order.ship_to)] if shipments and order.ship_to else [],
        "steps": steps_of(order, invoice, lines, shipments, review=review),
        "is_paid": invoice is not None and invoice.state == InvoiceState.PAID,
    }


def steps_of(
    order: Order,
    invoice: Invoice | None,
    lines: Sequence[OrderLine],
    shipments: Sequence[Shipment],
    *,
    review: str = "",
) -> list[Step]:
    """What happened, what happens next and by when."""
    if order.state == OrderState.CANCELLED:
        words = "Nothing is owed and nothing leaves."
        return [
            Step("done", "You ordered", at=order.placed_at),
            Step("done", "It was cancelled", words, order.cancelled_at),
        ]
    is_paid = invoice is not None and invoice.state == InvoiceState.PAID
    kinds = {line.product.kind for line in lines}
    plan = _plan_step(order, is_paid) if ProductKind.PLAN in kinds else None
    waits = any(_waits_for(one, HoldReason.CREDIT) for one in shipments) or (plan is not None and plan.state == "now")
    held = limit = _limit_words(order, review) if waits else ""
    steps = [Step("done", "You ordered", at=order.placed_at), _money_step(order, invoice, is_paid, bool(held))]
    if not held and any(_waits_for(one, HoldReason.TAX) for one in shipments):
        held = _tax_words(order, review, is_paid)
    steps += [step for shipment in shipments for step in _box_steps(shipment, held)]
    if ProductKind.HOURS in kinds:
        steps.append(Step("done" if is_paid else "", "Your hours of help are booked", "The moment it is paid."))
    if ProductKind.SUPPORT in kinds:
        words = "Choose “Use one incident” when you ask us something. Whoever ordered may use them."
        steps.append(Step("done" if is_paid else "", "Your incidents can be used", "" if not is_paid else words))
    if plan:
        steps.append(replace(plan, words=limit) if plan.state == "now" else plan)
    if ProductKind.TRAINING in kinds:
        words = "It is held for you until the invoice is paid." if not is_paid else "It is booked at once."
        steps.append(Step("now" if is_paid else "", "You choose a time for your training", words, link="training:mine"))
    return steps


def _plan_step(order: Order, is_paid: bool) -> Step:
    """A plan on account has started, or waits for the limit; any other starts when it is paid."""
    if is_paid or order.method != PaymentMethod.ON_ACCOUNT:
        return Step("done" if is_paid else "", "Your plan starts", "The moment it is paid.")
    if Subscription.objects.filter(order_line__order=order).exists():
        return Step("done", "Your plan has started")
    return Step("now", "Your plan starts when your credit limit is approved")


def _money_step(order: Order, invoice: Invoice | None, is_paid: bool, is_held: bool) -> Step:
    number = invoice.number if invoice and invoice.number else "the invoice"
    if is_paid and invoice:
        return Step("done", f"Paid, invoice {number}", at=invoice.paid_at)
    due = f"by {invoice.due_on.day} {invoice.due_on:%B %Y}" if invoice and invoice.due_on else "when it suits you"
    words = {
        PaymentMethod.CARD: f"By card, on this page: it takes a minute. Invoice {number} is due {due}.",
        PaymentMethod.TRANSFER: f"Send the sum {due} and give {number} as the reference.",
        PaymentMethod.ON_ACCOUNT: f"On account: invoice {number} is due {due}. "
        + ("Paid before, nothing need wait for the limit." if is_held else "Nothing waits for it."),
    }
    return Step("now", "You pay", words[PaymentMethod(order.method)])


def _reasons(shipment: Shipment) -> set[str]:
    return {hold.reason for hold in shipment.open_holds}  # type: ignore[attr-defined]  # prefetched in page_of


def _waits_for(shipment: Shipment, reason: HoldReason) -> bool:
    return shipment.state != ShipmentState.CANCELLED and reason in _reasons(shipment)


def _limit_words(order: Order, review: str) -> str:
    """When somebody decides about what is held; or, where that is done, what lets it go."""
    if not CreditRequest.objects.filter(customer=order.customer_id, state=CreditRequestState.OPEN).exists():
        return "The order stands. It goes past your limit, so it leaves on the working day on which it is paid."
    when = f"on {review}" if review else "at the next review"
    return f"The order stands. A person decides {when}, and it leaves the same working day."


def _tax_words(order: Order, review: str, is_paid: bool) -> str:
    """When somebody checks the certificate; or, where it was not accepted, what lets the box go."""
    paid = "" if is_paid or order.method == PaymentMethod.ON_ACCOUNT else " and the invoice is paid"
    rows = Certificate.objects.filter(
        customer=order.customer_id, country=order.ship_to.get("country", ""), state=CertificateState.PROVISIONAL,
        region__in=("", order.ship_to.get("region", "")),
    )  # fmt: skip
    if not rows.exists():
        return (
            f"The order stands without tax. It leaves when a certificate for it is approved{paid}: upload another one."
        )
    when = f"on {review}" if review else "at the next review"
    return f"The order stands without tax. A person checks the certificate {when}. It leaves when it is approved{paid}."


def _box_steps(shipment: Shipment, held: str) -> list[Step]:
    reasons = _reasons(shipment)
    if shipment.state == ShipmentState.CANCELLED:
        return [Step("done", "The shipment was cancelled")]
    has_left = shipment.shipped_at is not None
    packed = Step("done" if has_left or not reasons else "now", *_packing_words(shipment, reasons, held))
    left = Step("done" if has_left else "", "It leaves", at=shipment.shipped_at)
    here = Step("done" if shipment.delivered_at else "now" if has_left else "", "It arrives", at=shipment.delivered_at)
    return [packed, left, here]


def _packing_words(shipment: Shipment, reasons: set[str], held: str) -> tuple[str, str]:
    if HoldReason.CREDIT in reasons:
        return "Held until your credit limit is approved", held
    if HoldReason.TAX in reasons:
        return "Held until your tax certificate is approved", held
    if HoldReason.UNPAID in reasons:
        title = "We pack it" if shipment.state == ShipmentState.WAITING else "Packed and waiting"
        return title, "It leaves on the working day on which the invoice is paid."
    if reasons:
        return "Held by us", "A person looks at it and writes to you within one working day."
    if shipment.state == ShipmentState.WAITING:
        return "We pack it", "It leaves within two working days."
    return "Packed", ""


def any_order(number: str) -> Order | None:
    """An order of anybody, for staff."""
    if len(number) > NUMBER_LENGTH or not number.isprintable():
        return None
    return Order.objects.filter(number=number).select_related("customer", "invoice", "placed_by", "coupon").first()
