"""Put a ticket away until a time or until something happens, and take it out again."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.journal import record
from tickets import clocks
from tickets.actions.deeds import note_deed
from tickets.actions.keeping import Line, keep, locked, write_event
from tickets.choices import Category
from tickets.models import Ticket
from tickets.refusals import Refused

LONGEST = timedelta(days=14)
# The customer's answer ends every snooze; this one was put away for nothing else.
ANSWER = "answer"
CAME_BACK_LENGTH = 60


class CannotSnooze(Refused):
    """The time has passed, is too far away, or the ticket is closed."""


@transaction.atomic
def snooze(
    *,
    ticket: Ticket,
    until: datetime,
    by,
    now: datetime,
    wakes_on: str = "",
    stays: bool = False,
    undoable: bool = False,
) -> None:
    """Out of sight until `until`, at most 14 days. It returns at the time, or when the customer writes.

    `wakes_on` names what brings it back earlier (ANSWER, or a condition as `wake_for` knows it); `stays` lets a mere
    thank-you leave it where it is. The clocks of a live ticket run on: a promise that breaks brings it back earlier.
    Raises CannotSnooze.
    """
    check_until(until, now)
    row = locked(ticket)
    line = put_away(row, until=until, by=by, wakes_on=wakes_on, stays=stays)
    keep(row, promise=clocks.promise_for(row), now=now)
    write_event(row, kind=line.kind, text=line.text, by=by, now=now)
    if undoable:
        note_deed(row, by=by, kind="snoozed", text=f"Ticket {row.pk} snoozed", parts=("state",), now=now)
    data = {"until": until.isoformat(), "wakes_on": wakes_on}
    record(by=by, action="tickets.snooze", subject=row, data=data, now=now)


def check_until(until: datetime, now: datetime) -> None:
    """Raises CannotSnooze for a time that has passed or is too far away."""
    if until <= now:
        raise CannotSnooze("Choose a time that has not passed.")
    if until - now > LONGEST:
        raise CannotSnooze("A ticket can be snoozed for 14 days at most.")


def put_away(row: Ticket, *, until: datetime, by, wakes_on: str = "", stays: bool = False) -> Line:
    """Snooze a locked row. The caller keeps it. Raises CannotSnooze for a closed one."""
    if row.category == Category.CLOSED:
        raise CannotSnooze("A closed ticket needs no snooze.")
    row.snoozed_until, row.follow_up_at, row.came_back = until, None, ""
    row.wakes_on, row.stays_snoozed = wakes_on, stays
    ends = " until the customer answers" if wakes_on == ANSWER else ""
    return Line("snoozed", f"Snoozed{ends} by {by.shown_name}.")


@transaction.atomic
def wake(*, ticket: Ticket, by, now: datetime, undoable: bool = False) -> None:
    """Back into the list before its time. Not snoozed: nothing happens."""
    row = locked(ticket)
    if row.snoozed_until is None:
        return
    row.snoozed_until = None
    keep(row, promise=clocks.promise_for(row), now=now)
    write_event(row, kind="woke", text=f"Taken out of snooze by {by.shown_name}.", by=by, now=now)
    if undoable:
        note_deed(row, by=by, kind="woke", text=f"Ticket {row.pk} woken", parts=("state",), now=now)
    record(by=by, action="tickets.wake", subject=row, data={}, now=now)


@transaction.atomic
def wake_for(*, condition: str, why: str, now: datetime) -> int:
    """Something happened that tickets were waiting for: bring them back and say `why` in the list.

    `condition` is what their `wakes_on` names, as “invoice_paid:12”. Answers how many came back; asked again, none.
    """
    waiting = Ticket.objects.snoozed().filter(wakes_on=condition).order_by("pk").values_list("pk", flat=True)
    count = 0
    for pk in list(waiting):
        row = locked(pk)
        if row.wakes_on != condition or row.snoozed_until is None:
            continue
        row.follow_up_at = now
        row.snoozed_until = None
        row.came_back, row.is_unread = why[:CAME_BACK_LENGTH], True
        keep(row, promise=clocks.promise_for(row), now=now)
        write_event(row, kind="woke", text=f"Came back: {why}.", by=None, now=now)
        count += 1
    return count
