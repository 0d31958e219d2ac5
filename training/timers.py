"""What happens when a timer of training falls due. An edge: each handler calls one action."""

from datetime import datetime

import timers
from training.actions import clocks, seats, standing


def register() -> None:
    """Make the kinds known. Alone: most of them write to the journal, which is locked until the commit, and each
    locks an invoice before its customer and trainer, which a batch would do again after them."""
    timers.register(clocks.HOLD_ENDS, hold_ends, alone=True)
    timers.register(clocks.REMIND, remind)
    timers.register(clocks.ENDS, session_ends, alone=True)
    timers.register(clocks.PAID, invoice_paid, alone=True)
    timers.register(clocks.GIVEN_BACK, given_back, alone=True)
    timers.register(clocks.OFFER_ENDS, offer_ends, alone=True)
    timers.register(clocks.WITHDRAW, withdraw, alone=True)
    timers.register(clocks.LET_GO, let_go, alone=True)


def hold_ends(timer, now: datetime) -> None:
    """A time was held for as long as it could be."""
    standing.hold_ends(booking_id=timer.subject, now=now)


def remind(timer, now: datetime) -> None:
    """A session begins in a day, or in an hour; the timer's number says which."""
    standing.remind(booking_id=timer.subject, number=timer.number, now=now)


def session_ends(timer, now: datetime) -> None:
    """A session is over."""
    standing.complete(booking_id=timer.subject, now=now)


def invoice_paid(timer, now: datetime) -> None:
    """An invoice that pays for sessions was paid; the timer's visit tells one payment from the next."""
    standing.invoice_paid(invoice_id=timer.subject, now=now)


def let_go(timer, now: datetime) -> None:
    """A credit limit has room for an invoice that pays for sessions; the visit tells one such moment from the next."""
    standing.let_go(invoice_id=timer.subject, now=now)


def given_back(timer, now: datetime) -> None:
    """All that was paid for an invoice went back."""
    standing.given_back(invoice_id=timer.subject, now=now)


def offer_ends(timer, now: datetime) -> None:
    """A seat was offered for some hours."""
    seats.offer_ends(entry_id=timer.subject, now=now)


def withdraw(timer, now: datetime) -> None:
    """A week ago a time lapsed."""
    standing.withdraw(booking_id=timer.subject, now=now)
