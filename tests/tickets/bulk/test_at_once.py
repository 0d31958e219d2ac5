"""Two bulks on the same tickets, a worker killed in the middle, an undo pressed twice: each acts once (PostgreSQL)."""

from datetime import timedelta

import pytest

from accounts.models import JournalEntry
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets.access import tickets_for
from tickets.actions import state
from tickets.actions.bulk import choose, run
from tickets.choices import BulkState, Category, ItemState
from tickets.models import BulkJob, Deed, Ticket, TicketEvent
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db(transaction=True)

LATER = WEDNESDAY + timedelta(minutes=20)


@pytest.fixture
def rows(customer):
    make_mailbox()
    pattern = make_ticket(requester=customer)
    fields = {f.attname: getattr(pattern, f.attname) for f in Ticket._meta.concrete_fields if f.attname != "id"}
    return [pattern, *Ticket.objects.bulk_create(Ticket(**fields) for _ in range(249))]


def begun(agent, verb, order="pk", **arguments) -> BulkJob:
    job = choose.choose(tickets=tickets_for(agent).order_by(order), source="All", by=agent, now=WEDNESDAY)
    return run.begin(job=job, verb=verb, arguments=arguments, by=agent, now=WEDNESDAY)


def settled(job) -> dict:
    return {state: job.items.filter(state=state).count() for state in set(job.items.values_list("state", flat=True))}


def test_two_bulks_on_the_same_tickets_never_wait_for_ever(at_once, agent, rows):
    """Locks are taken in the order of the keys, whatever the order of the lists."""
    first, second = begun(agent, "priority", priority="urgent"), begun(agent, "tag", order="-pk", tag="w-8")

    assert at_once(("bulk", first.pk), ("bulk", second.pk), ("bulk", first.pk)) == ["True"] * 3

    assert settled(first) == settled(second) == {ItemState.DONE: 250}
    assert Ticket.objects.filter(priority="urgent", tags=["w-8"]).count() == 250
    assert TicketEvent.objects.filter(kind="changed").count() == 500
    assert JournalEntry.objects.filter(action__startswith="tickets.bulk_").count() == 500


def test_a_killed_worker_is_followed_by_another_and_nothing_is_done_twice(desk, agent, rows):
    job = begun(agent, "close", reason=None, unanswered=True)
    process = desk("bulk", job.pk, FAILPOINT="tickets.bulk.before_commit:2")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9
    assert settled(job) == {ItemState.DONE: 100, ItemState.WAITING: 150}
    assert Ticket.objects.filter(category=Category.CLOSED).count() == 100

    assert sweep(now=LATER).again == 1  # the timer that the job left wakes another worker
    assert run.run(job_id=job.pk, now=LATER) is True

    job.refresh_from_db()
    assert (job.state, settled(job)) == (BulkState.DONE, {ItemState.DONE: 250})
    assert TicketEvent.objects.filter(kind="closed").count() == 250
    assert not Timer.objects.filter(kind=run.KIND, done_at=None).exists()


def test_an_undo_pressed_while_the_job_runs_leaves_every_ticket_as_it_was(at_once, agent, rows):
    job = begun(agent, "close", reason=None, unanswered=True)

    at_once(("bulk", job.pk), ("undo_bulk", job.pk, agent.pk), ("undo_bulk", job.pk, agent.pk))
    run.run(job_id=job.pk, now=LATER)

    job.refresh_from_db()
    assert job.state == BulkState.UNDONE
    assert set(settled(job)) <= {ItemState.UNDONE, ItemState.LEFT}
    assert not Ticket.objects.filter(category=Category.CLOSED).exists()
    assert TicketEvent.objects.filter(kind="closed").count() == TicketEvent.objects.filter(kind="undone").count()


def test_taking_back_at_once_happens_once(at_once, agent, customer):
    make_mailbox()
    ticket = make_ticket(requester=customer)
    state.close_ticket(ticket=ticket, by=agent, now=WEDNESDAY, undoable=True, unanswered=True)
    deed = Deed.objects.get()

    assert at_once(*[("undo", deed.pk, agent.pk)] * 3) == ["CannotUndo", "CannotUndo", "done"]

    ticket.refresh_from_db()
    assert ticket.category == Category.NEW
    assert ticket.events.filter(kind="undone").count() == 1
