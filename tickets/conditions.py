"""What may end a snooze besides a time and the customer: things that apps above this one know, such as a payment.

An app registers its condition in `AppConfig.ready()` and calls `tickets.actions.snooze.wake_for` when it comes true:

    conditions.register("invoice_paid", offers=open_invoices_of, late="Not paid in time")
    wake_for(condition="invoice_paid:12", why="INV-10482 is paid", now=now)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tickets.models import Ticket


@dataclass(frozen=True)
class Offer:
    """A thing that a ticket can wait for: “invoice_paid:12”, “INV-10482 is paid”."""

    condition: str
    words: str


Offers = Callable[["Ticket"], Iterable[Offer]]

_known: dict[str, tuple[Offers, str]] = {}


def register(name: str, *, offers: Offers, late: str) -> None:
    """Let tickets wait for `name`. `offers(ticket)` says which ones; `late` says in the list that it did not happen."""
    _known[name] = (offers, late)


def forget(name: str) -> None:
    """Take a condition out again; tests register their own."""
    _known.pop(name, None)


def offers_for(ticket: Ticket) -> list[Offer]:
    """Everything that this ticket can wait for, in the order in which the apps registered."""
    return [offer for offers, _ in _known.values() for offer in offers(ticket)]


def late_words(wakes_on: str) -> str:
    """Why a snooze ended at its time: what it waited for did not happen."""
    name = wakes_on.partition(":")[0]
    if name == "answer":
        return "No answer in time"
    return _known[name][1] if name in _known else "Its snooze ended"
