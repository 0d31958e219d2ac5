"""What becomes of a booking: paid, lapsed, moved, cancelled, done. Each in one transaction, each once.

Rows are kept. Whoever moves a booking ends its row and begins another with the same uid; `current` finds it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from accounts import journal
from accounts.models import Person
from billing.actions import customers
from billing.choices import InvoiceState
from billing.models import Invoice
from supportdesk.lib.failpoints import failpoint
from training import announce
from training.actions import clocks, letters, paying, seats, times
from training.actions.booking import confirm, hold_until
from training.choices import LIVE, MOVES, SEATED, BookingState
from training.models import Booking, Session, Trainer
from training.pieces import Piece
from training.refusals import CannotChange

ROW = ("session__type", "session__trainer__person", "person", "customer", "invoice", "order_line__order")
NO_SHOW_DAYS = timedelta(days=14)


def current(uid: str) -> Booking | None:
    """The booking as it stands now: the last row of its sequence."""
    return Booking.objects.select_related(*ROW).filter(uid=uid).order_by("-sequence").first()


def locked(pk: int, *, with_colleagues: bool = False) -> Booking:
    """The row, its invoice, its customer and its trainer, nobody else's until the transaction ends.

    With colleagues, everybody who gives such sessions: for whoever moves it to one of them.
    """
    seen = Booking.objects.values_list("invoice_id", "customer_id", "session__trainer_id").get(pk=pk)
    invoice_id, customer_id, trainer_id = seen
    if invoice_id:
        list(Invoice.objects.select_for_update(of=("self",)).filter(pk=invoice_id).values_list("pk"))
    customers.lock(customer_id)
    colleagues: list[int] = []
    if with_colleagues:
        colleagues = list(Trainer.objects.filter(session_types__sessions__bookings=pk).values_list("pk", flat=True))
    times.lock_trainers([trainer_id, *colleagues])
    return Booking.objects.select_for_update(of=("self",)).select_related(*ROW).get(pk=pk)


def move_to(booking: Booking, state: BookingState) -> None:
    """The only place where a state changes. Raises CannotChange for what may not follow."""
    if state not in MOVES[booking.state]:
        raise CannotChange(f"This booking is {booking.get_state_display().lower()}.")
    booking.state = state


def invoice_paid(*, invoice_id: int, now: datetime) -> None:
    """What waited for this invoice is certain; what had lapsed by then gets its time back where it is free (C3, C4).

    Run again, or for a second delivery of the same payment, it changes nothing.
    """
    with transaction.atomic():
        for booking in _locked_of(invoice_id, (BookingState.PAYMENT_HOLD, BookingState.EXPIRED)):
            _paid(booking, now)


def let_go(*, invoice_id: int, now: datetime) -> None:
    """The customer's limit has room for this order now: what waited for it is certain, unpaid as it is (R27). Once."""
    with transaction.atomic():
        for booking in _locked_of(invoice_id, (BookingState.PAYMENT_HOLD,)):
            if not _is_withdrawn(booking):
                confirm(booking=booking, now=now)
                failpoint("training.let_go.before_commit")
                journal.record(by=None, action="training.confirm", subject=booking, now=now)


def _locked_of(invoice_id: int, states: Collection[str]) -> list[Booking]:
    """What an invoice pays for and stands so, all of it locked before anything of it is written.

    Whoever changes a booking holds its invoice, so none of them moves between being found and being locked. One after
    the other, the second would want its trainer while the journal is held for the first.
    """
    list(Invoice.objects.select_for_update(of=("self",)).filter(pk=invoice_id).values_list("pk"))
    found = Booking.objects.filter(invoice=invoice_id, state__in=states).order_by("pk")
    rows = list(found.values_list("pk", "customer_id", "session__trainer_id"))
    for customer_id in sorted({customer_id for _, customer_id, _ in rows}):
        customers.lock(customer_id)
    times.lock_trainers(trainer_id for _, _, trainer_id in rows)
    return [locked(pk) for pk, _, _ in rows]


def _paid(booking: Booking, now: datetime) -> None:
    if booking.invoice is None or booking.invoice.state != InvoiceState.PAID or _is_withdrawn(booking):
        return
    if booking.state == BookingState.PAYMENT_HOLD:
        confirm(booking=booking, now=now)
        failpoint("training.paid.before_commit")
        journal.record(by=None, action="training.confirm", subject=booking, now=now)
    elif booking.state == BookingState.EXPIRED and not booking.why:
        _paid_late(booking, now)


def _is_withdrawn(booking: Booking) -> bool:
    piece = _piece(booking)
    return piece is not None and piece.is_withdrawn


def _piece(booking: Booking) -> Piece | None:
    return Piece(booking.order_line, booking.unit or 1, booking.invoice) if booking.order_line else None


def _paid_late(booking: Booking, now: datetime) -> None:
    """The time again where nobody has it since; else they choose another one, or have their money back."""
    is_followed = Booking.objects.filter(uid=booking.uid, sequence__gt=booking.sequence).exists()
    pays_another = Booking.objects.filter(order_line=booking.order_line, unit=booking.unit, state__in=SEATED).exists()
    if is_followed or pays_another:
        return
    fresh = _again(booking, now) if booking.session.starts_at > now else None
    booking.why = "Paid after the time was given up"
    booking.save(update_fields=["why", "state"])
    if fresh is None:
        letters.paid_late(booking=booking, now=now)
    else:
        confirm(booking=fresh, now=now)
    journal.record(by=None, action="training.paid_late", subject=booking, data={"again": fresh is not None}, now=now)


def _again(booking: Booking, now: datetime) -> Booking | None:
    """The same time as a new row, where it is still free."""
    type, old = booking.session.type, booking.session
    if type.is_class:
        old.refresh_from_db()
        sits = old.bookings.filter(person=booking.person_id, state__in=LIVE).exists()
        seat = seats.free_seat(old) if old.is_on and not sits else None
        session = old if seat else None
    else:
        seat, session = 1, times.take_again(old, now)
    if session is None or seat is None:
        return None
    move_to(booking, BookingState.RESCHEDULED)
    booking.save(update_fields=["state"])
    return _row_after(booking, session=session, seat=seat, state=BookingState.CONFIRMED, now=now)


def hold_ends(*, booking_id: int, now: datetime) -> None:
    """Nobody paid in time: the hour is free, and both are told (C4). Run twice, or paid meanwhile, nothing happens."""
    with transaction.atomic():
        booking = locked(booking_id)
        if booking.state != BookingState.PAYMENT_HOLD or booking.hold_until is None or booking.hold_until > now:
            return
        piece = _piece(booking)
        if piece and piece.is_cleared:
            # The money came and word of it is on its way; or the limit was raised meanwhile, and it has room.
            confirm(booking=booking, now=now)
            journal.record(by=None, action="training.confirm", subject=booking, now=now)
            return
        _end(booking, BookingState.EXPIRED, None, "", now)
        failpoint("training.expire.written")
        letters.expired(booking=booking, now=now)
        clocks.lapsed(booking, now)
        announce.tell(announce.EXPIRED, booking, now)
        failpoint("training.expire.before_commit")
        journal.record(by=None, action="training.expire", subject=booking, now=now)


def withdraw(*, booking_id: int, now: datetime) -> None:
    """A week after a hold lapsed, its unpaid order goes, so that nobody is reminded of it. Run twice, once."""
    with transaction.atomic():
        booking = locked(booking_id)
        if booking.state == BookingState.EXPIRED:
            paying.withdraw_order(booking=booking, reason="The time was not paid", now=now)


def cancel(*, booking: Booking, why: str, by: Person | None, by_customer: bool, now: datetime) -> Booking:
    """It does not take place; the seat goes to whoever waits, minutes and pieces go back to their customer.

    Customers cancel until so many hours before it; the staff at any time before it. Raises CannotChange.
    """
    with transaction.atomic():
        booking = locked(booking.pk)
        if booking.state == BookingState.CANCELLED:
            return booking
        _still_ahead(booking, now, by_customer=by_customer)
        was_certain = booking.state == BookingState.CONFIRMED
        if was_certain:
            booking.sequence += 1  # a calendar takes a cancellation only with the next number
            booking.save(update_fields=["sequence"])
        _end(booking, BookingState.CANCELLED, by, why, now)
        paying.minutes_back(booking=booking, now=now)
        failpoint("training.cancel.written")
        letters.cancelled(booking=booking, was_certain=was_certain, now=now)
        announce.tell(announce.CANCELLED, booking, now)
        if booking.invoice and booking.invoice.state == InvoiceState.OPEN:
            paying.withdraw_order(booking=booking, reason="The booking was cancelled", now=now)
        failpoint("training.cancel.before_commit")
        journal.record(by=by, action="training.cancel", subject=booking, data={"why": why}, now=now)
    return booking


def given_back(*, invoice_id: int, now: datetime) -> None:
    """All that was paid went back, or is owed no more: what lies ahead of it is cancelled. Run twice, once."""
    with transaction.atomic():
        for booking in _locked_of(invoice_id, LIVE):
            if booking.session.starts_at > now:
                why = "Its order was cancelled." if _is_withdrawn(booking) else "The payment went back."
                cancel(booking=booking, why=why, by=None, by_customer=False, now=now)


def reschedule(
    *,
    booking: Booking,
    starts_at: datetime,
    key: str,
    by: Person | None,
    by_customer: bool,
    now: datetime,
    why: str = "",
    session_id: int | None = None,
) -> Booking:
    """The same booking at another time: a new row with the next sequence (C5). Sent twice with one key, once.

    Raises JustTaken, CannotBook or CannotChange; then it stays where it is.
    """
    with transaction.atomic():
        uid = booking.uid
        if known := _moved_by(key, uid):
            return known
        booking = locked(booking.pk, with_colleagues=True)
        if known := _moved_by(key, uid):  # the same form, sent at the same moment, waited for the row
            return known
        if Booking.objects.filter(key=key).exists():
            raise CannotChange("This form was sent before. Open the page again.")
        _still_ahead(booking, now, by_customer=by_customer)
        type = booking.session.type
        if by_customer and booking.moves >= type.most_moves:
            raise CannotChange(f"It was moved {booking.moves} times already. Ask a person to move it once more.")
        was, before = booking.state, booking.session
        _end(booking, BookingState.RESCHEDULED, by, why, now)
        if type.is_class:
            session, seat = seats.seat_for(type=type, session_id=session_id, person=booking.person, now=now)
            if seat is None:
                raise CannotChange("That date is full. Choose another one, or stay where you are.")
        else:
            first = (before.trainer_id,)
            session, seat = times.take(type=type, starts_at=starts_at, first=first, now=now), 1
        fresh = _row_after(booking, session=session, seat=seat, state=BookingState(was), key=key, now=now)
        fresh.moves, fresh.why = booking.moves + by_customer, why[:255]
        _keep_time(fresh, booking, now)
        failpoint("training.move.written")
        letters.moved(booking=fresh, before=booking, now=now)
        announce.tell(announce.RESCHEDULED, fresh, now)
        data = {"from": before.starts_at.isoformat(), "to": session.starts_at.isoformat()}
        journal.record(by=by, action="training.reschedule", subject=fresh, data=data, now=now)
    return fresh


def _moved_by(key: str, uid: str) -> Booking | None:
    """What the same form moved before."""
    return Booking.objects.filter(key=key, uid=uid).select_related(*ROW).first()


def _keep_time(fresh: Booking, old: Booking, now: datetime) -> None:
    """A hold that moves ends no later than before, and no later than a new one; what is certain is reminded anew."""
    if fresh.state == BookingState.PAYMENT_HOLD and old.hold_until:
        fresh.hold_until = min(old.hold_until, hold_until(fresh.session.type, fresh.session.starts_at, now))
        clocks.hold(fresh)
    else:
        clocks.confirmed(fresh, now)
    fresh.save(update_fields=["hold_until", "moves", "why"])


def complete(*, booking_id: int, now: datetime) -> None:
    """Its time is over: it took place, until somebody says that nobody came. Run twice, once."""
    with transaction.atomic():
        booking = locked(booking_id)
        if booking.state == BookingState.CONFIRMED and booking.session.ends_at <= now:
            move_to(booking, BookingState.COMPLETED)
            booking.ended_at = now
            booking.save(update_fields=["state", "ended_at"])


def no_show(*, booking: Booking, came: bool, by: Person, now: datetime) -> Booking:
    """The trainer says whether somebody came, from the beginning of the session until two weeks after it."""
    with transaction.atomic():
        booking = locked(booking.pk)
        wanted = BookingState.COMPLETED if came else BookingState.NO_SHOW
        if booking.state == wanted:
            return booking
        if not booking.session.starts_at <= now <= booking.session.ends_at + NO_SHOW_DAYS:
            raise CannotChange("This is said from the beginning of a session until two weeks after it.")
        move_to(booking, wanted)
        booking.ended_at, booking.ended_by = now, by
        booking.save(update_fields=["state", "ended_at", "ended_by"])
        clocks.stop(booking)
        journal.record(by=by, action=f"training.{wanted}", subject=booking, now=now)
    return booking


def remind(*, booking_id: int, number: int, now: datetime) -> None:
    """A day, or an hour, before it (C8). What is over, moved or cancelled is not told."""
    booking = Booking.objects.select_related(*ROW).select_for_update(of=("self",)).get(pk=booking_id)
    if booking.state == BookingState.CONFIRMED and booking.session.starts_at > now:
        letters.reminder(booking=booking, number=number, now=now)


def _end(booking: Booking, state: BookingState, by: Person | None, why: str, now: datetime) -> None:
    """It stands no more where it stood: its time and seat are free, and offered to whoever waits."""
    move_to(booking, state)
    booking.ended_at, booking.ended_by, booking.why = now, by, why[:255]
    booking.save(update_fields=["state", "ended_at", "ended_by", "why"])
    clocks.stop(booking)
    if booking.session.type.is_class and booking.session.seats > 1:
        seats.offer_free(session=booking.session, now=now)
    else:
        times.give_back(booking.session)


def _row_after(
    booking: Booking, *, session: Session, seat: int, state: BookingState, now: datetime, key: str = ""
) -> Booking:
    fresh = Booking(
        uid=booking.uid, sequence=booking.sequence + 1, session=session, seat=seat, person=booking.person,
        customer=booking.customer, time_zone=booking.time_zone, state=state, payment=booking.payment,
        order_line=booking.order_line, unit=booking.unit, invoice=booking.invoice, made_order=booking.made_order,
        hold_until=booking.hold_until, moves=booking.moves, words=booking.words,
        key=key or f"{booking.uid}-{booking.sequence + 1}", made_at=booking.made_at, confirmed_at=booking.confirmed_at,
    )  # fmt: skip
    fresh.save(force_insert=True)
    return fresh


def _still_ahead(booking: Booking, now: datetime, *, by_customer: bool) -> None:
    if booking.state not in LIVE:
        raise CannotChange(f"This booking cannot be changed any more: {booking.get_state_display().lower()}.")
    if booking.session.starts_at <= now:
        raise CannotChange("It has begun already.")
    hours = booking.session.type.change_hours
    if (
        by_customer
        and booking.state == BookingState.CONFIRMED
        and booking.session.starts_at - now < timedelta(hours=hours)
    ):
        raise CannotChange(f"It begins in less than {hours} hours. Ask a person: they can still change it.")
