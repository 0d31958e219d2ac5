"""A case begins, enters and leaves stages, and ends. Whoever calls holds the ticket and the case (`rows.locked_case`).

Leaving a stage and cancelling what waits for it is one transaction: no reminder leaves after the customer answered.
"""

from datetime import date, datetime

from django.db import IntegrityError, transaction

import timers
from accounts.models import Person
from billing.choices import InvoiceState
from billing.models import Customer, Invoice, Order
from tickets import flow_times, flow_words, open_hours
from tickets.actions.flows.letters import say
from tickets.actions.flows.owners import acting_role, owner_of, tell_role
from tickets.actions.flows.rows import add_task, drop_tasks, note, read_locked, settle, tell_ticket
from tickets.actions.telling_programs import case_changed
from tickets.flow_choices import CUSTOMERS_MOVE, LIVE, CaseState, ExitOn, How, ReminderFrom, ReminderSort
from tickets.models import Case, CaseVisit, Flow, Stage, StageReminder, Ticket
from tickets.refusals import Refused

REMINDER = "tickets.case_reminder"
ESCALATES = "tickets.case_escalates"
EXHAUSTED = "tickets.case_exhausted"
PAID = "tickets.case_paid"
ENDED = "tickets.case_ended"
OF_A_STAGE = (REMINDER, ESCALATES, EXHAUSTED, PAID)
# A stage's date that is changed for the nth time gives its reminders the numbers n * AGAIN and on.
AGAIN = 100


class CannotBegin(Refused):
    """The flow cannot be begun. `case` is the one that runs here already."""

    def __init__(self, words: str, case: Case | None = None) -> None:
        super().__init__(words)
        self.case = case


class AlreadyRuns(CannotBegin):
    """The flow runs here already, as `case`."""


def begin(
    *,
    flow: Flow,
    row: Ticket,
    person: Person,
    now: datetime,
    by: Person | None = None,
    customer: Customer | None = None,
    order: Order | None = None,
    parent: Case | None = None,
) -> Case:
    """Let a customer begin a flow on a locked ticket. The caller settles the case. Raises CannotBegin.

    A flow runs once at a time for an order, and for a ticket where no order is named: two at once make one.
    """
    if not flow.is_enabled or flow.published is None:
        raise CannotBegin(f"{flow.name} is switched off, or was never published.")
    first = flow.published.stages.order_by("no").first()
    if first is None:
        raise CannotBegin(f"{flow.name} has no stages.")
    case = Case(
        flow=flow, version=flow.published, ticket=row, person=person, customer=customer, order=order, parent=parent,
        stage=first, state=CaseState.ACTIVE, entered_at=now, begun_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError:
        mine = {"order": order} if order else {"ticket": row, "order": None}
        running = Case.objects.filter(flow=flow, state__in=LIVE, parent=None, **mine).first()
        if running is None:
            raise
        raise AlreadyRuns(f"{flow.name} runs here already.", running) from None
    note(case, "begun", f"{flow.name} began" + (f" for order {order.number}" if order else ""), by=by, now=now)
    case_changed("case.begun", case, now=now)
    enter(row, case, first, now=now, by=by)
    return case


def enter(row: Ticket, case: Case, stage: Stage, *, now: datetime, by: Person | None = None) -> None:
    """The next visit: who owns it, when it is due, what the customer is told, what falls due while it lasts."""
    hours = open_hours.read()
    calendar = hours.of_team(row.team)
    case.visit += 1
    case.stage, case.entered_at, case.owner, case.reason = stage, now, None, ""
    case.scope_said_by, case.scope_why = None, ""
    case.role, case.moved_why = owner_of(stage)
    case.state = CaseState.WAITING if stage.exit_on in CUSTOMERS_MOVE else CaseState.ACTIVE
    case.due_at = flow_times.due_of(stage, calendar, now, case.date_on)
    case.save()
    CaseVisit.objects.create(case=case, no=case.visit, stage=stage, entered_at=now, due_at=case.due_at)
    if case.visit > 1:
        case_changed("case.moved", case, now=now)
    note(case, "entered", f"{stage.name}: {case.role or 'leads and admins'}", by=by, now=now)
    tell_ticket(row, case, f"now in “{stage.name}”", by=by, now=now)
    if case.moved_why:
        note(case, "moved", case.moved_why, now=now)
        tell_ticket(row, case, case.moved_why, now=now)
    if is_paid_already(case):  # in a moment the stage is left: whoever has paid is not asked to
        timers.schedule(kind=PAID, subject=case.pk, visit=case.visit, due_at=now)
    else:
        if flow_words.words_of(stage):
            say(row, case, flow_words.words_of(stage), key=f"{case.visit}:enter", hours=hours, now=now)
        _plan(case, stage, calendar, now)
    if case.state == CaseState.ACTIVE:
        tell_role(case, f"{stage.name} is yours to do", now=now)
    if stage.child_flow is not None:
        _begin_child(row, case, stage.child_flow, now=now, by=by)


def is_paid_already(case: Case) -> bool:
    """Whether the present stage waits for money that is here. No query where it waits for something else."""
    if case.stage.exit_on != ExitOn.PAYMENT_CLEARED or case.order_id is None:
        return False
    return Invoice.objects.filter(order=case.order_id, state=InvoiceState.PAID).exists()


def _begin_child(row: Ticket, case: Case, flow: Flow, *, now: datetime, by: Person | None) -> None:
    """Start the flow for which a stage waits. One that cannot begin holds the case up, and people are told.

    It never refuses: a customer's mail may be what brought the case here, and that is kept whatever a flow does.
    """
    above, one = {case.flow_id}, case.parent
    while one is not None:
        above.add(one.flow_id)
        one = one.parent
    try:
        if flow.pk in above:
            raise CannotBegin(f"{flow.name} would start itself, for ever.")
        begin(
            flow=flow, row=row, person=case.person, customer=case.customer, order=case.order, parent=case, now=now,
            by=by,
        )  # fmt: skip
    except CannotBegin as refusal:
        case.state, case.reason = CaseState.BLOCKED, str(refusal)[:200]
        case.save(update_fields=["state", "reason"])
        note(case, "blocked", case.reason, now=now)
        add_task(
            case, key="child", words=f"Say how this goes on. {refusal}", role=case.role, due_at=case.due_at, now=now
        )


def _plan(case: Case, stage: Stage, calendar, now: datetime) -> None:
    """Set the timers of a visit, and give the tasks that are there from the start."""
    for reminder in stage.reminders.select_related("role").order_by("no"):
        at = flow_times.reminder_at(reminder, calendar, now, case.due_at)
        if at is None:
            continue
        if at <= now and reminder.sort == ReminderSort.TASK:
            add_task(
                case, key=f"r{reminder.no}", words=reminder.words, role=acting_role(reminder.role) or case.role,
                due_at=flow_times.after(calendar, now, reminder.due_minutes), follows_up=reminder.follows_up, now=now,
            )  # fmt: skip
        else:
            timers.schedule(kind=REMINDER, subject=case.pk, visit=case.visit, number=reminder.no, due_at=at)
    for kind, minutes in ((ESCALATES, stage.escalate_minutes), (EXHAUSTED, stage.exhausted_minutes)):
        at = flow_times.after(calendar, now, minutes)
        if at is not None:
            timers.schedule(kind=kind, subject=case.pk, visit=case.visit, due_at=at)


def number_of(case: Case, reminder: StageReminder) -> int:
    """The number of a reminder's timer: another one each time the date changes from which it counts."""
    if reminder.counts_from != ReminderFrom.DUE:
        return reminder.no
    return reminder.no + AGAIN * case.events.filter(kind="date", visit=case.visit).count()


def plan_anew(case: Case, calendar) -> None:
    """The date was changed, and that is noted: what counts from it falls due anew, also where it was done before."""
    for reminder in case.stage.reminders.filter(counts_from=ReminderFrom.DUE):
        number = number_of(case, reminder)
        timers.cancel(kind=REMINDER, subject=case.pk, visit=case.visit, number=number - AGAIN)
        at = flow_times.reminder_at(reminder, calendar, case.entered_at, case.due_at)
        if at is not None:
            timers.schedule(kind=REMINDER, subject=case.pk, visit=case.visit, number=number, due_at=at)


def stop_timers(case: Case) -> int:
    """Nothing that waits for the present stage falls due any more. How many it was."""
    return sum(timers.cancel(kind=kind, subject=case.pk) for kind in OF_A_STAGE)


def leave(case: Case, how: How, *, now: datetime, by: Person | None = None, date_on: date | None = None) -> None:
    """The visit is over: its timers are cancelled and its tasks dropped."""
    stop_timers(case)
    drop_tasks(case, now=now)
    visit = CaseVisit.objects.filter(case=case, no=case.visit, left_at__isnull=True)
    visit.update(left_at=now, how=how, by=by, date_on=date_on)


def advance(
    row: Ticket,
    case: Case,
    how: How,
    *,
    now: datetime,
    by: Person | None = None,
    date_on: date | None = None,
    date_words: str = "",
    message_id: int | None = None,
) -> None:
    """Leave the present stage for the next one, or finish the case after the last."""
    text = f"{case.stage.name} ended {how.label}" + (f": {date_on:%-d %B %Y}" if date_on else "")
    note(case, "left", text, by=by, now=now, message_id=message_id)
    leave(case, how, now=now, by=by, date_on=date_on)
    if date_on is not None:
        case.date_on, case.date_words = date_on, date_words[:120]
    following = case.version.stages.filter(no__gt=case.stage.no).order_by("no").first()
    if following is None:
        _finish(row, case, now=now, by=by)
    else:
        enter(row, case, following, now=now, by=by)


def lose(row: Ticket, case: Case, reason: str, how: How, *, now: datetime, by: Person | None = None) -> None:
    """The case ends without what it was for. The reason is for staff."""
    note(case, "lost", f"{case.stage.name} ended {how.label}: {reason}", by=by, now=now)
    leave(case, how, now=now, by=by)
    _end(case, CaseState.LOST, now)
    case.reason = reason[:200]
    tell_ticket(row, case, f"lost: {reason}", by=by, now=now)
    case.save()
    _tell_parent(row, case, now=now)


def _finish(row: Ticket, case: Case, *, now: datetime, by: Person | None) -> None:
    note(case, "done", f"{case.flow.name} is done", by=by, now=now)
    _end(case, CaseState.DONE, now)
    tell_ticket(row, case, "done", by=by, now=now)
    case.save()
    if flow_words.last_words(case.version):
        hours = open_hours.read().of_team(row.team)
        at = flow_times.after(hours, now, case.version.after_minutes or 0)
        timers.schedule(kind=ENDED, subject=case.pk, visit=case.visit, due_at=at or now)
    _tell_parent(row, case, now=now)


def _end(case: Case, state: CaseState, now: datetime) -> None:
    case.state, case.ended_at, case.due_at = state, now, None
    case.role, case.moved_why, case.owner = None, "", None
    case_changed("case.ended", case, now=now)
    for child in Case.objects.filter(parent=case, state__in=LIVE).order_by("pk").values_list("pk", flat=True):
        running = read_locked(child)
        leave(running, How.LOST, now=now)
        _end(running, CaseState.LOST, now)
        running.reason = f"{case.flow.name} ended"
        running.save()


def _tell_parent(row: Ticket, case: Case, *, now: datetime) -> None:
    """The flow that started this one goes on, or says why it cannot."""
    if case.parent_id is None:
        return
    parent = read_locked(case.parent_id)
    if not parent.is_live or parent.stage.exit_on != ExitOn.CHILD_DONE or parent.stage.child_flow_id != case.flow_id:
        return
    if case.state == CaseState.DONE:
        advance(row, parent, How.CHILD_DONE, now=now)
    else:
        parent.state, parent.reason = CaseState.BLOCKED, f"{case.flow.name} was lost: {case.reason}"[:200]
        note(parent, "blocked", parent.reason, now=now)
    settle(row, parent, now=now)
