"""What happens when a timer of an account falls due. An edge: each handler calls one action."""

from datetime import datetime

import timers
from accounts.actions import change_address, close_account


def register() -> None:
    """Called once the models are there. Both write to the journal, so each has a transaction of its own."""
    timers.register(change_address.TIMER, address_due, alone=True)
    timers.register(close_account.TIMER, closing_due, alone=True)


def address_due(timer, now: datetime) -> None:
    """The 72 hours of a change of address are over."""
    change_address.execute(request_id=timer.subject, now=now)


def closing_due(timer, now: datetime) -> None:
    """The 14 days of a cancellation are over."""
    close_account.execute(request_id=timer.subject, now=now)
