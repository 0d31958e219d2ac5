"""What pages of customers show of their bookings. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Person
from accounts.zones import zone_names
from billing import refundable
from billing.access import customers_of
from billing.choices import InvoiceState
from billing.models import Customer, Order
from training import pieces
from training.access import bookings_of
from training.choices import LIVE, QUEUED, SEATED, BookingState, Payment
from training.models import Booking, SessionType, WaitlistEntry
from training.pieces import is_free, is_owed_no_more, pieces_of, prices_of

MOST_SHOWN = 50
MOST_AHEAD = 5


@dataclass(frozen=True)
class Bought:
    """Pieces of a training that were ordered and have no time yet."""

    type: SessionType
    count: int
    is_paid: bool


def page_of(person: Person, zone: str, now: datetime) -> dict:
    """What stands under Training on the account."""
    rows = list(bookings_of(person).order_by("-pk")[:MOST_SHOWN])
    types = list(SessionType.objects.filter(is_offered=True).order_by("position", "name"))
    customers = list(customers_of(person))
    prices = prices_of(types, customers[0].currency if customers else "")
    return {
        "ahead": sorted((one for one in rows if one.state in LIVE), key=lambda one: one.session.starts_at),
        "past": [one for one in rows if one.state in (BookingState.COMPLETED, BookingState.NO_SHOW)],
        "lapsed": _lapsed(rows),
        "over": [one for one in rows if one.state == BookingState.CANCELLED],
        "waits": list(
            WaitlistEntry.objects.filter(person=person, state__in=QUEUED, session__starts_at__gt=now)
            .select_related("session__type", "session__trainer__person", "person").order_by("session__starts_at")
        ),
        "types": [(one, prices.get(one.pk)) for one in types],
        "bought": _bought(customers),
    }  # fmt: skip


def _lapsed(rows: Sequence[Booking]) -> list[Booking]:
    """What lapsed and nothing replaced."""
    latest = {one.uid: one for one in sorted(rows, key=lambda one: one.sequence)}
    return [
        one
        for one in latest.values()
        if one.state == BookingState.EXPIRED and one.invoice is not None and not is_owed_no_more(one.invoice)
    ]


def bought_by(person: Person) -> list[Bought]:
    """What waits for a time, by type: the first type of a product where several teach it."""
    return _bought(list(customers_of(person)))


def _bought(customers: Sequence[Customer]) -> list[Bought]:
    found, seen = [], set()
    types = SessionType.objects.filter(is_offered=True, payment=Payment.PRODUCT).order_by("position", "pk")
    for type in types:
        if type.product_id in seen:
            continue
        seen.add(type.product_id)
        bought = [piece for customer in customers for piece in pieces_of(customer, type)]
        if bought:
            found.append(Bought(type, len(bought), bought[0].is_cleared))
    return found


def booked_on(order: Order) -> list[Booking]:
    """Times that pieces of this order pay for, the earliest first. One query."""
    rows = Booking.objects.filter(order_line__order=order, state__in=SEATED).select_related("session")
    return list(rows.order_by("session__starts_at", "pk"))


def may_change(booking: Booking, now: datetime) -> bool:
    """Whether its customer may move or cancel it themselves now."""
    return booking.state in LIVE and booking.session.starts_at > now and not _is_too_late(booking, now)


def why_not_move(booking: Booking, now: datetime) -> str:
    """What keeps its customer from choosing another time; "" where nothing does."""
    type = booking.session.type
    if booking.state not in LIVE or booking.session.starts_at <= now:
        return "This booking cannot be moved any more."
    if _is_too_late(booking, now):
        return f"It begins in less than {type.change_hours} hours. Ask a person: they can still move it."
    if booking.moves >= type.most_moves:
        return f"It was moved {booking.moves} times already. Ask a person to move it once more."
    return ""


def can_choose_again(booking: Booking) -> bool:
    """It is over without having taken place, and what paid for it, or can pay for it, pays for another time."""
    if booking.state not in (BookingState.EXPIRED, BookingState.CANCELLED) or booking.order_line is None:
        return False
    invoice = booking.invoice
    is_held_once = booking.state == BookingState.EXPIRED
    payable = (InvoiceState.PAID,) if is_held_once else (InvoiceState.PAID, InvoiceState.OPEN)
    if invoice is None or invoice.state not in payable or is_owed_no_more(invoice):
        return False
    return is_free(booking)


def may_ask_back(booking: Booking) -> bool:
    """What was paid for it pays for no session, so it may go back."""
    invoice = booking.invoice
    is_paid = invoice is not None and invoice.state == InvoiceState.PAID
    return is_paid and can_choose_again(booking) and worth_of(booking) > 0


def worth_of(booking: Booking) -> int:
    """What one piece of its line came to, in minor units; no more than can go back."""
    line, invoice = booking.order_line, booking.invoice
    if line is None or invoice is None:
        return 0
    return min(pieces.worth_of(line), refundable.most(invoice))


def history_of(booking: Booking) -> list[Booking]:
    """Where it stood before, the latest first."""
    rows = Booking.objects.filter(uid=booking.uid, sequence__lt=booking.sequence).select_related("session")
    return list(rows.order_by("-sequence")[:MOST_SHOWN])


def zones_to_choose(zone: str) -> list[tuple[str, str, bool]]:
    """Every zone for a select, with the one that is shown."""
    return [(name, name.replace("_", " "), name == zone) for name in zone_names()]


def _is_too_late(booking: Booking, now: datetime) -> bool:
    is_certain = booking.state == BookingState.CONFIRMED
    return is_certain and booking.session.starts_at - now < timedelta(hours=booking.session.type.change_hours)


def ahead_of(customer: Customer, now: datetime) -> list[Booking]:
    """What a customer has booked that lies ahead, the next one first. One query."""
    rows = Booking.objects.filter(customer=customer, state__in=LIVE, session__ends_at__gt=now)
    return list(rows.select_related("session__type", "invoice").order_by("session__starts_at")[:MOST_AHEAD])
