"""A line in the thread for what the desk gave for a ticket: money, a coupon, a plan. Staff alone read it."""

from datetime import datetime

from accounts.models import Person
from billing.actions import on_ticket
from tickets.actions.keeping import locked_survivor, write_event
from tickets.models import Ticket

LONGEST = 300


def listen() -> None:
    """Let billing's verbs tell the ticket that they were done for."""
    on_ticket.register(hold=hold, tell=tell)


def hold(number: int) -> int | None:
    """Lock the ticket, or the one that it was merged into; None when there is none any more."""
    try:
        return locked_survivor(number).pk
    except Ticket.DoesNotExist:
        return None


def tell(number: int, words: str, by: Person, now: datetime) -> None:
    """One line, which is not public. Belongs in the transaction that gives, after `hold`."""
    text = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
    write_event(Ticket.objects.get(pk=number), kind="gave", text=text, by=by, now=now)
