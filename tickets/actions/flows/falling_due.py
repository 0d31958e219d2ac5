"""What time does to a case: reminders, escalation, giving up, the last mail. Each once, however often it is asked.

A timer names the visit for which it was set. Whoever comes for an older visit, or for a case that ended, does nothing.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from supportdesk.lib.failpoints import failpoint
from tickets import flow_times, flow_words, open_hours
from tickets.actions.flows.letters import TASK_MINUTES, say
from tickets.actions.flows.moving import AGAIN, advance, is_paid_already, lose, number_of
from tickets.actions.flows.owners import acting_role, owner_of, tell_role
from tickets.actions.flows.rows import add_task, locked_case, note, settle, tell_ticket
from tickets.flow_choices import How, OnExhausted, ReminderSort
from tickets.models import Case, FollowUp, StageReminder, Ticket

UNANSWERED = "Nobody answered"


def remind(*, case_id: int, visit: int, number: int, now: datetime) -> datetime | None:
    """A reminder of a stage is due: a mail, or a task. Answers when to ask again, where it is not due after all."""

    def act(row: Ticket, case: Case) -> datetime | None:
        reminder = StageReminder.objects.select_related("role", "template__published").filter(
            stage=case.stage_id, no=number % AGAIN
        ).first()  # fmt: skip
        if reminder is None or number != number_of(case, reminder) or (reminder.follows_up and _answered(case)):
            return None
        hours = open_hours.read()
        calendar = hours.of_team(row.team)
        at = flow_times.reminder_at(reminder, calendar, case.entered_at, case.due_at)
        if at is not None and reminder.sort == ReminderSort.MAIL:
            at = max(at, open_hours.opening(calendar, now))
        if at is None or at > now:  # holidays were entered since, or nobody works now
            return at
        _do(row, case, reminder, number // AGAIN, hours, now)
        failpoint("tickets.flows.reminded")
        return None

    return _on_visit(case_id, visit, act, now)


def _answered(case: Case) -> bool:
    """Whether the customer answered in this visit: whoever waited for the lock of their answer asks no more."""
    return case.events.filter(kind="answered", visit=case.visit).exists()


def _do(row: Ticket, case: Case, reminder: StageReminder, again: int, hours: open_hours.Hours, now: datetime) -> None:
    key, calendar = f"r{reminder.no}" + (f".{again}" if again else ""), hours.of_team(row.team)
    if reminder.sort == ReminderSort.TASK:
        add_task(
            case, key=key, words=reminder.words, role=acting_role(reminder.role) or case.role,
            due_at=flow_times.after(calendar, now, reminder.due_minutes or TASK_MINUTES),
            follows_up=reminder.follows_up, now=now,
        )  # fmt: skip
        tell_role(case, f"To do: {reminder.words}", role=acting_role(reminder.role) or case.role, now=now)
        return
    words = flow_words.words_of(reminder)
    sent = say(row, case, words, key=f"{case.visit}:{key}", hours=hours, is_reminder=True, now=now)
    if sent is not None and reminder.follows_up:
        followed_up(case, key=key, sort=ReminderSort.MAIL, role=reminder.role or case.role, calendar=calendar, now=now)


def followed_up(case: Case, *, key: str, sort: ReminderSort, role, calendar, now: datetime, by=None) -> None:
    """The customer was asked again: what the report of D10 counts, once for each."""
    minutes = open_hours.minutes_between(calendar, case.entered_at, now)
    row = FollowUp(case=case, visit=case.visit, key=key[:40], sort=sort, role=role, by=by, at=now, open_minutes=minutes)
    FollowUp.objects.bulk_create([row], ignore_conflicts=True)


def escalate(*, case_id: int, visit: int, now: datetime) -> datetime | None:
    """A stage takes too long: another role has it from now on."""

    def act(row: Ticket, case: Case) -> datetime | None:
        calendar = open_hours.read().of_team(row.team)
        at = flow_times.after(calendar, case.entered_at, case.stage.escalate_minutes)
        if at is None or at > now:
            return at
        role, why = owner_of(case.stage, slow=True)
        words = f"{case.stage.name} took too long and went to {role or 'leads and admins'}"
        if not note(case, "escalated", words, key=f"escalated:{case.visit}", now=now):
            return None
        case.role, case.moved_why, case.owner = role, why, None
        tell_ticket(row, case, words, now=now)
        tell_role(case, words, now=now)
        return None

    return _on_visit(case_id, visit, act, now)


def exhaust(*, case_id: int, visit: int, now: datetime) -> datetime | None:
    """The customer never answered."""

    def act(row: Ticket, case: Case) -> datetime | None:
        calendar, stage = open_hours.read().of_team(row.team), case.stage
        at = flow_times.after(calendar, case.entered_at, stage.exhausted_minutes)
        if at is None or at > now:
            return at
        if _answered(case):
            return None
        if stage.on_exhausted == OnExhausted.LOST:
            lose(row, case, stage.exhausted_words or UNANSWERED, How.EXHAUSTED, now=now)
        elif stage.on_exhausted == OnExhausted.NEXT:
            advance(row, case, How.EXHAUSTED, now=now)
        else:
            due_at = flow_times.after(calendar, now, TASK_MINUTES)
            add_task(
                case, key="exhausted", words=stage.exhausted_words or UNANSWERED, role=case.role, due_at=due_at, now=now
            )
        return None

    return _on_visit(case_id, visit, act, now)


def look_paid(*, case_id: int, visit: int, now: datetime) -> datetime | None:
    """A stage was entered whose money was here already: it ends."""
    return _on_visit(case_id, visit, lambda row, case: None, now)


@transaction.atomic
def say_goodbye(*, case_id: int, visit: int, now: datetime) -> None:
    """The last mail of a case that is done, such as how it went."""
    try:
        row, case = locked_case(case_id)
    except Case.DoesNotExist:
        return
    if case.visit != visit or case.is_live:
        return
    say(row, case, flow_words.last_words(case.version), key="end", hours=open_hours.read(), is_reminder=True, now=now)
    settle(row, case, now=now)


@transaction.atomic
def _on_visit(
    case_id: int, visit: int, act: Callable[[Ticket, Case], datetime | None], now: datetime
) -> datetime | None:
    """Do something for a case that is still in the visit for which the timer was set."""
    try:
        row, case = locked_case(case_id)
    except Case.DoesNotExist:
        return None
    if case.visit != visit or not case.is_live:
        return None
    if is_paid_already(case):  # whatever falls due: nobody is asked for what they paid, nor given up
        advance(row, case, How.PAYMENT_CLEARED, now=now)
        settle(row, case, now=now)
        return None
    again = act(row, case)
    if again is None:
        settle(row, case, now=now)
    return again
