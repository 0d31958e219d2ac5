"""A date that was breached before anybody looked is a breach, too, when the ticket moves on from it."""

from collections.abc import Iterable
from datetime import datetime

from tickets import clocks, open_days
from tickets.models import Breach, Ticket


def note(rows: Iterable[tuple[Ticket, clocks.Promise | None]], *, now: datetime) -> None:
    """Write down the breaches of dates that locked rows leave; one statement, none where nothing lay for a day.

    The ticket's timer writes the same row where it is first: workers that stood still, or are a second late, lose
    none. Whoever moved the ticket on has seen it, so nobody is told.
    """
    found = [breach for row, promise in rows if (breach := _breach_of(row, promise, now))]
    if found:
        Breach.objects.bulk_create(found, ignore_conflicts=True)


def _breach_of(row: Ticket, promise: clocks.Promise | None, now: datetime) -> Breach | None:
    before = row.__dict__.get("_as_it_was", {})
    since = before.get("next_action_at")
    if since is None or since == row.next_action_at or since + open_days.LEFT > now:
        return None
    left_at = open_days.after(promise.calendar if promise else None, since, open_days.LEFT)
    if left_at > now:
        return None
    return Breach(ticket=row, due_at=since, breached_at=left_at, noticed_at=now, person_id=before["assignee_id"])
