"""Who wants to know that an invoice is paid, that all of it went back, or that it is owed no more. They act in the
transaction of the money."""

from collections.abc import Callable
from datetime import datetime

from billing.models import Invoice

Handler = Callable[[Invoice, datetime], None]

_handlers: list[Handler] = []
_given_back: list[Handler] = []
_taken_back: list[Handler] = []
_withdrawn: list[Handler] = []


def register(handler: Handler) -> None:
    """Call `handler(invoice, now)` when an invoice is paid in full. It may be called again for the same invoice.

    An invoice becomes open again when a payment comes back, and paid again with the next one. Registered twice, a
    handler is called once.
    """
    if handler not in _handlers:
        _handlers.append(handler)


def when_paid(invoice: Invoice, now: datetime) -> None:
    """Call everybody who registered, in order."""
    for handler in _handlers:
        handler(invoice, now)


def register_given_back(handler: Handler) -> None:
    """Call `handler(invoice, now)` when all that was paid for an invoice goes back. It may be called again."""
    if handler not in _given_back:
        _given_back.append(handler)


def when_given_back(invoice: Invoice, now: datetime) -> None:
    """Call everybody who registered, in order; nobody while something of the payment is left with us."""
    if invoice.paid and invoice.refunded >= invoice.paid:
        for handler in _given_back:
            handler(invoice, now)


def register_taken_back(handler: Handler) -> None:
    """Call `handler(invoice, now)` when a bank takes a payment back, so that the invoice is owed again."""
    if handler not in _taken_back:
        _taken_back.append(handler)


def when_taken_back(invoice: Invoice, now: datetime) -> None:
    """Call everybody who registered, in order."""
    for handler in _taken_back:
        handler(invoice, now)


def register_withdrawn(handler: Handler) -> None:
    """Call `handler(invoice, now)` when an invoice is taken back before it was paid: void, credited, its order
    cancelled. It may be called again."""
    if handler not in _withdrawn:
        _withdrawn.append(handler)


def when_withdrawn(invoice: Invoice, now: datetime) -> None:
    """Call everybody who registered, in order."""
    for handler in _withdrawn:
        handler(invoice, now)
