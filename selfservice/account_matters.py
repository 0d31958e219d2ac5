"""What needs a customer: one thing to do about each, the most urgent first. Reads only, and no query of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.urls import reverse

from billing import declines, paper_words
from billing.actions import cards
from billing.choices import HoldReason, InvoiceState, ShipmentState
from billing.models import Card, Customer, Invoice, Order
from selfservice.account_plans import Plan, Refusal, is_paid_by_card
from supportdesk.lib import money
from training.models import Booking

SOON_EXPIRED_MONTHS = 1
SOON_RENEWED_DAYS = 30
NUMBERS = ("", "once", "twice", "three times", "four times", "five times")


@dataclass(frozen=True)
class Matter:
    """Something that needs the customer: what, why, and the one thing to do about it."""

    icon: str
    title: str
    words: str
    label: str
    address: str
    is_urgent: bool = False


def matters_of(
    customer: Customer,
    due: Sequence[Invoice],
    refusals: Mapping[int, Refusal],
    orders: Sequence[Order],
    plans: Sequence[Plan],
    kept: Sequence[Card],
    today: date,
    *,
    review: str = "",
    trainings: Sequence[Booking] = (),
) -> list[Matter]:
    """Most urgent first: what is refused, what is overdue, what waits, what will fail next.

    `review` is when what is held for the limit is looked at; empty where nobody is about to.
    """
    found = [_refused(one) for one in refusals.values()]
    switches = {plan.subscription.switch_invoice_id: plan for plan in plans if plan.subscription.switch_invoice_id}
    past_due = {plan.subscription.period_invoice_id: plan for plan in plans if plan.subscription.state == "past_due"}
    for invoice in due:
        if invoice.pk in refusals:
            continue
        if invoice.pk in switches:
            found.append(_switch_waits(invoice, switches[invoice.pk]))
        elif invoice.pk in past_due:
            found.append(_unpaid_plan(invoice, past_due[invoice.pk]))
        elif invoice.due_on and invoice.due_on < today:
            found.append(_overdue(invoice))
    found += [matter for order in orders if (matter := _waiting(order, review))]
    found += [_held(booking) for booking in trainings if booking.is_held and not _is_paid(booking)]
    return found + _expiring(customer, kept, plans, today)


def _refused(one: Refusal) -> Matter:
    times = NUMBERS[one.times] if one.times < len(NUMBERS) else f"{one.times} times"
    title = "Your card was declined" + (f" {times}" if one.times > 1 else "")
    address = _page(one.invoice) + "?answer=failed#declined"
    return Matter("card", title, declines.in_short(one.decline), "See why and pay", address, is_urgent=True)


def _switch_waits(invoice: Invoice, plan: Plan) -> Matter:
    name = plan.subscription.product.name
    amount = money.shown(invoice.due, invoice.currency)
    words = f"{invoice.number} over {amount}. Until it is paid everything stays as it is."
    return Matter("refund", f"Your change of {name} waits for its payment", words, "Pay", _page(invoice))


def _unpaid_plan(invoice: Invoice, plan: Plan) -> Matter:
    amount = money.shown(invoice.due, invoice.currency)
    words = f"{amount} for {invoice.number}. {plan.next_words}"
    return Matter("card", f"{plan.subscription.product.name} is not paid", words, "Pay", _page(invoice), is_urgent=True)


def _overdue(invoice: Invoice) -> Matter:
    since = paper_words.day_words(invoice.due_on) if invoice.due_on else ""
    words = f"{money.shown(invoice.due, invoice.currency)} since {since}."
    return Matter("clock", f"{invoice.number} is overdue", words, "Pay", _page(invoice), is_urgent=True)


def _waiting(order: Order, review: str) -> Matter | None:
    """An order whose box waits for its customer, or for us."""
    reasons = {hold.reason for box in order.shown_boxes for hold in box.open_holds}  # type: ignore[attr-defined]  # prefetched
    if not reasons:
        return None
    address = reverse("selfservice:order", args=[order.number])
    invoice = getattr(order, "invoice", None)
    if HoldReason.CREDIT in reasons and review:
        words = f"It is held until your limit is approved: a person decides on {review}."
    elif HoldReason.CREDIT in reasons and invoice:
        words = f"It goes past your limit. It leaves on the working day on which {invoice.number} is paid."
    elif HoldReason.TAX in reasons:
        words = "It waits until a tax certificate for it is approved."
    elif HoldReason.UNPAID in reasons and invoice:
        words = f"It leaves on the working day on which {invoice.number} is paid."
    else:
        words = "A person looks at it and writes to you within one working day."
    packed = any(box.state == ShipmentState.HELD for box in order.shown_boxes)  # type: ignore[attr-defined]  # prefetched
    title = f"Order {order.number} is packed and waiting" if packed else f"Order {order.number} is waiting"
    return Matter("truck", title, words, "View order", address)


def _expiring(customer: Customer, kept: Sequence[Card], plans: Sequence[Plan], today: date) -> list[Matter]:
    """A renewal comes, and the card that is to pay it is missing or ends before."""
    paying = [plan.subscription for plan in plans if is_paid_by_card(plan)]
    soon = min((one for one in paying if one.state == "active"), key=lambda one: one.period_ends_on, default=None)
    address = reverse("billing:add_card", args=[customer.pk])
    if not kept or not kept[0].is_default:
        if soon is None or (soon.period_ends_on - today).days > SOON_RENEWED_DAYS:
            return []
        words = (
            f"{soon.product.name} renews on {paper_words.day_words(soon.period_ends_on)}. With a card it is paid then."
        )
        return [Matter("card", "No card is on file", words, "Add a card", address)]
    card = kept[0]
    months_left = (card.exp_year - today.year) * 12 + card.exp_month - today.month
    if not paying or months_left > SOON_EXPIRED_MONTHS:
        return []
    when = "has expired" if months_left < 0 else "expires soon"
    words = f"{cards.words_of(card)} pays {paying[0].product.name}."
    return [
        Matter(
            "card", f"Your card {when}", words, "Change card", f"{address}?instead={card.pk}", is_urgent=months_left < 0
        )
    ]


def _page(invoice: Invoice) -> str:
    return reverse("selfservice:own_invoice", args=[invoice.number])


def _is_paid(booking: Booking) -> bool:
    """Its payment is there, and word of it is on its way to the booking."""
    return booking.invoice is not None and booking.invoice.state == InvoiceState.PAID


def _held(booking: Booking) -> Matter:
    """A training whose time is kept until its invoice is paid (C3)."""
    zone = ZoneInfo(booking.time_zone)
    local = booking.session.starts_at.astimezone(zone)
    until = (booking.hold_until or booking.session.starts_at).astimezone(zone)
    return Matter(
        "clock",
        f"{booking.session.type.name} on {local.day} {local:%B, %H:%M} is held until it is paid",
        f"It is yours until {until.day} {until:%B, %H:%M} ({booking.time_zone}). Then others may book it.",
        "Pay or change",
        reverse("training:own", args=[booking.uid]),
    )
