"""What people do to a case: begin one, take it, bring it on, do its tasks, give it up, say that we do not do this.

Who may: people of the role that has the case, leads and admins (`owners.may_act`). Every form names the visit that its
writer saw; of two at once one is refused, and nothing happens twice.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Q

from accounts import access, journal
from accounts.choices import Role
from accounts.models import Person, WorkRole
from accounts.work_roles import lanes
from billing.models import Customer, Order
from knowledgebase.models import Article
from mail.models import Mailbox
from tickets import flow_times, flow_words, open_hours
from tickets.actions.flows import letters, moving
from tickets.actions.flows.falling_due import followed_up
from tickets.actions.flows.owners import may_act, tell_role
from tickets.actions.flows.rows import add_task, locked_case, note, settle
from tickets.actions.keeping import locked_survivor
from tickets.flow_choices import WANTS_DATE, CaseState, CountsFrom, How, ReminderSort
from tickets.models import Case, CaseTask, CaseVisit, Flow, Ticket
from tickets.refusals import Refused

T = TypeVar("T")
# A supplier's date, or a visit: not long ago, not in another life.
EARLIEST, LATEST = timedelta(days=31), timedelta(days=3 * 366)
ALTERNATIVES = "alternatives"


class CannotMove(Refused):
    """The case stays where it is."""


class MovedOn(CannotMove):
    """Somebody, or the customer, was quicker."""

    def __init__(self, case: Case) -> None:
        where = f"is in “{case.stage.name}” now" if case.is_live else f"is {case.get_state_display().lower()}"
        super().__init__(f"This case moved on since you opened it: it {where}. Look at it again.")


class CannotDecline(CannotMove):
    """Nobody is declined before a lead agreed and alternatives are named (D9)."""


def begin_by_hand(*, flow: Flow, ticket: Ticket, by: Person, now: datetime, order: Order | None = None) -> Case:
    """Let the requester of a ticket begin a flow there. Raises CannotBegin with the case that runs already."""
    access.require(by, "tickets.work", ticket, now=now)
    with transaction.atomic():
        row = locked_survivor(ticket)
        fresh = Flow.objects.select_related("published").get(pk=flow.pk)
        buys_for = Q(person=row.requester) | Q(organisation__isnull=False, organisation=row.organisation)
        customer = order.customer if order else Customer.objects.filter(buys_for).order_by("pk").first()
        case = moving.begin(
            flow=fresh, row=row, person=row.requester, customer=customer, order=order, now=now, by=by
        )  # fmt: skip
        settle(row, case, now=now)
        journal.record(by=by, action="tickets.begin_flow", subject=case, data={"flow": flow.key}, now=now)
    return case


def take(*, case: Case, visit: int, by: Person, now: datetime) -> Case:
    """It is mine to do now. Of two at once one gets it. Raises MovedOn, CannotMove."""

    def act(row: Ticket, found: Case) -> None:
        if found.owner_id not in (None, by.pk):
            raise CannotMove(f"{found.owner} has it already.")
        found.owner = by
        note(found, "taken", f"{by.shown_name} takes it", by=by, now=now)

    return _acted(case, visit, act, "take_case", {}, by, now)


def go_on(
    *, case: Case, visit: int, by: Person, now: datetime, date_on: date | None = None, date_words: str = ""
) -> Case:
    """The stage is done: the next one begins, or the case ends. A stage that waits for a date wants it.

    Raises MovedOn, CannotMove.
    """

    def act(row: Ticket, found: Case) -> None:
        if found.scope_said_by is not None:
            raise CannotMove(f"{found.scope_said_by} says that we do not do this. A lead decides that first.")
        stage = found.stage
        if stage.exit_on in WANTS_DATE:
            _check_date(date_on, stage.date_label or "date", now)
        how = How(stage.exit_on) if stage.exit_on in WANTS_DATE else How.MANUAL
        given = date_on if stage.exit_on in WANTS_DATE else None
        moving.advance(row, found, how, date_on=given, date_words=date_words.strip(), by=by, now=now)

    return _acted(case, visit, act, "move_case", {"visit": visit}, by, now)


def change_date(*, case: Case, visit: int, date_on: date | None, date_words: str, by: Person, now: datetime) -> Case:
    """The supplier names another date: the stage is due anew, and the customer is told. Raises MovedOn, CannotMove."""

    def act(row: Ticket, found: Case) -> None:
        if found.stage.due_from != CountsFrom.DATE:
            raise CannotMove("This stage waits for no date.")
        _check_date(date_on, "date", now)
        if (found.date_on, found.date_words) == (date_on, date_words.strip()[:120]):
            return
        found.date_on, found.date_words = date_on, date_words.strip()[:120]
        hours = open_hours.read()
        found.due_at = flow_times.due_of(found.stage, hours.of_team(row.team), found.entered_at, date_on)
        CaseVisit.objects.filter(case=found, no=found.visit).update(due_at=found.due_at)
        named = CaseVisit.objects.filter(case=found, date_on__isnull=False).order_by("-no").values("pk")[:1]
        CaseVisit.objects.filter(pk__in=list(named.values_list("pk", flat=True))).update(date_on=date_on)
        note(found, "date", f"New date: {date_on:%-d %B %Y}", by=by, now=now)
        moving.plan_anew(found, hours.of_team(row.team))
        words = flow_words.words_of(found.stage)
        if words:
            again = found.events.filter(kind="date", visit=found.visit).count()
            letters.say(row, found, words, key=f"{found.visit}:date:{again}", hours=hours, now=now)

    return _acted(case, visit, act, "change_date_of_case", {"date": str(date_on)}, by, now)


def do_task(*, task: CaseTask, outcome: str, by: Person, now: datetime) -> CaseTask:
    """It is done, with what came of it. Done twice, the first time counts. Raises CannotMove."""
    role = _as_role(task, by)
    if role is None and not may_act(by, task.case):
        _refuse(by, task.case, "do_case_task", now)
    with transaction.atomic():
        row, case = locked_case(task.case)
        found = CaseTask.objects.select_related("role").get(pk=task.pk)
        if found.done_at is not None:
            return found
        if found.dropped_at is not None:
            raise CannotMove("The case moved on, so this need not be done any more.")
        found.done_at, found.done_by, found.outcome = now, by, outcome.strip()[:500]
        found.save(update_fields=["done_at", "done_by", "outcome"])
        came_of_it = f" ({found.outcome})" if found.outcome else ""
        note(case, "task_done", f"Done: {found.words}{came_of_it}", by=by, now=now)
        if found.follows_up and found.visit == case.visit:
            calendar = open_hours.read().of_team(row.team)
            asked_as = role or found.role
            followed_up(case, key=found.key, sort=ReminderSort.TASK, role=asked_as, calendar=calendar, by=by, now=now)
        settle(row, case, now=now)
        journal.record(by=by, action="tickets.do_case_task", subject=case, data={"task": found.pk}, now=now)
    return found


def give_up(*, case: Case, visit: int, reason: str, by: Person, now: datetime) -> Case:
    """The case is lost, with the reason. Raises MovedOn, CannotMove."""

    def act(row: Ticket, found: Case) -> None:
        if not reason.strip():
            raise CannotMove("Say why it is lost: the report counts reasons.")
        moving.lose(row, found, reason.strip(), How.LOST, by=by, now=now)

    return _acted(case, visit, act, "lose_case", {}, by, now)


def say_out_of_scope(*, case: Case, visit: int, why: str, by: Person, now: datetime) -> Case:
    """The owner thinks that we do not do this. Nothing is declined yet: a lead has to agree (D9, R49)."""

    def act(row: Ticket, found: Case) -> None:
        if not found.stage.checks_scope:
            raise CannotMove("In this stage nobody decides about what we take on.")
        if not why.strip():
            raise CannotMove("Say what is beyond what we do, and what you tried.")
        found.scope_said_by, found.scope_why, found.state = by, why.strip()[:500], CaseState.BLOCKED
        found.reason = "A lead decides whether we do this"
        text = f"{by.shown_name} says that we do not do this: {found.scope_why}"
        note(found, "scope", text, by=by, now=now)
        due_at = flow_times.after(open_hours.read().of_team(row.team), now, letters.TASK_MINUTES)
        add_task(found, key="scope", words="Decide whether we do this", role=None, due_at=due_at, now=now)
        tell_leads(found, now)

    return _acted(case, visit, act, "say_out_of_scope", {}, by, now)


def tell_leads(case: Case, now: datetime) -> None:
    """Leads and admins are told that one of them has to decide."""
    role, case.role = case.role, None
    tell_role(case, "A lead decides whether we do this", now=now)
    case.role = role


def keep_in_scope(*, case: Case, visit: int, by: Person, now: datetime) -> Case:
    """A lead says that we do it after all. Raises MovedOn, CannotDecline; NotAllowed for anybody else."""
    _require_lead(case, by, now)

    def act(row: Ticket, found: Case) -> None:
        _said(found)
        found.scope_said_by, found.scope_why, found.state, found.reason = None, "", CaseState.ACTIVE, ""
        CaseTask.objects.filter(case=found, visit=found.visit, key="scope", done_at=None).update(dropped_at=now)
        note(found, "scope", f"{by.shown_name} says that we do it", by=by, now=now)

    return _acted(case, visit, act, "keep_in_scope", {}, by, now)


def decline(*, case: Case, visit: int, template: Article | None, alternatives: str, by: Person, now: datetime) -> Case:
    """A lead agrees that we do not do this; the customer gets the chosen words, with what we offer instead (D9).

    Raises CannotDecline until the owner said so, a lead other than the owner agrees, and alternatives are named.
    """
    _require_lead(case, by, now)

    def act(row: Ticket, found: Case) -> None:
        if _said(found) == by:
            raise CannotDecline("You said it yourself. Another lead has to agree.")
        words = flow_words.Words(template, "")
        if template is None or words.problem() or not words.needs(ALTERNATIVES):
            raise CannotDecline("Choose a template that names alternatives.")
        named = [" ".join(line.split()) for line in alternatives.replace("\x00", "").splitlines() if line.strip()]
        if not named:
            raise CannotDecline("Name at least one alternative: what the customer can do instead.")
        values = flow_words.values_of(found, row.mailbox or Mailbox.objects.default_or_any())
        text = flow_words.filled(words, values | {ALTERNATIVES: "\n".join(f"- {line}" for line in named)})
        sent = letters.write(row, found, text, now=now)
        note(found, "mail", f"Mail to {found.person.shown_name}: {words.name}", message_id=sent.pk, by=by, now=now)
        why = f"Beyond what we do: {found.scope_why}"
        moving.lose(row, found, why, How.DECLINED, by=by, now=now)

    data = {"template": template.pk if template else None}
    return _acted(case, visit, act, "decline_case", data, by, now)


def _said(found: Case) -> Person:
    if found.scope_said_by is None:
        raise CannotDecline("Nobody said that this is beyond what we do. Its owner says so first, and what they tried.")
    return found.scope_said_by


def _require_lead(case: Case, by: Person, now: datetime) -> None:
    if by.roles.isdisjoint({Role.LEAD, Role.ADMIN}):
        _refuse(by, case, "decline_case", now)


def _acted(
    case: Case,
    visit: int,
    act: Callable[[Ticket, Case], None],
    verb: str,
    data: dict,
    by: Person,
    now: datetime,
) -> Case:
    """Do `act` to the case in the visit that its writer saw, journal it, and answer the case as it stands then."""
    case = Case.objects.select_related("role").get(pk=case.pk)  # as it stands now, not when its page was opened
    if not may_act(by, case):
        _refuse(by, case, verb, now)
    with transaction.atomic():
        row, found = locked_case(case)
        if not found.is_live or found.visit != visit:
            raise MovedOn(found)
        act(row, found)
        settle(row, found, now=now)
        journal.record(by=by, action=f"tickets.{verb}", subject=found, data=data, now=now)
    return found


def _refuse(by: Person, case: Case, verb: str, now: datetime) -> None:
    journal.record(by=by, action="accounts.refused", subject=case, data={"tried": f"tickets.{verb}"}, now=now)
    raise access.NotAllowed(f"This is for {case.role or 'leads and admins'}. Ask somebody there.")


def _as_role(task: CaseTask, by: Person) -> WorkRole | None:
    """In which role somebody does a task: its own where they are in that, else the first that they are in."""
    now_in = lanes()
    if task.role is not None and by.pk in now_in.people(task.role_id):
        return task.role
    if task.role is not None and not may_act(by, task.case):
        return None
    mine = [role for key, role in now_in.roles.items() if by.pk in now_in.members.get(key, ())]
    return mine[0] if mine and may_act(by, task.case) else None


def _check_date(day: date | None, label: str, now: datetime) -> None:
    if day is None:
        raise CannotMove(f"Enter the {label[0].lower()}{label[1:]}.")
    if not now.date() - EARLIEST <= day <= now.date() + LATEST:
        raise CannotMove("That date is too far away. Check the year.")
