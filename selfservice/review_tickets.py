"""The conversation that a request belongs to: the one it came from, or the one that its writer has open. Reads only."""

from accounts.models import Person
from tickets.choices import LIVE, UNSOLVED
from tickets.merged import survivor_of
from tickets.models import Ticket


def ticket_of(number: int | None, asked_by: Person | int | None) -> Ticket | None:
    """The ticket by that number, or the newest unsolved one of whoever asked; None where there is neither."""
    rows = Ticket.objects.select_related("assignee")
    if number is not None:
        named = rows.filter(pk=number).first() if 0 < number < 2**63 else None
        if named is not None:
            return rows.filter(pk=survivor_of(named)).first() if named.merged_into_id else named
    if asked_by is None:
        return None
    key = asked_by.pk if isinstance(asked_by, Person) else asked_by
    mine = rows.filter(requester=key, category__in=UNSOLVED, merged_into__isnull=True)
    return mine.order_by("-last_message_at", "-pk").first()


def comes_back(ticket: Ticket) -> bool:
    """Whether a note about a decision opens it again: it was closed, waiting, on hold or out of sight."""
    return ticket.category not in LIVE or ticket.snoozed_until is not None


def effect_on(ticket: Ticket) -> str:
    """What a decision will do to it, as the reviewer reads it (U32)."""
    whose = f" for {ticket.assignee.shown_name}" if ticket.assignee else ""
    return f"Ticket #{ticket.pk} gets a note" + (f" and reopens{whose}" if comes_back(ticket) else whose)
