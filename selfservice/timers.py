"""What happens when a timer of selfservice falls due. An edge: each handler calls one action."""

from datetime import datetime

import timers
from selfservice.actions import bookings, review, review_rules


def register() -> None:
    """Make the kinds known."""
    timers.register(review.CARRY_OUT, carry_out, alone=True)
    timers.register(review_rules.DEPUTY, deputy)
    timers.register(bookings.CONFIRMED, booking_confirmed, alone=True)


def carry_out(timer, now: datetime) -> datetime | None:
    """The time in which a decision could be undone is over."""
    return review.carry_out(decision_id=timer.subject, now=now)


def deputy(timer, now: datetime) -> datetime | None:
    """The hour at which somebody else takes over what was left."""
    return review_rules.tell_deputy(now=now)


def booking_confirmed(timer, now: datetime) -> None:
    """A training is certain: a flow may wait for its date."""
    bookings.confirmed(booking_id=timer.subject, now=now)
