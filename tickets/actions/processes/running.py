"""What every verb of a run does: lock it, plan the dates of its steps, end it, tell the ticket."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Min

import timers
from knowledgebase.choices import DueFrom, Visibility
from knowledgebase.models import Step
from supportdesk.lib.business_hours import Calendar
from tickets import clocks, open_hours
from tickets.actions.keeping import keep, locked, write_event
from tickets.choices import SETTLED, ProcessState
from tickets.models import ProcessRun, RunStep, Ticket
from tickets.refusals import Refused

STEP_DUE = "tickets.step_due"


class CannotRun(Refused):
    """The process or its step is not in a state in which that can be done."""


def title_of(run: ProcessRun) -> str:
    """What a line or a mail about a run calls it. All of the desk reads threads, but not the spaces of roles."""
    return "a process" if _is_kept(run) else f"“{run.revision.title}”"


def words_of(run: ProcessRun, step: Step) -> str:
    """The same for one of its steps: step 2, Call the customer"""
    return f"step {step.no}" if _is_kept(run) else f"step {step.no}, {step.title}"


def said_of(run: ProcessRun, words: str) -> str:
    """What somebody wrote about it, behind a colon, where everybody may read that."""
    return "" if _is_kept(run) else f": {words}"


def _is_kept(run: ProcessRun) -> bool:
    return run.article.space.visibility == Visibility.ROLE


def locked_run(run: ProcessRun) -> tuple[Ticket, ProcessRun]:
    """The ticket and its run, locked in this order. Raises CannotRun where the run is over."""
    row, found = locked_with_run(run)
    if found.state != ProcessState.RUNNING:
        raise CannotRun(f"“{found.revision.title}” is over on this ticket.")
    return row, found


def locked_with_run(run: ProcessRun) -> tuple[Ticket, ProcessRun]:
    """The same of a run that may be over. A merge may have moved it since it was read.

    As in `keeping.locked_with_message`, a lock on the wrong ticket is let go before the next is taken.
    """
    rows = ProcessRun.objects.select_for_update(of=("self",)).select_related("article__space", "revision")
    ticket = run.ticket_id
    while True:
        kept = transaction.savepoint()
        row, found = locked(ticket), rows.get(pk=run.pk)
        if found.ticket_id == row.pk:
            transaction.savepoint_commit(kept)
            return row, found
        transaction.savepoint_rollback(kept)
        ticket = found.ticket_id


def current_steps(run: ProcessRun) -> list[RunStep]:
    """The steps of the version that the run follows, in order. One query."""
    rows = run.steps.filter(is_current=True).select_related("step", "role", "person")
    return list(rows.order_by("step__no"))


def hours_of(ticket: Ticket) -> Calendar | None:
    """The open hours in which the ticket's steps are done: those of its service level."""
    promise = clocks.promise_for(ticket)
    if promise:
        return promise.calendar
    level = ticket.service_level or clocks.level_for(ticket.team)
    return clocks.calendar_of(level.calendar) if level else None


def date_steps(ticket: Ticket, run: ProcessRun, steps: list[RunStep], *, now: datetime) -> None:
    """Date each open step that counts from an earlier one, and let a timer look at every step with a date.

    What counts from a step that is open again has no date. Steps that count from the start keep theirs.
    """
    settled = {one.step.no: one.settled_at for one in steps if one.state in SETTLED}
    hours, moved = hours_of(ticket), []
    for one in steps:
        if one.state in SETTLED or one.step.due_from != DueFrom.STEP or one.step.due_minutes is None:
            continue
        since = settled.get(one.step.due_step or 0)
        due_at = open_hours.so_long_after(hours, since, one.step.due_minutes) if since else None
        if due_at != one.due_at:
            one.due_at, one.warned_at = due_at, None
            moved.append(one)
    RunStep.objects.bulk_update(moved, ["due_at", "warned_at"])
    set_timers(run, moved)


def set_timers(run: ProcessRun, steps: Iterable[RunStep]) -> None:
    """Let each of these steps be looked at when it is due, and no other time."""
    found = list(steps)
    timers.cancel_many(kind=STEP_DUE, subjects=[one.pk for one in found])
    due = [(one.pk, run.visit, one.due_at) for one in found if one.due_at and one.state not in SETTLED]
    timers.schedule_many(kind=STEP_DUE, timers=due)


def keep_run(ticket: Ticket, run: ProcessRun, *, now: datetime, words: str, by, kind: str = "process") -> None:
    """Save the run, plan the ticket's next date with its steps, and write a line into the thread.

    The caller has bumped nothing: the visit rises here.
    """
    run.visit += 1
    run.save()
    ticket.steps_due_at = RunStep.objects.to_do().filter(run__ticket=ticket).aggregate(at=Min("due_at"))["at"]
    keep(ticket, promise=clocks.promise_for(ticket), now=now)
    write_event(ticket, kind=kind, text=words, by=by, now=now)


def end_if_settled(run: ProcessRun, steps: list[RunStep], *, by, now: datetime) -> bool:
    """The last step was settled: the run is done."""
    if any(one.state not in SETTLED for one in steps):
        return False
    run.state, run.ended_by, run.ended_at = ProcessState.DONE, by, now
    return True
