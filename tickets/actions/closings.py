"""Notes when a ticket is closed and opened again, where every verb ends: in `keeping.keep`."""

from collections.abc import Iterable
from datetime import datetime

from tickets.actions.scope.stopping import stop_clocks
from tickets.choices import Category
from tickets.models import Ticket
from tickets.models.history import Closing


def note(ticket: Ticket, *, now: datetime) -> None:
    """Write down a closing or its end, if the ticket was closed or opened since it was locked.

    What an undo restores was not done now: `closed_at` of a close that came back is older, and only opening again
    starts the clocks afresh. Such a change takes back what was noted. One query when something changed.
    """
    note_all([ticket], now=now)


def note_all(tickets: Iterable[Ticket], *, now: datetime) -> None:
    """As `note`, with one query for all that were closed. What is noted already stays: no report stops the desk."""
    closed = [closing for ticket in tickets if (closing := _changed(ticket, now))]
    Closing.objects.bulk_create(closed, ignore_conflicts=True)
    stop_clocks([closing.ticket for closing in closed], now=now)


def _changed(ticket: Ticket, now: datetime) -> Closing | None:
    """The closing to write, None where there is none; a closing that ended or came back is written at once."""
    as_locked = ticket.__dict__.get("_as_it_was")
    before = ticket.__dict__.get("_noted_category", as_locked["category"] if as_locked else None)
    ticket.__dict__["_noted_category"] = ticket.category
    was_closed, is_closed = before == Category.CLOSED, ticket.category == Category.CLOSED
    if was_closed == is_closed or ticket.merged_into_id:  # a merge answers nobody
        return None
    rows = Closing.objects.filter(ticket=ticket)
    if not is_closed:
        if ticket.sla_started_at == now:
            _end(ticket, as_locked or {}, now)
        else:
            rows.filter(reopened_at=None).delete()
    elif ticket.closed_at is None or ticket.closed_at == now:
        in_time = _in_time(as_locked, now) if as_locked else None
        return Closing(ticket=ticket, at=now, by_id=ticket.closed_by_id, in_time=in_time)
    else:
        rows.filter(at=ticket.closed_at).update(reopened_at=None)
    return None


def _end(ticket: Ticket, as_locked: dict, now: datetime) -> None:
    """A closing that nobody noted, as of a ticket that was brought in closed, is noted with its end."""
    ended = Closing.objects.filter(ticket=ticket, reopened_at=None).update(reopened_at=now)
    if not ended and as_locked.get("closed_at"):
        at, by = as_locked["closed_at"], as_locked["closed_by_id"]
        Closing.objects.create(ticket=ticket, at=at, by_id=by, reopened_at=max(at, now))


def _in_time(as_locked: dict, now: datetime) -> bool | None:
    """Whether a promised solution came in time. While the clocks stood still it could not be late."""
    due_at = as_locked["resolution_due_at"]
    return None if due_at is None else (as_locked["clocks_paused_at"] or now) <= due_at
