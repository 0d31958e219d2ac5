"""Two at once and killed in the middle, on PostgreSQL: each step, run and held reply has one effect (A11, R75)."""

from datetime import timedelta

import pytest

from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import add_text, make_process
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import accompanied, held_replies, processes
from tickets.actions.drafts import Form
from tickets.actions.processes.running import STEP_DUE, current_steps
from tickets.choices import HeldState, StepState
from tickets.models import Apprentice, Message, ProcessRun, RunStep, Team, TicketEvent
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = "## Steps\n### One\n### Two\nWHEN: within 1 hour of step 1\n"


@pytest.fixture
def run(agent):
    return processes.start_run(ticket=make_ticket(), article=make_process(markdown=STEPS), by=agent, now=WEDNESDAY)


def test_A11_of_two_simultaneous_claims_one_wins(at_once, run, agent, lead):
    step = current_steps(run)[0]
    assert at_once(("claim_step", step.pk, agent.pk), ("claim_step", step.pk, lead.pk)) == ["StepTaken", "done"]
    step.refresh_from_db()
    assert step.state == StepState.CLAIMED
    assert TicketEvent.objects.filter(kind="process", text__contains="took step 1").count() == 1


def test_R75_two_who_do_one_step_do_it_once_and_two_who_start_a_process_start_one(at_once, run, agent, lead):
    step = current_steps(run)[0]
    assert at_once(("finish_step", step.pk, agent.pk), ("finish_step", step.pk, lead.pk)) == ["StepTaken", "done"]
    other = make_ticket()
    start = ("start_run", other.pk, agent.pk, run.article_id)
    assert at_once(start, start) == ["CannotRun", "done"]
    newest = add_text(run.article, STEPS + "### Three\n").published
    run.refresh_from_db()
    follow = ("sync_run", run.pk, agent.pk, newest.no, run.visit)
    assert at_once(follow, follow) == ["CannotRun", "done"]
    assert [one.state for one in current_steps(run)] == ["done", "todo", "todo"]
    assert RunStep.objects.filter(run=run, is_current=True).count() == 3


@pytest.mark.parametrize(
    ("verb", "place"), [("finish_step", "settled"), ("sync_run", "synced"), ("start_run", "started")]
)
def test_killed_in_the_middle_a_step_is_as_before_and_can_be_done_again(desk, at_once, run, agent, verb, place):
    newest = add_text(run.article, STEPS + "### Three\n").published
    run.refresh_from_db()
    call = {
        "finish_step": (current_steps(run)[0].pk, agent.pk),
        "sync_run": (run.pk, agent.pk, newest.no, run.visit),
        "start_run": (make_ticket().pk, agent.pk, run.article_id),
    }[verb]
    before = list(RunStep.objects.order_by("pk").values())
    process = desk(verb, *call, FAILPOINT=f"tickets.process.{place}")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9
    assert list(RunStep.objects.order_by("pk").values()) == before
    assert at_once((verb, *call)) == ["done"]
    assert ProcessRun.objects.count() == (2 if verb == "start_run" else 1)


def test_R75_a_step_that_is_overdue_is_told_of_once_by_three_workers_and_not_by_a_killed_one(
    desk, at_once, run, agent, lead
):
    """The timer of a step: its line, its mail and its mark commit together; whoever dies in between leaves none."""
    RunStep.objects.filter(pk=current_steps(run)[0].pk).update(person=agent, state=StepState.CLAIMED)
    processes.finish(step=current_steps(run)[0], by=agent, now=WEDNESDAY)
    second = current_steps(run)[1]
    assert second.due_at is not None
    late = second.due_at + timedelta(minutes=1)
    Team.objects.update(lead=lead)
    before = OutgoingMail.objects.count()
    process = desk("sweep", now=late, FAILPOINT="tickets.process.warned")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9
    second.refresh_from_db()
    assert second.warned_at is None and OutgoingMail.objects.count() == before

    at_once(*[("sweep",)] * 3, now=late + timedelta(minutes=5))
    sweep(now=late + timedelta(minutes=10))

    told = OutgoingMail.objects.filter(subject__contains="overdue")
    assert told.count() == len(set(told.values_list("to_address", flat=True))) > 0
    assert TicketEvent.objects.filter(ticket=run.ticket_id, kind="step_overdue").count() == 1
    assert not Timer.objects.filter(kind=STEP_DUE, done_at=None).exists()


def test_R93_two_reviewers_who_let_a_reply_go_send_it_once_and_a_killed_one_sends_none(desk, at_once, agent, lead):
    novice, ticket = make_staff("agent"), make_ticket()
    row = accompanied.accompany(person=novice, reviewer=agent, runs_needed=1, by=lead, now=WEDNESDAY)
    held = held_replies.hand_in(
        ticket=ticket, by=novice, apprentice=row, text="Hello", to=None, cc=None, then="waiting", reason=None,
        last_seen=ticket.last_message_id, seen_note=0, form=Form(), now=WEDNESDAY,
    )  # fmt: skip
    before = OutgoingMail.objects.filter(to_address=ticket.requester.email).count()
    process = desk("send_held", held.pk, agent.pk, FAILPOINT="tickets.held_reply.sent")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9
    assert Message.objects.filter(person=novice).count() == 0
    assert at_once(("send_held", held.pk, agent.pk), ("send_held", held.pk, lead.pk)) == ["CannotAccompany", "done"]
    assert OutgoingMail.objects.filter(to_address=ticket.requester.email).count() == before + 1
    held.refresh_from_db()
    assert held.state == HeldState.SENT
    assert Apprentice.objects.count() == 1
