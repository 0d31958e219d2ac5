"""Hearing of money. A payment, or a decision about a limit, never fails, or waits, by what it does to bookings: a timer
of its own looks at them."""

from datetime import datetime

from django.db.models import Exists, OuterRef

import timers
from billing import waits
from billing.actions import paid
from billing.models import Invoice, Order
from supportdesk.lib.background import enqueue_on_commit
from training.actions import clocks
from training.choices import LIVE, BookingState
from training.models import Booking


def listen() -> None:
    """Hear of every invoice that is paid, given back or withdrawn, and of every order that a credit limit lets go."""
    paid.register(_on_paid)
    paid.register_given_back(_on_given_back)
    paid.register_withdrawn(_on_withdrawn)
    waits.register(HELD)


def _on_paid(invoice: Invoice, now: datetime) -> None:
    _wake(clocks.PAID, invoice, now)


def _on_given_back(invoice: Invoice, now: datetime) -> None:
    _wake(clocks.GIVEN_BACK, invoice, now)


def _on_withdrawn(invoice: Invoice, now: datetime) -> None:
    if invoice.bookings.filter(state__in=LIVE).exists():  # not of a booking that withdraws its own order
        _wake(clocks.GIVEN_BACK, invoice, now)


def _held() -> Exists:
    rows = Booking.objects.filter(order_line__order=OuterRef("pk"), state=BookingState.PAYMENT_HOLD)
    return Exists(rows)


def _on_let_go(order: Order, now: datetime) -> None:
    _wake(clocks.LET_GO, order.invoice, now)


HELD = waits.Waiter(_held, "the time that is booked with it becomes certain", _on_let_go)


def _wake(kind: str, invoice: Invoice, now: datetime) -> None:
    """Its visit is the second of the payment, so that a payment after one that came back is another one."""
    if invoice.bookings.exists():
        timers.schedule(kind=kind, subject=invoice.pk, visit=int(now.timestamp()), due_at=now)
        enqueue_on_commit("timers.sweep")  # so that whoever just paid sees it; the sweep finds it anyway
