"""Acting on many tickets: every rule of one ticket holds for each, and one undo restores what nobody changed since."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import JournalEntry
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets.access import tickets_for
from tickets.actions import assign, details, intake, state
from tickets.actions.bulk import choose, run
from tickets.choices import BulkState, Category, ItemState
from tickets.models import BulkJob, ContactReason, Team, Ticket, TicketEvent
from timers.models import Timer

pytestmark = pytest.mark.django_db

NOON = WEDNESDAY + timedelta(hours=2)


@pytest.fixture
def rows(customer):
    make_mailbox()
    return [make_ticket(requester=customer, subject=f"Question {number}", now=WEDNESDAY) for number in range(3)]


def chosen(agent, tickets, now=NOON) -> BulkJob:
    found = tickets_for(agent).filter(pk__in=[ticket.pk for ticket in tickets]).order_by("pk")
    return choose.choose(tickets=found, source="Test", by=agent, now=now)


def begun(agent, tickets, verb, now=NOON, **arguments) -> BulkJob:
    job = run.begin(job=chosen(agent, tickets, now), verb=verb, arguments=arguments, by=agent, now=now)
    job.refresh_from_db()
    return job


def states(job) -> list[str]:
    return list(job.items.order_by("ticket_id").values_list("state", flat=True))


CLOCKS = ("sla_due_at", "next_action_at", "next_action", "follow_up_at", "resolution_due_at", "first_response_due_at",
          "next_response_due_at", "clocks_paused_at", "category", "status_id", "closed_at", "closed_by_id",
          "snoozed_until", "priority", "team_id", "service_level_id", "assignee_id", "tags", "type",
          "visit")  # fmt: skip


def facts(ticket: Ticket) -> dict:
    return Ticket.objects.filter(pk=ticket.pk).values(*CLOCKS).get()


def timers_of(ticket: Ticket) -> list:
    waiting = Timer.objects.filter(kind="tickets.look", subject=ticket.pk, done_at=None)
    return list(waiting.values_list("visit", "due_at"))


def test_bulk_leaves_a_ticket_as_the_single_verb_does(agent, lead, rows):
    """U11: constraints, next dates, clocks, timers and events are those of one ticket."""
    one, many, _ = rows
    team = Team.objects.create(name="Shipping")
    until = NOON + timedelta(days=3)
    pairs = [
        ("assign", {"to": lead.pk}, lambda: assign.assign(ticket=one, to=lead, by=agent, now=NOON)),
        ("priority", {"priority": "urgent"}, lambda: details.change(ticket=one, priority="urgent", by=agent, now=NOON)),
        ("type", {"type": "problem"}, lambda: details.change(ticket=one, type="problem", by=agent, now=NOON)),
        ("tag", {"tag": "w-8"}, lambda: details.change(ticket=one, tags=["w-8"], by=agent, now=NOON)),
        ("team", {"team": team.pk}, lambda: assign.assign(ticket=one, to=lead, team=team, by=agent, now=NOON)),
        ("wait", {}, lambda: state.set_waiting(ticket=one, by=agent, now=NOON)),
        ("snooze", {"until": until.isoformat()}, lambda: snooze(one, until, agent)),
        ("reopen", {}, lambda: state.reopen_ticket(ticket=one, by=agent, now=NOON)),
        (
            "close",
            {"reason": None, "unanswered": True},
            lambda: state.close_ticket(ticket=one, by=agent, now=NOON, unanswered=True),
        ),
        ("reopen", {}, lambda: state.reopen_ticket(ticket=one, by=agent, now=NOON)),
    ]

    for verb, arguments, single in pairs:
        single()
        job = begun(agent, [many], verb, **arguments)
        assert states(job) == [ItemState.DONE], verb
        assert facts(many) == facts(one), verb
        assert timers_of(many) == timers_of(one), verb

    kinds = [list(t.events.order_by("pk").values_list("kind", "is_public", "by")) for t in (one, many)]
    assert kinds[0] == kinds[1]


def snooze(ticket, until, agent):
    from tickets.actions import snooze as verb  # noqa: PLC0415 - one line of the table above

    verb.snooze(ticket=ticket, until=until, by=agent, now=NOON)


def test_one_undo_restores_exactly_what_nobody_changed_since(agent, lead, rows):
    """U11."""
    first, _, third = rows
    assign.assign(ticket=first, to=lead, by=lead, now=WEDNESDAY)
    before = [facts(ticket) for ticket in rows]
    job = begun(agent, rows, "assign", to=agent.pk)
    assert states(job) == [ItemState.DONE] * 3
    assign.assign(ticket=third, to=lead, by=lead, now=NOON)

    run.undo_now(job=job, by=agent, now=NOON + timedelta(seconds=5))

    job.refresh_from_db()
    assert job.state == BulkState.UNDONE
    assert states(job) == [ItemState.UNDONE, ItemState.UNDONE, ItemState.LEFT]
    assert job.items.get(ticket=third).why == "Somebody changed who has it since."
    after = [facts(ticket) for ticket in rows]
    for row in (*before, *after):
        row.pop("visit")
    assert after[:2] == before[:2]
    assert after[2]["assignee_id"] == lead.pk
    with pytest.raises(run.CannotUndo):
        run.undo(job=job, by=agent, now=NOON + timedelta(seconds=6))


def test_undoing_a_close_leaves_the_ticket_to_whom_the_customer_wrote(agent, rows, customer):
    first, second, _ = rows
    before = facts(first)
    job = begun(agent, [first, second], "close", unanswered=True)
    intake.add_customer_message(ticket=second, person=customer, text="It still does not work.", channel="web", now=NOON)
    came_back = facts(second)

    run.undo_now(job=job, by=agent, now=NOON + timedelta(seconds=9))

    assert states(job) == [ItemState.UNDONE, ItemState.LEFT]
    assert {**facts(first), "visit": 0} == {**before, "visit": 0}
    assert facts(second) == came_back


def test_what_cannot_be_done_to_one_ticket_is_listed_and_the_others_are_done(agent, rows):
    """Refusals are listed for each ticket, never all or nothing."""
    first, second, _ = rows
    state.close_ticket(ticket=first, by=agent, now=WEDNESDAY, unanswered=True)
    details.change(ticket=second, tags=[f"t{n}" for n in range(20)], by=agent, now=WEDNESDAY)

    waits = begun(agent, rows, "wait")
    tags = begun(agent, rows, "tag", tag="one-more")

    assert states(waits) == [ItemState.REFUSED, ItemState.DONE, ItemState.DONE]
    assert "closed cannot become waiting" in waits.items.get(ticket=first).why
    assert states(tags) == [ItemState.DONE, ItemState.REFUSED, ItemState.DONE]
    assert tags.items.get(ticket=second).why == "A ticket carries 20 tags at most."


def test_the_set_is_fixed_when_it_is_chosen(agent, rows, customer):
    job = choose.choose(tickets=tickets_for(agent).unsolved().order_by("pk"), source="All open", by=agent, now=NOON)
    late = make_ticket(requester=customer, now=NOON)

    run.begin(job=job, verb="priority", arguments={"priority": "high"}, by=agent, now=NOON)

    late.refresh_from_db()
    assert (job.total, late.priority) == (3, "normal")
    assert Ticket.objects.filter(priority="high").count() == 3


def test_a_job_begun_twice_is_done_once_and_only_by_who_chose_it(agent, lead, rows):
    job = chosen(agent, rows)
    with pytest.raises(run.CannotBegin):
        run.begin(job=job, verb="read", arguments={}, by=lead, now=NOON)
    run.begin(job=job, verb="close", arguments={"unanswered": True}, by=agent, now=NOON)

    with pytest.raises(run.CannotBegin):
        run.begin(job=job, verb="reopen", arguments={}, by=agent, now=NOON)

    assert set(Ticket.objects.values_list("category", flat=True)) == {Category.CLOSED}
    assert TicketEvent.objects.filter(kind="closed").count() == 3


def test_nobody_does_in_bulk_what_their_role_does_not_allow_any_more(agent, rows):
    job = chosen(agent, rows)
    job.total = run.AT_ONCE + 1  # so that a worker does it
    run.begin(job=job, verb="close", arguments={"unanswered": True}, by=agent, now=NOON)
    agent.grants.update(revoked_at=NOON)

    assert run.run(job_id=job.pk, now=NOON) is True

    assert states(job) == [ItemState.REFUSED] * 3
    assert not Ticket.objects.filter(category=Category.CLOSED).exists()


def test_each_ticket_has_its_line_in_the_journal(agent, rows):
    reason = ContactReason.objects.create(name="Held shipment")
    job = begun(agent, rows, "close", reason=reason.pk)

    entries = JournalEntry.objects.filter(action="tickets.bulk_close").order_by("number")

    assert [entry.subject for entry in entries] == [f"tickets.ticket:{ticket.pk}" for ticket in rows]
    assert entries[0].data == {"job": job.pk, "reason": reason.pk}
    assert set(Ticket.objects.values_list("contact_reason", flat=True)) == {reason.pk}


def test_500_tickets_are_done_by_one_job(agent, customer):
    """U11; `make bench` says how long it takes. What it asks the database is counted here."""
    make_mailbox()
    pattern = make_ticket(requester=customer)
    fields = {f.attname: getattr(pattern, f.attname) for f in Ticket._meta.concrete_fields if f.attname != "id"}
    tickets = Ticket.objects.bulk_create(Ticket(**fields) for _ in range(500))
    job = chosen(agent, tickets)
    run.begin(job=job, verb="close", arguments={"unanswered": True}, by=agent, now=NOON)

    with CaptureQueriesContext(connection) as asked:
        while not run.run(job_id=job.pk, now=NOON):
            """A worker that others keep waiting comes back."""

    job.refresh_from_db()
    assert (job.state, set(states(job))) == (BulkState.DONE, {ItemState.DONE})
    assert len(asked) < 1_650  # three for each that is closed, 1,617 in all
