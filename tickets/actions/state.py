"""Close, open again, wait, hold: the only ways in which an agent moves a ticket's state without writing."""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.journal import record
from tickets import clocks, may_close
from tickets.actions.deeds import note_deed
from tickets.actions.keeping import CannotMove, Line, keep, locked, move, write_event
from tickets.choices import LIVE, Category
from tickets.models import ContactReason, Status, Ticket

LONGEST_HOLD = timedelta(days=730)

__all__ = ["CannotMove", "close_ticket", "put_on_hold", "reopen_ticket", "set_reason", "set_waiting"]


@transaction.atomic
def close_ticket(
    *,
    ticket: Ticket,
    by,
    now: datetime,
    reason: ContactReason | None = None,
    status: Status | None = None,
    undoable: bool = False,
    is_alone: bool = False,
    unanswered: bool = False,
) -> None:
    """Nothing is left to do. `reason` says why the customer wrote; None is allowed, and counted as such.

    The requester may close their own. Staff who close while the customer waits for an answer give a reason or say
    `unanswered`; it is noted on the row. Closing twice changes nothing. Required fields and, unless it `is_alone`, open
    children stop staff. Raises CannotMove and the refusals of `may_close`.
    """
    row = locked(ticket)
    if by.pk != row.requester_id and row.category != Category.CLOSED:
        may_close.check(row, is_alone=is_alone)
        may_close.check_answered(row, reason=reason, unanswered=unanswered)
    line = close(row, by=by, reason=reason, status=status, promise=clocks.promise_for(row), now=now)
    if line is None:
        return
    keep(row, promise=clocks.promise_for(row), now=now)
    write_event(row, kind=line.kind, text=line.text, by=by, now=now, is_public=line.is_public)
    if undoable:
        note_deed(row, by=by, kind="closed", text=f"Ticket {row.pk} closed", parts=("state",), now=now)
    data = {"reason": row.contact_reason_id, "unanswered": row.closed_unanswered}
    record(by=by, action="tickets.close", subject=row, data=data, now=now)


def close(
    row: Ticket,
    *,
    by,
    reason: ContactReason | None,
    status: Status | None,
    promise: clocks.Promise | None,
    now: datetime,
) -> Line | None:
    """Close a locked row; None when it is closed. The caller keeps it. Raises CannotMove."""
    if row.category == Category.CLOSED:
        return None
    own = by.pk == row.requester_id
    row.closed_by, row.contact_reason = by, reason or row.contact_reason
    row.closed_unanswered = row.waiting_since is not None and not own
    row.is_unread, row.came_back, row.has_failed_delivery = False, "", False
    _move(row, Category.CLOSED, status, promise, now)
    return Line("closed", "Closed by the customer." if own else f"Closed by {by.shown_name}.", is_public=True)


@transaction.atomic
def reopen_ticket(*, ticket: Ticket, by, now: datetime, status: Status | None = None, undoable: bool = False) -> None:
    """Back to open, with fresh clocks after a close. Open already: only the state's name may change."""
    row = locked(ticket)
    line = reopen(row, by=by, status=status, promise=clocks.promise_for(row), now=now)
    if line is None:
        return
    keep(row, promise=clocks.promise_for(row), now=now)
    write_event(row, kind=line.kind, text=line.text, by=by, now=now, is_public=line.is_public)
    if undoable:
        note_deed(row, by=by, kind="reopened", text=f"Ticket {row.pk} opened again", parts=("state",), now=now)
    record(by=by, action="tickets.reopen", subject=row, data={}, now=now)


def reopen(row: Ticket, *, by, status: Status | None, promise: clocks.Promise | None, now: datetime) -> Line | None:
    """Open a locked row; None when it is open and in sight. The caller keeps it. Raises CannotMove."""
    if row.category in LIVE and status is None and row.snoozed_until is None:
        return None
    row.snoozed_until = None
    row.closed_unanswered = False
    _move(row, Category.OPEN, status, promise, now)
    own = by.pk == row.requester_id
    words = "Opened again by the customer." if own else f"Opened again by {by.shown_name}."
    return Line("reopened", words, is_public=own)


@transaction.atomic
def set_waiting(*, ticket: Ticket, by, now: datetime, status: Status | None = None, undoable: bool = False) -> None:
    """The customer's turn. Clocks stand still; it comes up again in three days or when they write."""
    row = locked(ticket)
    line = wait(row, by=by, status=status, promise=clocks.promise_for(row), now=now)
    keep(row, promise=clocks.promise_for(row), now=now)
    write_event(row, kind=line.kind, text=line.text, by=by, now=now)
    if undoable:
        words = f"Ticket {row.pk} waits for the customer"
        note_deed(row, by=by, kind="waiting", text=words, parts=("state",), now=now)
    record(by=by, action="tickets.wait", subject=row, data={}, now=now)


def wait(row: Ticket, *, by, status: Status | None, promise: clocks.Promise | None, now: datetime) -> Line:
    """Let a locked row wait for its customer. The caller keeps it. Raises CannotMove."""
    _move(row, Category.WAITING, status, promise, now)
    return Line("waiting", f"Set to {row.status.name} by {by.shown_name}.")


@transaction.atomic
def put_on_hold(
    *,
    ticket: Ticket,
    by,
    until: datetime | None,
    now: datetime,
    status: Status | None = None,
    undoable: bool = False,
) -> None:
    """Nobody here can do anything before `until`; None: the usual three days. Raises CannotMove."""
    if until is not None and until <= now:
        raise CannotMove("Choose a time that has not passed.")
    if until is not None and until - now > LONGEST_HOLD:
        raise CannotMove("A ticket can be on hold for two years at most.")
    row = locked(ticket)
    promise = clocks.promise_for(row)
    _move(row, Category.HOLD, status, promise, now)
    row.follow_up_at = until if until is not None else row.follow_up_at
    keep(row, promise=promise, now=now)
    write_event(row, kind="held", text=f"Set to {row.status.name} by {by.shown_name}.", by=by, now=now)
    if undoable:
        note_deed(row, by=by, kind="held", text=f"Ticket {row.pk} put on hold", parts=("state",), now=now)
    record(by=by, action="tickets.hold", subject=row, data={}, now=now)


@transaction.atomic
def set_reason(*, ticket: Ticket, reason: ContactReason | None, by, now: datetime, undoable: bool = False) -> None:
    """Say why the customer wrote, without closing; None takes it away."""
    row = locked(ticket)
    line = say_reason(row, reason=reason, by=by)
    if line is None:
        return
    keep(row, promise=clocks.promise_for(row), now=now)
    write_event(row, kind=line.kind, text=line.text, by=by, now=now)
    if undoable:
        note_deed(row, by=by, kind="reason", text=f"Reason of ticket {row.pk} set", parts=("reason",), now=now)
    record(by=by, action="tickets.reason", subject=row, data={"reason": row.contact_reason_id}, now=now)


def say_reason(row: Ticket, *, reason: ContactReason | None, by) -> Line | None:
    """Give a locked row its contact reason; None where it has it. The caller keeps it."""
    if row.contact_reason_id == (reason.pk if reason else None):
        return None
    row.contact_reason = reason
    words = f"said why they wrote: {reason.name}" if reason else "took the contact reason away"
    return Line("changed", f"{by.shown_name} {words}.")


def _move(row: Ticket, category: str, status: Status | None, promise: clocks.Promise | None, now: datetime) -> None:
    if status is not None and status.category != category:
        raise CannotMove(f"“{status.name}” is not a state of that kind.")
    move(row, category, promise=promise, now=now, status=status)
