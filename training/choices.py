"""The words that bookings use, and which state may follow which."""

from django.db.models import TextChoices

WEEKDAYS = [
    (0, "Monday"),
    (1, "Tuesday"),
    (2, "Wednesday"),
    (3, "Thursday"),
    (4, "Friday"),
    (5, "Saturday"),
    (6, "Sunday"),
]


class Payment(TextChoices):
    """What a session takes from whoever books it."""

    PRODUCT = "product", "A product of the store is paid"
    HOURS = "hours", "Minutes of the hours ledger"
    FREE = "free", "Nothing"


class BookingState(TextChoices):
    """Where a booking stands. Rows are kept: whoever moves leaves one behind and takes the next of its sequence."""

    PAYMENT_HOLD = "payment_hold", "Held until it is paid"
    CONFIRMED = "confirmed", "Confirmed"
    EXPIRED = "expired", "Not paid in time"
    RESCHEDULED = "rescheduled", "Moved to another time"
    CANCELLED = "cancelled", "Cancelled"
    COMPLETED = "completed", "Took place"
    NO_SHOW = "no_show", "Nobody came"


# These take the trainer's time.
LIVE = (BookingState.PAYMENT_HOLD, BookingState.CONFIRMED)
# These use a seat, and what was paid for it.
SEATED = (*LIVE, BookingState.COMPLETED, BookingState.NO_SHOW)

MOVES: dict[str, frozenset[str]] = {
    BookingState.PAYMENT_HOLD: frozenset(
        {BookingState.CONFIRMED, BookingState.EXPIRED, BookingState.RESCHEDULED, BookingState.CANCELLED}
    ),
    BookingState.CONFIRMED: frozenset(
        {BookingState.RESCHEDULED, BookingState.CANCELLED, BookingState.COMPLETED, BookingState.NO_SHOW}
    ),
    BookingState.EXPIRED: frozenset({BookingState.RESCHEDULED}),  # paid late, and the time was still free
    BookingState.RESCHEDULED: frozenset(),
    BookingState.CANCELLED: frozenset(),
    BookingState.COMPLETED: frozenset({BookingState.NO_SHOW}),  # the trainer says so afterwards
    BookingState.NO_SHOW: frozenset({BookingState.COMPLETED}),
}


class WaitState(TextChoices):
    """Where somebody on the waiting list of a class stands."""

    WAITING = "waiting", "Waiting"
    OFFERED = "offered", "A seat is offered"
    TAKEN = "taken", "Took the seat"
    LAPSED = "lapsed", "Let the offer pass"
    LEFT = "left", "Left the list"


QUEUED = (WaitState.WAITING, WaitState.OFFERED)
