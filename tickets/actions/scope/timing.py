"""Minutes of help beyond what we support: a clock that runs, minutes that are noted, a warning before the end (N4)."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

import timers
from accounts import journal
from accounts.models import Person
from tickets.actions import notify
from tickets.actions.keeping import keep, locked, write_event
from tickets.choices import Category
from tickets.clocks import promise_for
from tickets.models import ScopeTime, Ticket, TicketScope
from tickets.refusals import Refused
from tickets.scope_time import counted_on, minutes_between, spent_on
from tickets.support_choices import Verdict

WARNS = "tickets.scope_warns"
MOST_MINUTES = 600


class CannotTime(Refused):
    """No minutes are noted. `field` is where the message belongs."""

    def __init__(self, words: str, field: str = "minutes") -> None:
        super().__init__(words)
        self.field = field


@transaction.atomic
def start(*, ticket: Ticket, by: Person, now: datetime) -> ScopeTime:
    """Let the clock of a ticket run. One that runs already goes on. Raises CannotTime."""
    row = locked(ticket)
    if row.category == Category.CLOSED:
        raise CannotTime("This ticket is closed.")
    found = _judged(row)
    running = ScopeTime.objects.filter(ticket=row, ended_at=None).first()
    if running is not None:
        return running
    made = ScopeTime.objects.create(
        ticket=row, person=by, began_at=now, verdict=_rule_of(found), is_overridden=found.overridden_at is not None
    )
    plan_warning(row, found, now=now)
    write_event(row, kind="scope_clock", text=f"{by.shown_name} began to work on it.", by=by, now=now)
    journal.record(by=by, action="tickets.start_scope_clock", subject=row, data={}, now=now)
    return made


@transaction.atomic
def stop(*, ticket: Ticket, by: Person, now: datetime) -> ScopeTime | None:
    """Stop the clock and count its minutes, begun ones in full. None runs: nothing happens."""
    row = locked(ticket)
    running = ScopeTime.objects.filter(ticket=row, ended_at=None).first()
    if running is None:
        return None
    running.minutes = minutes_between(running.began_at, now)
    running.ended_at = now
    running.save(update_fields=["minutes", "ended_at"])
    plan_warning(row, _judged(row), now=now)
    words = f"{by.shown_name} stopped after {running.minutes} minute{'' if running.minutes == 1 else 's'}."
    write_event(row, kind="scope_clock", text=words, by=by, now=now)
    journal.record(by=by, action="tickets.stop_scope_clock", subject=row, data={"minutes": running.minutes}, now=now)
    return running


def note_minutes(*, ticket: Ticket, minutes: int, key: str, by: Person, now: datetime) -> ScopeTime:
    """Minutes that somebody worked without the clock. The same form twice notes them once. Raises CannotTime."""
    if not 1 <= minutes <= MOST_MINUTES:
        raise CannotTime(f"Enter between 1 and {MOST_MINUTES} minutes.")
    with transaction.atomic():
        row = locked(ticket)
        found = _judged(row)
        known = ScopeTime.objects.filter(form_key=key).first() if key else None
        if known is not None:
            return known
        try:
            with transaction.atomic():
                made = ScopeTime.objects.create(
                    ticket=row, person=by, began_at=now - timedelta(minutes=minutes), ended_at=now, minutes=minutes,
                    verdict=_rule_of(found), is_overridden=found.overridden_at is not None, form_key=key[:43],
                )  # fmt: skip
        except IntegrityError:  # the same key on another ticket at this moment
            raise CannotTime("These minutes were noted a moment ago.") from None
        plan_warning(row, found, now=now)
        journal.record(by=by, action="tickets.note_minutes", subject=row, data={"minutes": minutes}, now=now)
    return made


def plan_warning(row: Ticket, found: TicketScope, *, now: datetime) -> None:
    """Let a timer fall due when the minutes after which an agent is warned are over, while the clock runs."""
    timers.cancel(kind=WARNS, subject=row.pk)
    if found.rule is None or found.rule.verdict != Verdict.BEST_EFFORT or found.warned_at or found.overridden_at:
        return
    left = found.rule.warn_after - counted_on(row)
    running = ScopeTime.objects.filter(ticket=row, ended_at=None).first()
    if running is not None:
        timers.schedule(kind=WARNS, subject=row.pk, due_at=running.began_at + timedelta(minutes=max(left, 0)))
    elif left <= 0:
        timers.schedule(kind=WARNS, subject=row.pk, due_at=now)


@transaction.atomic
def warn(*, ticket_id: int, now: datetime) -> None:
    """So many minutes are over: say it in the thread, bring the ticket up, tell whoever works on it. Once (N4)."""
    try:
        row = locked(ticket_id)
    except Ticket.DoesNotExist:
        return
    found = TicketScope.objects.select_for_update(of=("self",)).select_related("rule").filter(ticket=row).first()
    if found is None or found.rule is None or found.warned_at or found.overridden_at:
        return
    if spent_on(row, now) < found.rule.warn_after or row.category == Category.CLOSED:
        return
    found.warned_at = now
    found.save(update_fields=["warned_at"])
    left = max(0, found.rule.minutes - spent_on(row, now))
    text = f"{found.rule.minutes - left} of {found.rule.minutes} minutes of best effort are used."
    write_event(row, kind="scope_warned", text=text, by=None, now=now)
    row.came_back, row.is_unread = f"{left} minutes of best effort left", True
    keep(row, promise=promise_for(row), now=now)
    running = ScopeTime.objects.select_related("person").filter(ticket=row, ended_at=None).first()
    people = [running.person] if running else notify.escalation_of(row)
    notify.tell(people, row, text.rstrip("."), now)


def _judged(row: Ticket) -> TicketScope:
    found = TicketScope.objects.select_related("rule").filter(ticket=row).first()
    if found is None or found.rule is None:
        raise CannotTime("Say first what this is about, so that a rule says how far we help.")
    return found


def _rule_of(found: TicketScope) -> str:
    return found.rule.verdict if found.rule else Verdict.NONE
