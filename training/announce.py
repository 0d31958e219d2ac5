"""Who wants to know what happens to bookings. They act in the transaction in which it happens."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.models import Booking

CONFIRMED, HELD, EXPIRED, RESCHEDULED, CANCELLED = "confirmed", "held", "expired", "rescheduled", "cancelled"

Listener = Callable[[str, "Booking", datetime], None]

listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener(kind, booking, now)` from now on. Registered twice, it is called once."""
    if listener not in listeners:
        listeners.append(listener)


def tell(kind: str, booking: "Booking", now: datetime) -> None:
    """Call everybody who registered, in order. A listener that raises undoes what it was told."""
    for listener in listeners:
        listener(kind, booking, now)
