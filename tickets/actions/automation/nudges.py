"""Nudge, nudge, close: a customer who does not answer is reminded twice, then the ticket is closed.

Only while the ticket waits on the customer and the newest words are ours. Each step counts from when the one before
really happened, so that workers who stood still for a week send one reminder and not three. What the customer cannot
be sent stops the reminders in sight of everybody: nothing is closed that nobody was asked about.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery

import timers
from accounts.journal import record
from supportdesk.lib.failpoints import failpoint
from tickets import clocks, may_close, open_hours
from tickets.actions.automation.customer_mail import CannotMail, write_to_customer
from tickets.actions.keeping import keep, locked, move, write_event
from tickets.choices import Author, Category, Channel, Delivery, NudgeState
from tickets.models import Message, Nudge, NudgePlan, Ticket
from tickets.refusals import Refused

LOOK = "tickets.nudge_looks"
NUDGE = "tickets.nudge"
EACH = timedelta(minutes=1)
AT_ONCE = 500
FIRST, SECOND, CLOSE = 1, 2, 3
STEPS = 4  # a timer's number, divided by it, leaves the step


def begin_looking(*, plan: NudgePlan, now: datetime) -> None:
    """Let a plan that was just switched on, or changed, look each minute from now on."""
    if plan.is_enabled:
        timers.schedule(kind=LOOK, subject=plan.pk, visit=plan.version, due_at=now)


@transaction.atomic
def look(*, plan_id: int, version: int, now: datetime) -> datetime | None:
    """Find whoever may be due for a step and give each a timer of its own; answers when to look again."""
    plan = NudgePlan.objects.select_related("team").filter(pk=plan_id, version=version, is_enabled=True).first()
    if plan is None:
        return None
    hours = open_hours.read().of_team(plan.team)
    hour = int(now.timestamp()) // 3600  # whoever was passed over is looked at again in the next one
    for step, days in _steps(plan):
        for ticket, answer, since in _waiting(plan, step, now - timedelta(days=days)):
            due_at = open_hours.days_later(hours, since, days)
            if due_at <= now:
                timers.schedule(kind=NUDGE, subject=ticket, visit=answer, number=hour * STEPS + step, due_at=now)
    return now + EACH


@transaction.atomic
def nudge(*, ticket_id: int, answer_id: int, step: int, now: datetime) -> datetime | None:
    """Do one step for one answer of ours, if it is still due. None when it is done or nobody waits any more."""
    try:
        row = locked(ticket_id)
    except Ticket.DoesNotExist:
        return None
    plan = NudgePlan.objects.filter(team=row.team_id, is_enabled=True).first()
    since = _since(row, answer_id, step) if plan else None
    if plan is None or since is None or not _still_waits(row, answer_id):
        return None
    hours = open_hours.read().of_team(row.team)
    due_at = max(open_hours.days_later(hours, since, dict(_steps(plan))[step]), open_hours.opening(hours, now))
    if due_at > now:
        return due_at
    done = _do(row, plan, answer_id, step, now)
    failpoint("tickets.nudge.done")
    data = {"step": step, "state": done.state, "answer": answer_id}
    record(by=None, action="tickets.nudge", subject=row, data=data, now=now)
    return None


def _steps(plan: NudgePlan) -> list[tuple[int, int]]:
    return [(FIRST, plan.first_after), (SECOND, plan.second_after), (CLOSE, plan.close_after)]


def _waiting(plan: NudgePlan, step: int, before: datetime) -> list[tuple[int, int, datetime]]:
    """(ticket, answer, since when) of tickets whose step may be due, the longest waiting first."""
    waiting = Ticket.objects.filter(
        team=plan.team_id, category=Category.WAITING, merged_into__isnull=True, snoozed_until__isnull=True,
        waiting_since__isnull=True, has_failed_delivery=False,
    ).exclude(channel__in=(Channel.SMS, Channel.CHAT))  # fmt: skip
    if step == FIRST:
        return _unreminded(waiting, before)
    following = Nudge.objects.filter(ticket=OuterRef("ticket"), answer_id=OuterRef("answer_id"), step=step)
    sent = Nudge.objects.filter(step=step - 1, state=NudgeState.SENT, at__lte=before, ticket__in=waiting)
    rows = sent.exclude(Exists(following)).order_by("at", "pk").values_list("ticket", "answer_id", "at")
    return list(rows[:AT_ONCE])


def _unreminded(waiting, before: datetime) -> list[tuple[int, int, datetime]]:
    newest = _people_wrote().filter(ticket=OuterRef("pk")).order_by("-pk")
    found = waiting.filter(last_message_at__lte=before).annotate(
        answer=Subquery(newest.values("pk")[:1]),
        answer_by=Subquery(newest.values("author")[:1]),
        answered_at=Subquery(newest.values("created_at")[:1]),
    )
    reminded = Nudge.objects.filter(ticket=OuterRef("pk"), answer_id=OuterRef("answer"))
    found = found.filter(answer_by=Author.AGENT, answered_at__lte=before).exclude(Exists(reminded))
    found = found.filter(Q(imported_at=None) | Q(answered_at__gt=F("imported_at")))  # answered here
    return list(found.order_by("answered_at", "pk").values_list("pk", "answer", "answered_at")[:AT_ONCE])


def _people_wrote():
    """Words of customers and agents that stand; the desk's own and those of machines are no answer."""
    return Message.objects.standing().filter(is_held=False, auto_reply="").exclude(author=Author.SYSTEM)


def _since(row: Ticket, answer_id: int, step: int) -> datetime | None:
    """From when the step counts; None when it was done, or the one before was not sent."""
    done = {one.step: one for one in Nudge.objects.filter(ticket=row, answer_id=answer_id)}
    if step in done or step not in (FIRST, SECOND, CLOSE):
        return None
    if step == FIRST:
        return Message.objects.filter(pk=answer_id, ticket=row).values_list("created_at", flat=True).first()
    before = done.get(step - 1)
    return before.at if before is not None and before.state == NudgeState.SENT else None


def _still_waits(row: Ticket, answer_id: int) -> bool:
    """We owe nothing: the newest words are this answer of ours, it arrived, and nobody put the ticket away."""
    if row.category != Category.WAITING or row.merged_into_id or row.waiting_since or row.snoozed_until:
        return False
    newest = _people_wrote().filter(ticket=row).order_by("-pk").first()
    return (
        newest is not None
        and newest.pk == answer_id
        and newest.author == Author.AGENT
        and newest.delivery not in (Delivery.FAILED, Delivery.PENDING)
        and not row.has_failed_delivery
    )


def _do(row: Ticket, plan: NudgePlan, answer_id: int, step: int, now: datetime) -> Nudge:
    body = {FIRST: plan.first_text, SECOND: plan.second_text, CLOSE: plan.close_text}[step]
    done = Nudge(ticket=row, answer_id=answer_id, step=step, at=now)
    try:
        with transaction.atomic():
            if not body.strip():
                raise CannotMail("The words of this reminder are missing in the settings of the team.")
            if step == CLOSE:
                may_close.check(row)
            done.message = write_to_customer(row, body=body, now=now)
            done.state = NudgeState.CLOSED if step == CLOSE else NudgeState.SENT
    except Refused as refusal:
        done.state, done.message, done.text = NudgeState.STOPPED, None, str(refusal)[:300]
        row = locked(row.pk)
    done.save()
    _tell(row, done, now)
    return done


def _tell(row: Ticket, done: Nudge, now: datetime) -> None:
    """What everybody sees of it. Reminders that stopped bring the ticket back to a person."""
    promise = clocks.promise_for(row)
    row.follow_up_at = None
    if done.state == NudgeState.STOPPED:
        row.follow_up_at, row.came_back, row.is_unread = now, "No reminder could be sent", True
    elif done.state == NudgeState.CLOSED:
        row.closed_by, row.closed_unanswered = None, False
        row.is_unread, row.came_back = False, ""
        move(row, Category.CLOSED, promise=promise, now=now)
    keep(row, promise=promise, now=now)
    words = {
        NudgeState.SENT: f"Reminder {done.step} was sent to the customer.",
        NudgeState.CLOSED: "Closed, since nobody answered.",
        NudgeState.STOPPED: f"No reminder was sent: {done.text}",
    }[NudgeState(done.state)]
    is_closed = done.state == NudgeState.CLOSED
    kind = "closed" if is_closed else "nudge"
    write_event(row, kind=kind, text=words, by=None, now=now, is_public=is_closed)
