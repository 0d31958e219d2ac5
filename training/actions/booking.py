"""Booking a time: taken, held until it is paid, confirmed when it is. One transaction each."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts import journal
from accounts.models import Organisation, Person
from accounts.zones import zone_names
from billing.actions import customers
from billing.models import Customer
from supportdesk.lib.failpoints import failpoint
from training import announce, open_hours
from training.actions import clocks, letters, paying, seats, times
from training.actions.paying import HowPaid
from training.choices import BookingState, Payment
from training.models import Booking, Session, SessionType, WaitlistEntry
from training.pieces import Piece, pieces_of
from training.refusals import CannotBook

KEY = re.compile(r"[A-Za-z0-9_-]{20,64}")
WORDS = 2000
# A hold that the rule would end at once gives whoever stands at the card form a quarter of an hour.
SHORTEST_HOLD = timedelta(minutes=15)
CLEAR_BEFORE = timedelta(hours=24)


@dataclass(frozen=True)
class Wish:
    """What the page sends. `key` is the form's own: sent twice, it is one booking (C1)."""

    starts_at: datetime
    key: str
    time_zone: str = "UTC"
    words: str = ""
    pay: HowPaid = field(default_factory=HowPaid)
    session_id: int | None = None  # of a class


def book(
    *, type: SessionType, wish: Wish, by: Person, organisation: Organisation | None, now: datetime
) -> Booking | WaitlistEntry:
    """The time that somebody chose; of a full class a place on its waiting list (C10).

    Raises JustTaken with the nearest free starts, CannotBook, and StaleQuote of billing; then nothing has changed.
    """
    if not KEY.fullmatch(wish.key):
        raise CannotBook("This page is not complete. Open it again from the list of trainings.")
    with transaction.atomic():
        known = booked_before(wish.key, by)
        if known:
            return known
        if not type.is_offered:
            raise CannotBook(f"{type.name} is not offered just now.")
        paying.hold_invoices(type=type, by=by, organisation=organisation)
        customer = customers.customer_of(person=by, organisation=organisation, now=now)
        known = booked_before(wish.key, by)  # the same form, sent at the same moment, waited for the customer
        if known:
            return known
        if type.is_class:
            session, seat = seats.seat_for(type=type, session_id=wish.session_id, person=by, now=now)
            if seat is None:
                zone = zone_name(wish.time_zone)
                return seats.join(session=session, customer=customer, key=wish.key, zone=zone, by=by, now=now)
        else:
            session, seat = times.take(type=type, starts_at=wish.starts_at, now=now), 1
        failpoint("training.book.taken")
        booking = settle(type=type, session=session, seat=seat, customer=customer, wish=wish, by=by, now=now)
        failpoint("training.book.before_commit")
    failpoint("training.book.after_commit")
    return booking


def settle(
    *, type: SessionType, session: Session, seat: int, customer: Customer, wish: Wish, by: Person, now: datetime
) -> Booking:
    """A seat that is ours becomes a booking: paid for, or held until it is. Belongs in the transaction that took it."""
    booking = Booking(
        uid=secrets.token_hex(16), session=session, seat=seat, person=by, customer=customer,
        time_zone=zone_name(wish.time_zone), state=BookingState.PAYMENT_HOLD, payment=type.payment,
        words=_words(wish.words), key=wish.key, made_at=now,
        hold_until=hold_until(type, session.starts_at, now),
    )  # fmt: skip
    try:
        with transaction.atomic():
            booking.save(force_insert=True)
    except IntegrityError as error:
        raise CannotBook("You have a seat in it already: it stands under Training on your account.") from error
    is_cleared = _paid_for(booking, type, wish, by, now)
    if is_cleared:
        confirm(booking=booking, now=now)
    else:
        booking.save(update_fields=["order_line", "unit", "invoice", "made_order"])
        clocks.hold(booking)
        letters.held(booking=booking, now=now)
        announce.tell(announce.HELD, booking, now)
    data = {"starts_at": session.starts_at.isoformat(), "state": booking.state}
    journal.record(by=by, action="training.book", subject=booking, data=data, now=now)
    return booking


def confirm(*, booking: Booking, now: datetime) -> None:
    """It takes place: both are told, with a calendar file, and reminded in time. The caller holds the booking."""
    booking.state, booking.confirmed_at, booking.hold_until = BookingState.CONFIRMED, now, None
    booking.save(
        update_fields=["state", "confirmed_at", "hold_until", "order_line", "unit", "invoice", "made_order"]
    )  # fmt: skip
    clocks.confirmed(booking, now)
    letters.confirmed(booking=booking, now=now)
    announce.tell(announce.CONFIRMED, booking, now)


def hold_until(type: SessionType, starts_at: datetime, now: datetime) -> datetime:
    """Until when an unpaid time is held: so many open hours, and no later than a day before it begins."""
    end = min(open_hours.after(now, type.hold_hours), starts_at - CLEAR_BEFORE)
    return min(max(end, now + SHORTEST_HOLD), starts_at)


def booked_before(key: str, by: Person) -> Booking | WaitlistEntry | None:
    """What the same form made before. Raises CannotBook where it was somebody else's."""
    known: Booking | WaitlistEntry | None = Booking.objects.filter(key=key).select_related("session__type").first()
    known = known or WaitlistEntry.objects.filter(key=key).select_related("session__type").first()
    if known is not None and known.person_id != by.pk:
        raise CannotBook("This form was sent before. Open it again from the list of trainings.")
    return known


def _paid_for(booking: Booking, type: SessionType, wish: Wish, by: Person, now: datetime) -> bool:
    """Whether nothing is waited for; what pays stands on the booking."""
    if type.payment == Payment.FREE:
        return True
    if type.payment == Payment.HOURS:
        paying.spend_minutes(booking=booking, type=type, by=by, now=now)
        return True
    bought = pieces_of(booking.customer, type)
    if bought:
        _refuse_again(bought[0])
        _use(booking, bought[0])
        return bought[0].is_cleared
    piece = paying.order(type=type, customer=booking.customer, how=wish.pay, key=f"t-{wish.key}"[:64], by=by, now=now)
    booking.made_order = True
    _use(booking, piece)
    return piece.is_cleared


def _refuse_again(piece: Piece) -> None:
    """A time was held for it once and not paid: it holds no second one, or calendars stay blocked for nothing."""
    lapsed = Booking.objects.filter(order_line=piece.line, unit=piece.unit, state=BookingState.EXPIRED)
    if not piece.is_cleared and lapsed.exists():
        number = piece.invoice.number if piece.invoice else piece.line.order.number
        raise CannotBook(
            f"We held a time for it once. Pay invoice {number} first, then choose a time: it is booked at once."
        )


def _use(booking: Booking, piece: Piece) -> None:
    booking.order_line, booking.unit, booking.invoice = piece.line, piece.unit, piece.invoice


def zone_name(name: str) -> str:
    """A zone that we know: the one named, else UTC."""
    return name if name in zone_names() else "UTC"


def _words(words: str) -> str:
    return words.replace("\x00", "").strip()[:WORDS]
