"""What else of an order waits for a credit limit, beside its boxes and plans. Whoever is above us says it: a training
that is booked and held."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists

from billing.models import Order


@dataclass(frozen=True)
class Waiter:
    """One such thing. `waits` is a condition on rows of orders, `words` what becomes of it, as reviewers read it.

    `let_go` is called in the transaction that lets the order go, which holds its invoice and its customer.
    """

    waits: Callable[[], Exists]
    words: str
    let_go: Callable[[Order, datetime], None]


_waiters: list[Waiter] = []


def register(waiter: Waiter) -> None:
    """Count this as waiting from now on. Registered twice, it counts once."""
    if waiter not in _waiters:
        _waiters.append(waiter)


def waiters() -> list[Waiter]:
    """Everything that was registered, in order."""
    return list(_waiters)
