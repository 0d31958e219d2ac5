"""Where invoices, orders, boxes, payments and plans stand, in the few words that staff read in a row."""

from dataclasses import dataclass
from datetime import date

from billing import exemptions
from billing.choices import CertificateState, InvoiceState, OrderState, PaymentState, ShipmentState, SubscriptionState
from billing.models import Card, Certificate, Invoice, Order, Payment, Shipment, Subscription
from billing.paper_words import day_words
from supportdesk.lib import money

PAYMENT_TONES = {PaymentState.SUCCEEDED: "ok", PaymentState.FAILED: "bad", PaymentState.CANCELLED: ""}
BOX_TONES = {
    ShipmentState.HELD: "wait", ShipmentState.READY: "info", ShipmentState.SHIPPED: "info",
    ShipmentState.DELIVERED: "ok",
}  # fmt: skip


@dataclass(frozen=True)
class Chip:
    """A state in words, with its tone: ok, wait, bad, info, or none."""

    words: str
    tone: str = ""


def of_invoice(invoice: Invoice, today: date) -> Chip:
    """Overdue, due, paid, refunded, credited, withdrawn."""
    if invoice.state == InvoiceState.VOID:
        return Chip("Withdrawn")
    if invoice.state == InvoiceState.OPEN:
        if invoice.due_on and invoice.due_on < today:
            days = (today - invoice.due_on).days
            return Chip(f"{days} day{'' if days == 1 else 's'} overdue", "bad")
        return Chip(f"Due {invoice.due_on.day} {invoice.due_on:%b %Y}" if invoice.due_on else "Open", "wait")
    if invoice.refunded:
        return Chip("Refunded" if invoice.refunded >= invoice.paid else "Part refunded", "info")
    return Chip("Credited", "info") if invoice.credited and not invoice.paid else Chip("Paid", "ok")


def of_order(order: Order) -> Chip:
    """What stands out: cancelled, held, on its way; else its own state."""
    boxes: list[Shipment] = getattr(order, "boxes", [])
    if order.state != OrderState.CANCELLED:
        if any(box.open_holds for box in boxes):  # type: ignore[attr-defined]  # prefetched by queries_customer
            return Chip("Held", "wait")
        if boxes:
            return of_box(boxes[0])
    return Chip(order.get_state_display(), "ok" if order.state == OrderState.COMPLETED else "")


def of_box(shipment: Shipment) -> Chip:
    """Being packed, held, on its way, delivered."""
    return Chip(shipment.get_state_display(), BOX_TONES.get(ShipmentState(shipment.state), ""))


def of_payment(payment: Payment) -> Chip:
    """Paid, declined, on its way, refunded."""
    if payment.state == PaymentState.SUCCEEDED and payment.refunded:
        return Chip("Refunded" if payment.refunded >= payment.amount else "Part refunded", "info")
    return Chip(payment.get_state_display(), PAYMENT_TONES.get(PaymentState(payment.state), "wait"))


def of_plan(plan: Subscription) -> Chip:
    """Active, payment failed, ends soon, ended."""
    if plan.state == SubscriptionState.PAST_DUE:
        return Chip("Payment failed", "bad")
    if plan.state == SubscriptionState.ENDED:
        return Chip("Ended")
    if plan.is_free:
        return Chip("Free", "info")
    return Chip("Ends at renewal", "wait") if plan.ends_at_renewal else Chip("Active", "ok")


def of_plan_price(plan: Subscription) -> str:
    """`$24.00 monthly`, with what follows at the next renewal where that is something else."""
    if plan.is_free:
        return "free"
    price = plan.price
    words = f"{money.shown(price.amount * plan.quantity, price.currency)} {plan.get_period_display().lower()}"
    if plan.next_price_id and plan.next_price_id != plan.price_id and plan.next_price:
        coming = plan.next_price
        words += f", then {money.shown(coming.amount * plan.quantity, coming.currency)} "
        words += coming.get_period_display().lower()
    return words


def of_card(card: Card) -> str:
    """`Visa credit ending 4242, expires 08/28`."""
    name = " ".join(part for part in (card.brand.title(), card.funding) if part) or "Card"
    until = f", expires {card.exp_month:02}/{card.exp_year % 100:02}" if card.exp_month else ""
    return f"{name} ending {card.last4}{until}"


def of_certificate(certificate: Certificate) -> str:
    """ "no tax in Ohio until 31 December 2027", "no tax in Ohio, being checked" """
    place = exemptions.place_of(certificate.country, certificate.region)
    if certificate.state == CertificateState.PROVISIONAL:
        return f"no tax in {place}, being checked"
    return f"no tax in {place}" + (f" until {day_words(certificate.valid_until)}" if certificate.valid_until else "")
