"""The timers of a booking: the end of its hold, a day and an hour before it, and its end. Each effect is once."""

from datetime import datetime, timedelta

import timers
from training.models import Booking, WaitlistEntry

HOLD_ENDS = "training.hold_ends"
REMIND = "training.remind"
ENDS = "training.session_ends"
PAID = "training.invoice_paid"
GIVEN_BACK = "training.given_back"
OFFER_ENDS = "training.offer_ends"
WITHDRAW = "training.withdraw"
LET_GO = "training.let_go"

# By the number of the timer: hours before the session (C8).
REMINDERS = {1: timedelta(hours=24), 2: timedelta(hours=1)}
WITHDRAWN_AFTER = timedelta(days=7)


def hold(booking: Booking) -> None:
    """Its hold ends then, unless it is paid."""
    if booking.hold_until is None:
        raise ValueError("A hold has an end.")
    timers.schedule(kind=HOLD_ENDS, subject=booking.pk, due_at=booking.hold_until)


def confirmed(booking: Booking, now: datetime) -> None:
    """Reminders that still lie ahead, and the end. A row that moved on has timers of its own."""
    timers.cancel(kind=HOLD_ENDS, subject=booking.pk)
    for number, before in REMINDERS.items():
        due_at = booking.session.starts_at - before
        if due_at > now:
            timers.schedule(kind=REMIND, subject=booking.pk, number=number, due_at=due_at)
    timers.schedule(kind=ENDS, subject=booking.pk, due_at=booking.session.ends_at)


def stop(booking: Booking) -> None:
    """It takes place no more: nobody is reminded, nothing lapses."""
    for kind in (HOLD_ENDS, REMIND, ENDS):
        timers.cancel(kind=kind, subject=booking.pk)


def lapsed(booking: Booking, now: datetime) -> None:
    """An order that was placed for a time which lapsed is withdrawn a week later, unless it is paid."""
    if booking.made_order:
        timers.schedule(kind=WITHDRAW, subject=booking.pk, due_at=now + WITHDRAWN_AFTER)


def offer(entry: WaitlistEntry) -> None:
    """The offer of a seat ends then."""
    if entry.offer_until is None:
        raise ValueError("An offer has an end.")
    timers.schedule(kind=OFFER_ENDS, subject=entry.pk, due_at=entry.offer_until)
