"""What happens when a timer of a flow falls due. An edge: each handler calls one action."""

from datetime import datetime

import timers
from billing.actions import paid
from tickets.actions.flows import falling_due, hearing, owners, welcome
from tickets.actions.flows.moving import ENDED, ESCALATES, EXHAUSTED, PAID, REMINDER


def reminder(timer, now: datetime) -> datetime | None:
    """A stage's reminder is due."""
    return falling_due.remind(case_id=timer.subject, visit=timer.visit, number=timer.number, now=now)


def escalates(timer, now: datetime) -> datetime | None:
    """A stage takes too long."""
    return falling_due.escalate(case_id=timer.subject, visit=timer.visit, now=now)


def exhausted(timer, now: datetime) -> datetime | None:
    """A customer never answered."""
    return falling_due.exhaust(case_id=timer.subject, visit=timer.visit, now=now)


def paid_before(timer, now: datetime) -> datetime | None:
    """A stage waits for money that was here when it was entered."""
    return falling_due.look_paid(case_id=timer.subject, visit=timer.visit, now=now)


def ended(timer, now: datetime) -> None:
    """A case was done some time ago."""
    falling_due.say_goodbye(case_id=timer.subject, visit=timer.visit, now=now)


def order_paid(timer, now: datetime) -> None:
    """An order was paid."""
    hearing.order_paid(order_id=timer.subject, now=now)


def order_given_back(timer, now: datetime) -> None:
    """All that was paid for an order goes back."""
    hearing.order_given_back(order_id=timer.subject, now=now)


def roles_changed(timer, now: datetime) -> None:
    """Somebody came into a work role, left one, or left us."""
    if last := owners.look_again(now=now, after=timer.number):
        timers.schedule(kind=owners.CHANGED, subject=timer.subject, visit=timer.visit, number=last, due_at=now)


def account_made(timer, now: datetime) -> None:
    """Somebody proved their address for the first time."""
    welcome.welcome(person_id=timer.subject, now=now)


def register() -> None:
    """Called when the app is ready. Each has a transaction of its own: a ticket is locked, then its case."""
    timers.register(PAID, paid_before, alone=True)
    timers.register(REMINDER, reminder, alone=True, order=1)
    timers.register(ESCALATES, escalates, alone=True, order=2)
    timers.register(EXHAUSTED, exhausted, alone=True, order=3)
    timers.register(ENDED, ended, alone=True, order=4)
    timers.register(hearing.ORDER_PAID, order_paid, alone=True)
    timers.register(hearing.GIVEN_BACK, order_given_back, alone=True, order=1)
    timers.register(owners.CHANGED, roles_changed, alone=True)
    timers.register(welcome.ACCOUNT_MADE, account_made, alone=True)
    hearing.listen()
    paid.register(hearing.invoice_paid)
    paid.register_given_back(hearing.invoice_given_back)
