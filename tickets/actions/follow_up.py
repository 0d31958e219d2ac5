"""When somebody wants to see a ticket again."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.journal import record
from tickets import clocks
from tickets.actions.deeds import note_deed
from tickets.actions.keeping import keep, locked, write_event
from tickets.choices import Category
from tickets.models import Ticket
from tickets.refusals import Refused

LONGEST = timedelta(days=730)


class CannotFollowUp(Refused):
    """The time has passed or is too far away, or the ticket is closed."""


@transaction.atomic
def set_follow_up(*, ticket: Ticket, at: datetime | None, by, now: datetime, undoable: bool = False) -> None:
    """Bring the ticket up again at `at`; None: when it is usual for its state. Raises CannotFollowUp."""
    if at is not None and at <= now:
        raise CannotFollowUp("Choose a time that has not passed.")
    if at is not None and at - now > LONGEST:
        raise CannotFollowUp("A follow-up can lie two years ahead at most.")
    row = locked(ticket)
    if row.category == Category.CLOSED:
        raise CannotFollowUp("A closed ticket has no follow-up. Open it again first.")
    row.follow_up_at = at
    row.came_back = ""
    keep(row, promise=clocks.promise_for(row), now=now)
    words = f"Follow-up set for {at:%d %B %Y} by {by.shown_name}." if at else f"Follow-up cleared by {by.shown_name}."
    write_event(row, kind="follow_up", text=words, by=by, now=now)
    if undoable:
        words = f"Follow-up of ticket {row.pk} changed"
        note_deed(row, by=by, kind="follow_up", text=words, parts=("follow_up",), now=now)
    record(by=by, action="tickets.follow_up", subject=row, data={"at": at}, now=now)
