"""Processes of the wiki as they are done on tickets."""

from datetime import timedelta

import pytest

from accounts.access import NotAllowed
from accounts.actions.people import deactivate_person
from accounts.models import WorkRole, WorkRoleMember
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.knowledgebase import add_text, make_process
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import processes
from tickets.actions.merge import merge, unmerge
from tickets.actions.processes import warning
from tickets.actions.processes.running import CannotRun, current_steps
from tickets.actions.state import close_ticket, reopen_ticket, set_waiting
from tickets.choices import NextAction, ProcessState, StepState
from tickets.models import RunStep, Ticket, TicketEvent
from timers.actions.sweep import sweep

HELD = """## Steps
### Look at the order
WHEN: within 4 hours of the start
### Call the customer
WHO: billing
WHEN: within 1 day of step 1
PROOF: a number - of the call
### Let it go
PROOF: an address - of the tracking
CUSTOMER SEES: Your order is on its way
"""
HOUR = timedelta(hours=1)


@pytest.fixture
def billing(db):
    """A role of the desk, with one person."""
    role = WorkRole.objects.create(key="billing", name="Billing")
    person = make_staff("agent", name="Bea Billing")
    WorkRoleMember.objects.create(role=role, person=person)
    role.one = person
    return role


@pytest.fixture
def process(billing):
    return make_process(title="Held shipment", markdown=HELD)


@pytest.fixture
def run(process, agent):
    return processes.start_run(ticket=make_ticket(), article=process, by=agent, now=WEDNESDAY)


def newer(process, old, new):
    """Publish the process with other words."""
    article = add_text(process, process.published.markdown.replace(old, new))
    return article.published


def ticket_of(run):
    return Ticket.objects.get(pk=run.ticket_id)


def test_a_process_is_done_step_by_step_and_its_dates_are_open_hours(run, agent, billing):
    """A11, R5, R55, R74: steps with WHO and WHEN; what counts from an earlier step is dated when that is done."""
    first, second, third = current_steps(run)
    assert (first.due_at, second.due_at, third.due_at) == (WEDNESDAY + 4 * HOUR, None, None)
    assert ticket_of(run).steps_due_at == first.due_at

    processes.finish(step=first, by=agent, now=WEDNESDAY + HOUR)
    second = current_steps(run)[1]
    assert second.due_at == WEDNESDAY + timedelta(days=1, hours=1)  # a day is 8 open hours: nine to five
    assert ticket_of(run).steps_due_at == second.due_at

    for given, words in [("", "a number: of the call"), ("soon", "a number"), ("NaN", "a number"), ("9" * 501, "500")]:
        with pytest.raises(CannotRun, match=words):
            processes.finish(step=second, by=billing.one, evidence=given, now=WEDNESDAY + HOUR)
    processes.finish(step=second, by=billing.one, evidence=" 1,234.50\n", now=WEDNESDAY + HOUR)
    assert RunStep.objects.get(pk=second.pk).evidence == "1,234.50"
    for given in ("", "javascript:alert(1)", "https://", "https://[", "http://a b"):
        with pytest.raises(CannotRun, match="an address"):
            processes.finish(step=third, by=agent, evidence=given, now=WEDNESDAY + HOUR)
    with pytest.raises(CannotRun, match="Say in a few words"):
        processes.skip(step=third, by=agent, reason="  ", now=WEDNESDAY + HOUR)
    processes.skip(step=third, by=agent, reason="Collected in the shop", now=WEDNESDAY + HOUR)

    run.refresh_from_db()
    assert (run.state, run.ended_by) == (ProcessState.DONE, agent)
    assert ticket_of(run).steps_due_at is None
    said = list(
        TicketEvent.objects.filter(ticket=run.ticket, kind="process").order_by("pk").values_list("text", flat=True)
    )
    assert said[0] == "Alma Agent started “Held shipment”, version 1, as a checklist."
    assert (
        said[-1] == "Alma Agent skipped step 3, Let it go: Collected in the shop. With that, “Held shipment” is done."
    )


def test_a_step_belongs_to_its_role_and_to_whoever_took_it(run, agent, billing, admin):
    """A11, R75: a step of Billing done by somebody else is refused, whatever they hold; two people take no step."""
    step = current_steps(run)[1]
    for verb, more in [("claim", {}), ("finish", {"evidence": "1"}), ("skip", {"reason": "Not needed"})]:
        for stranger in (agent, admin):
            with pytest.raises(NotAllowed, match="belongs to Billing"):
                getattr(processes, verb)(step=step, by=stranger, now=WEDNESDAY, **more)
    other = make_staff("agent", name="Ben")
    WorkRoleMember.objects.create(role=billing, person=other)

    processes.claim(step=step, by=billing.one, now=WEDNESDAY)
    processes.claim(step=step, by=billing.one, now=WEDNESDAY)  # twice is once
    for verb, more in [("claim", {}), ("finish", {"evidence": "1"}), ("skip", {"reason": "Not needed"})]:
        with pytest.raises(CannotRun, match="Bea Billing took this step a moment ago"):
            getattr(processes, verb)(step=step, by=other, now=WEDNESDAY, **more)
    processes.hand_back(step=step, by=other, now=WEDNESDAY)
    with pytest.raises(CannotRun, match="Nobody has taken"):
        processes.hand_back(step=step, by=other, now=WEDNESDAY)
    processes.finish(step=step, by=other, evidence="12", now=WEDNESDAY)
    with pytest.raises(CannotRun, match="Ben did this step"):
        processes.finish(step=step, by=other, evidence="12", now=WEDNESDAY)


def test_D7_the_step_of_an_empty_role_falls_to_the_next_at_once(run, agent, billing, admin):
    step = current_steps(run)[1]
    front = WorkRole.objects.create(key="front", name="Front office")
    WorkRole.objects.filter(pk=billing.pk).update(escalates_to=front)
    WorkRole.objects.filter(pk=front.pk).update(escalates_to=billing)  # a circle ends
    WorkRoleMember.objects.create(role=front, person=agent)
    with pytest.raises(NotAllowed):
        processes.claim(step=step, by=agent, now=WEDNESDAY)

    deactivate_person(person=billing.one, by=admin, now=WEDNESDAY)

    assert processes.claim(step=step, by=agent, now=WEDNESDAY).person == agent


def test_A11_a_run_stays_on_its_version_until_somebody_looked_at_the_newer_one(run, process, agent, billing):
    """U41: ticks are kept per ticket and per version."""
    first, second, _third = current_steps(run)
    processes.finish(step=first, by=agent, now=WEDNESDAY)
    processes.claim(step=second, by=billing.one, now=WEDNESDAY)
    run.refresh_from_db()
    assert processes.sync_preview(run) is None
    two = newer(process, "### Call the customer\n", "### Weigh it\n### Call the customers\nTwice.\n")
    run = type(run).objects.get(pk=run.pk)
    assert run.revision.no == 1

    preview = processes.sync_preview(run)
    assert [(one.kind, one.differs) for one in preview.changes] == [
        ("same", ()), ("new", ()), ("changed", ("title", "how")), ("changed", ()),
    ]  # fmt: skip
    with pytest.raises(CannotRun, match="since you looked"):
        processes.sync(run=run, to=two.no, visit=run.visit - 1, by=agent, now=WEDNESDAY)
    processes.sync(run=run, to=two.no, visit=preview.visit, by=agent, now=WEDNESDAY + HOUR)
    with pytest.raises(CannotRun, match="since you looked"):
        processes.sync(run=run, to=two.no, visit=preview.visit, by=agent, now=WEDNESDAY + HOUR)

    states = [(one.step.title, one.state, one.person) for one in current_steps(run)]
    assert states == [
        ("Look at the order", StepState.DONE, agent), ("Weigh it", StepState.TODO, None),
        ("Call the customers", StepState.CLAIMED, billing.one), ("Let it go", StepState.TODO, None),
    ]  # fmt: skip
    kept = RunStep.objects.filter(run=run, is_current=False).order_by("pk").values_list("step__no", "state")
    assert list(kept) == [(1, "done"), (2, "claimed"), (3, "todo")]
    with pytest.raises(CannotRun, match="newer version"):
        processes.finish(step=second, by=billing.one, evidence="1", now=WEDNESDAY)

    three = newer(process, "### Look at the order", "### Look at the order twice")
    run = type(run).objects.get(pk=run.pk)
    done = current_steps(run)[0]
    preview = processes.sync_preview(run)
    processes.sync(run=run, to=three.no, visit=preview.visit, again=[done.pk], by=agent, now=WEDNESDAY + HOUR)
    assert [one.state for one in current_steps(run)][:2] == [StepState.TODO, StepState.CLAIMED]


def test_R70_an_overdue_step_is_told_once_to_those_whose_it_is_and_brings_its_ticket_up(run, agent, billing):
    """R74, R75: the date counts for the ticket's next action; a closed ticket's steps stand still."""
    first = current_steps(run)[0]
    processes.finish(step=first, by=agent, now=WEDNESDAY)
    due = current_steps(run)[1].due_at
    set_waiting(ticket=ticket_of(run), by=agent, now=WEDNESDAY)
    ticket = ticket_of(run)
    assert ticket.next_action_at <= due
    before = OutgoingMail.objects.count()

    sweep(now=due + HOUR)
    sweep(now=due + HOUR)
    warning.step_due(step_id=current_steps(run)[1].pk, now=due + HOUR)

    mails = OutgoingMail.objects.filter(subject__contains="Step 2 of “Held shipment” is overdue")
    assert [mail.to_address for mail in mails] == [billing.one.email]
    ticket.refresh_from_db()
    assert (ticket.next_action, ticket.next_action_at) == (NextAction.STEP, due)
    assert ticket.came_back == "Step 2 of a process is overdue"
    assert OutgoingMail.objects.count() > before

    close_ticket(ticket=ticket, by=agent, now=due + HOUR, unanswered=True)
    assert not RunStep.objects.open().exists()
    reopen_ticket(ticket=ticket, by=agent, now=due + 2 * HOUR)
    ticket.refresh_from_db()
    assert ticket.next_action_at == due
    assert RunStep.objects.up(due).filter(run=run).count() == 1


def test_a_tick_is_taken_back_and_what_counted_from_it_has_no_date(run, agent, billing):
    first = current_steps(run)[0]
    processes.finish(step=first, by=agent, now=WEDNESDAY)
    processes.take_back(step=first, by=agent, now=WEDNESDAY + HOUR)
    first, second, _ = current_steps(run)
    assert (first.state, first.person, second.due_at) == (StepState.TODO, None, None)

    processes.finish(step=first, by=agent, now=WEDNESDAY + HOUR)
    for one in current_steps(run)[1:]:
        by = billing.one if one.role_id else agent
        processes.skip(step=one, by=by, reason="Not needed", now=WEDNESDAY + HOUR)
    processes.take_back(step=first, by=agent, now=WEDNESDAY + 2 * HOUR)
    run.refresh_from_db()
    assert (run.state, run.ended_at) == (ProcessState.RUNNING, None)


def test_what_cannot_run_says_why(process, agent):
    ticket = make_ticket()
    page = make_process(title="Draft", markdown=HELD, published=False)
    with pytest.raises(CannotRun, match="not published"):
        processes.start_run(ticket=ticket, article=page, by=agent, now=WEDNESDAY)
    run = processes.start_run(ticket=ticket, article=process, by=agent, now=WEDNESDAY)
    with pytest.raises(CannotRun, match="running on this ticket already"):
        processes.start_run(ticket=ticket, article=process, by=agent, now=WEDNESDAY)
    processes.stop_run(run=run, reason="The wrong one", by=agent, now=WEDNESDAY)
    with pytest.raises(CannotRun, match="is over"):
        processes.claim(step=current_steps(run)[0], by=agent, now=WEDNESDAY)
    assert processes.start_run(ticket=ticket, article=process, by=agent, now=WEDNESDAY).pk != run.pk
    close_ticket(ticket=ticket, by=agent, now=WEDNESDAY, unanswered=True)
    with pytest.raises(CannotRun, match="closed"):
        processes.start_run(ticket=ticket, article=process, by=agent, now=WEDNESDAY)


def test_a_merge_takes_what_runs_along_and_its_undoing_brings_it_back(run, process, agent, billing):
    into = make_ticket(subject="Goes on")
    merge(ticket=run.ticket, into=into, by=agent, now=WEDNESDAY)
    run.refresh_from_db()
    into.refresh_from_db()
    assert run.ticket == into
    assert into.steps_due_at == current_steps(run)[0].due_at
    processes.finish(step=current_steps(run)[0], by=agent, now=WEDNESDAY)
    gone = Ticket.objects.get(merged_into=into)
    unmerge(ticket=gone, by=agent, now=WEDNESDAY)
    run.refresh_from_db()
    assert run.ticket == gone
    assert current_steps(run)[0].state == StepState.DONE
    gone.refresh_from_db()
    into.refresh_from_db()
    assert (gone.steps_due_at, into.steps_due_at) == (current_steps(run)[1].due_at, None)


def test_R78_the_customer_reads_what_a_step_lets_them_see_and_nothing_else(run, agent, billing, client):
    """R69: titles, how, evidence and reasons are for staff."""
    customer = run.ticket.requester
    client.force_login(customer)
    way = f"/tickets/{run.ticket_id}/"
    page = client.get(way).content.decode()
    assert "Your order is on its way" in page
    for words in ("Let it go", "Call the customer", "Held shipment", "Billing"):
        assert words not in page
    processes.stop_run(run=run, reason="Wrong", by=agent, now=WEDNESDAY)
    assert "Your order is on its way" not in client.get(way).content.decode()


def test_whoever_saw_a_run_before_its_ticket_was_merged_acts_where_it_is_now(run, agent, billing):
    first = current_steps(run)[0]
    assert first.run.ticket_id == run.ticket_id  # read before the merge, as by a page that is open
    gone, into = run.ticket, make_ticket()
    merge(ticket=gone, into=into, by=agent, now=WEDNESDAY)

    processes.finish(step=first, by=agent, now=WEDNESDAY + HOUR)
    processes.take_back(step=first, by=agent, now=WEDNESDAY + HOUR)
    processes.finish(step=first, by=agent, now=WEDNESDAY + HOUR)

    into.refresh_from_db()
    assert into.steps_due_at == current_steps(run)[1].due_at
    said = TicketEvent.objects.filter(kind="process", text__contains="Look at the order").values_list("ticket")
    assert set(said) == {(into.pk,)}
