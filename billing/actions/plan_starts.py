"""Who wants to know that a plan starts. They act in the transaction in which it does."""

from collections.abc import Callable
from datetime import datetime

from billing.models import Subscription

Handler = Callable[[Subscription, datetime], None]

_handlers: list[Handler] = []


def register(handler: Handler) -> None:
    """Call `handler(subscription, now)` once for each plan that starts, bought or given. Registered twice, once."""
    if handler not in _handlers:
        _handlers.append(handler)


def when_started(subscription: Subscription, now: datetime) -> None:
    """Call everybody who registered, in order."""
    for handler in _handlers:
        handler(subscription, now)
