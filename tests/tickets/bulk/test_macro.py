"""A macro on many tickets: its steps on each, its words to nobody, one undo, and nothing twice."""

from datetime import timedelta

import pytest

from accounts.models import JournalEntry
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets import steps
from tickets.actions import details, state
from tickets.actions.bulk import choose, run
from tickets.choices import BulkState, ItemState
from tickets.models import BulkJob, Deed, Macro, MacroUse, Message, Note, Team, TicketEvent

pytestmark = pytest.mark.django_db

NOON = WEDNESDAY + timedelta(hours=2)
LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def rows(customer):
    make_mailbox()
    return [make_ticket(requester=customer, subject=f"Question {number}", now=WEDNESDAY) for number in range(3)]


def make_macro(*todo: tuple[str, str], **fields) -> Macro:
    kept = [steps.read(do=do, value=value, for_macro=True) for do, value in todo]
    return Macro.objects.create(name="Refund", text="Your money is on its way.", steps=kept, **fields)


def begun(by, tickets, macro, now=NOON) -> BulkJob:
    wanted = [ticket.pk for ticket in tickets]
    chosen = choose.choose(tickets=type(tickets[0]).objects.filter(pk__in=wanted), source="Test", by=by, now=now)
    job = run.begin(job=chosen, verb="macro", arguments={"macro": macro.pk}, by=by, now=now)
    job.refresh_from_db()
    return job


def states(job) -> list[str]:
    return list(job.items.order_by("ticket_id").values_list("state", flat=True))


def facts(rows) -> list[tuple]:
    fields = ("priority", "tags", "assignee", "snoozed_until", "category", "sla_due_at", "next_action_at")
    found = type(rows[0]).objects.filter(pk__in=[row.pk for row in rows]).order_by("pk")
    return list(found.values_list(*fields))


def test_its_steps_are_done_on_each_ticket_and_one_undo_restores_every_one(agent, lead, rows):
    """U11. A ticket on which it cannot be done is listed with its reason and stays as it was, whole."""
    state.close_ticket(ticket=rows[1], by=agent, now=WEDNESDAY, unanswered=True)
    macro = make_macro(("priority", "High"), ("add_tags", "refund"), ("assign", lead.email), ("snooze", "5"))
    before, mails = facts(rows), OutgoingMail.objects.count()

    job = begun(agent, rows, macro)

    assert (job.state, states(job)) == (BulkState.DONE, [ItemState.DONE, ItemState.REFUSED, ItemState.DONE])
    assert job.items.get(state=ItemState.REFUSED).why == "A closed ticket needs no snooze."
    assert job.words == "treated with “Refund”"
    after = facts(rows)
    assert [(row[0], row[1], row[2], row[3]) for row in (after[0], after[2])] == [
        ("high", ["refund"], lead.pk, NOON + timedelta(hours=5))
    ] * 2
    assert after[1] == before[1]
    assert not Message.objects.filter(author="agent").exists() and OutgoingMail.objects.count() == mails
    assert TicketEvent.objects.filter(kind="macro").count() == 2
    assert JournalEntry.objects.filter(action="tickets.use_macro").count() == 2
    assert not Deed.objects.exists()  # the job has the undo, no ticket has another

    run.undo_now(job=job, by=agent, now=LATER)

    assert states(job) == [ItemState.UNDONE, ItemState.REFUSED, ItemState.UNDONE]
    assert facts(rows) == before


def test_an_undo_leaves_what_somebody_changed_since(agent, lead, rows):
    job = begun(agent, rows, make_macro(("priority", "High")))
    details.change(ticket=rows[0], priority="urgent", by=lead, now=LATER)

    run.undo_now(job=job, by=agent, now=LATER)

    assert states(job) == [ItemState.LEFT, ItemState.UNDONE, ItemState.UNDONE]
    assert [row[0] for row in facts(rows)] == ["urgent", "normal", "normal"]


def test_run_again_it_does_nothing_twice_and_what_was_so_already_is_said_so(agent, rows):
    macro = make_macro(("add_tags", "refund"))
    details.change(ticket=rows[2], tags=["refund"], by=agent, now=WEDNESDAY)
    job = begun(agent, rows, macro)
    # As after a worker that was killed before it noted what it had done.
    job.items.update(state=ItemState.WAITING)
    BulkJob.objects.filter(pk=job.pk).update(state=BulkState.RUNNING, ended_at=None)

    assert run.run(job_id=job.pk, now=LATER)

    assert states(job)[2] == ItemState.SAME
    assert MacroUse.objects.count() == 3
    assert TicketEvent.objects.filter(kind="macro").count() == 2
    macro.refresh_from_db()
    assert macro.uses == 3


def test_a_macro_that_only_writes_notes_is_done_and_says_that_they_stay(agent, rows):
    job = begun(agent, rows, make_macro(("note", "Called the bank.")))
    assert (states(job), Note.objects.count()) == ([ItemState.DONE] * 3, 3)

    run.undo_now(job=job, by=agent, now=LATER)

    assert (states(job), Note.objects.count()) == ([ItemState.LEFT] * 3, 3)
    assert job.items.first().why == "What was written on it stays: a note cannot be taken back."


def test_a_macro_that_is_gone_or_somebody_elses_acts_on_nothing(agent, client, rows):
    """The page offers one's own, one's teams' and everybody's; what is posted by hand meets the same."""
    theirs = make_macro(("priority", "Urgent"), owner=make_staff())
    elsewhere = make_macro(("priority", "Urgent"), team=Team.objects.create(name="Elsewhere"))
    client.force_login(agent)
    for macro in (theirs.pk, elsewhere.pk, 0, 2**63, "x"):
        chosen = client.post("/desk/bulk/", {"in": "all", "ticket": [row.pk for row in rows], "verb": "macro"})
        refused = client.post(chosen["Location"], {"in": "all", "macro": macro})
        assert refused.status_code == 422 and "Choose one of your macros" in refused.content.decode()

    mine = make_macro(("priority", "Urgent"), owner=agent)
    chosen = choose.choose(tickets=type(rows[0]).objects.all(), source="Test", by=agent, now=NOON)
    run._announce_work(chosen, "macro", {"macro": mine.pk}, agent, NOON)
    mine.delete()
    run.run(job_id=chosen.pk, now=NOON)

    assert [row[0] for row in facts(rows)] == ["normal"] * 3
    assert set(chosen.items.values_list("state", "why")) == {(ItemState.REFUSED, "That macro is not here any more.")}
