"""Where two features meet: a merge beside an undo, a form or a rule; a reminder beside what must not be closed."""

from datetime import timedelta
from itertools import pairwise

import pytest

from accounts.models import Grant, Person
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, sign_in
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tests.tickets.automation.conftest import at, do, make_rule, said, work
from tickets import customer_queries
from tickets.actions import (
    calls,
    deeds,
    delivery,
    details,
    drafts,
    held,
    intake,
    links,
    merge,
    note,
    relations,
    reply,
    snooze,
    split,
    state,
)
from tickets.actions.automation import macros
from tickets.actions.bulk import choose, run
from tickets.actions.setup.teamwork import set_nudges
from tickets.choices import Category, Happened, ItemState, NudgeState, RuleMoment
from tickets.models import (
    CustomField,
    Deed,
    Draft,
    Macro,
    Message,
    Note,
    Nudge,
    ReplyTemplate,
    Team,
    TeamMember,
    Ticket,
)
from tickets.refusals import Refused

pytestmark = pytest.mark.django_db

NOON = WEDNESDAY + timedelta(hours=2)
SOON = timedelta(seconds=2)


@pytest.fixture
def pair(customer) -> tuple[Ticket, Ticket]:
    """The ticket that goes on, and the one that is merged into it."""
    return make_ticket(requester=customer), make_ticket(requester=customer, subject="Again")


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def answer(ticket: Ticket, agent: Person, **more) -> Message:
    return reply.reply(ticket=ticket, by=agent, text="Thirty.", last_seen=again(ticket).last_message_id, **more)


def test_undoing_a_close_opens_no_ticket_that_was_merged_since(pair, agent):
    into, gone = pair
    state.close_ticket(ticket=gone, by=agent, now=NOON, undoable=True, unanswered=True)
    merge.merge(ticket=gone, into=into, by=agent, now=NOON + SOON)

    with pytest.raises(deeds.CannotUndo, match=f"was merged into ticket {into.pk} since. Undo the merge first."):
        deeds.undo(deed=Deed.objects.get(), by=agent, now=NOON + SOON)

    assert again(gone).category == Category.CLOSED
    assert Deed.objects.get().undone_at is None


def test_taking_a_bulk_close_back_leaves_what_was_merged_since(pair, agent):
    into, gone = pair
    job = choose.choose(tickets=Ticket.objects.filter(pk=gone.pk), source="Test", by=agent, now=NOON)
    run.begin(job=job, verb="close", arguments={"unanswered": True}, by=agent, now=NOON)
    merge.merge(ticket=gone, into=into, by=agent, now=NOON + SOON)

    run.undo_now(job=job, by=agent, now=NOON + SOON)

    item = job.items.get()
    assert (item.state, item.why) == (ItemState.LEFT, f"It was merged into ticket {into.pk} since.")
    assert again(gone).category == Category.CLOSED


def test_a_reply_that_moved_before_it_was_taken_back_is_a_draft_where_it_stands_now(pair, agent):
    """The button was pressed on a page that was drawn before the merge."""
    into, gone = pair
    as_drawn = answer(gone, agent, now=NOON)
    merge.merge(ticket=gone, into=into, by=agent, now=NOON + SOON)
    visit = again(gone).visit

    reply.take_back(message=as_drawn, by=agent, now=NOON + SOON)

    assert Draft.objects.get().ticket_id == into.pk
    assert again(gone).visit == visit


def test_a_failed_reply_that_moved_is_sent_again_from_where_it_stands_now(pair, agent):
    into, gone = pair
    as_drawn = answer(gone, agent, now=NOON)
    OutgoingMail.objects.update(state="failed", last_error="No such user")
    delivery.note_delivery(message_id=as_drawn.pk, now=NOON)
    merge.merge(ticket=gone, into=into, by=agent, now=NOON + SOON)
    assert again(into).has_failed_delivery

    reply.retry_delivery(message=as_drawn, by=agent, now=NOON + SOON)

    assert not again(into).has_failed_delivery
    assert (into.events.filter(kind="retried").count(), gone.events.filter(kind="retried").count()) == (1, 0)


def test_a_form_that_comes_again_after_a_merge_answers_the_reply_that_it_sent(pair, agent):
    into, gone = pair
    form = drafts.Form("a" * 32)
    first = answer(gone, agent, now=NOON, form=form)
    merge.merge(ticket=gone, into=into, by=agent, now=NOON + SOON)

    assert answer(gone, agent, now=NOON + SOON, form=form) == first


def test_a_note_to_a_ticket_that_was_merged_a_moment_ago_is_refused_and_not_left_behind(pair, agent):
    """The page was drawn before the merge, so the ticket in the writer's hands knows nothing of it."""
    into, gone = pair
    as_drawn = again(gone)
    merge.merge(ticket=gone, into=into, by=agent, now=NOON)

    with pytest.raises(note.CannotAddNote, match=f"merged into ticket {into.pk}. Write there."):
        note.add_note(ticket=as_drawn, by=agent, text="For staff", now=NOON + SOON)

    assert not Note.objects.exists()


def test_words_that_a_merge_moves_are_no_new_words_to_rules(pair, agent, lead):
    into, gone = pair
    work(WEDNESDAY)
    make_rule(lead, do("add_tags", "wrote"), events=[Happened.CUSTOMER_WROTE], now=NOON)

    merge.merge(ticket=gone, into=into, by=agent, now=NOON)
    work(NOON)
    assert again(into).tags == []

    intake.add_customer_message(ticket=into, person=into.requester, text="And now?", channel="web", now=NOON + SOON)
    work(NOON + SOON)
    assert again(into).tags == ["wrote"]


def test_a_ticket_that_is_split_off_is_greeted_no_second_time(agent, lead):
    """The customer wrote once and was acknowledged once, by event and by time; what changes later reaches rules."""
    make_mailbox()
    ReplyTemplate.objects.create(name="Welcome", body="Hello {customer_name}.")
    ReplyTemplate.objects.create(name="Soon", body="It takes a day longer.")
    make_rule(lead, do("mail", "Welcome"), do("add_tags", "greeted"), now=WEDNESDAY)
    make_rule(lead, do("mail", "Soon"), moment=RuleMoment.CREATED, minutes=60, now=WEDNESDAY)
    make_rule(lead, do("add_tags", "urgent"), events=[Happened.PRIORITY], now=WEDNESDAY)
    ticket = make_ticket(requester=make_person())
    intake.add_customer_message(ticket=ticket, person=ticket.requester, text="And this", channel="web", now=WEDNESDAY)
    work(NOON)
    mailed = sorted(OutgoingMail.objects.filter(kind="bulk").values_list("subject_key", flat=True))
    assert mailed == [ticket.subject_key] * 2

    new = split.split(ticket=ticket, messages=[ticket.last_message_id], subject="This", by=agent, now=NOON)
    work(NOON + SOON)
    work(NOON + timedelta(days=2))

    assert sorted(OutgoingMail.objects.filter(kind="bulk").values_list("subject_key", flat=True)) == mailed
    details.change(ticket=new, priority="high", by=agent, now=NOON + timedelta(days=2))
    work(NOON + timedelta(days=2))
    assert "urgent" in again(new).tags


def test_words_that_a_merge_set_apart_stand_in_the_thread_once_they_are_accepted(pair, agent):
    """S8, S9: whoever is accepted reads the ticket, and so their own words in it."""
    into, gone = pair
    stranger = make_person()
    Ticket.objects.filter(pk=gone.pk).update(requester=make_person())
    gone.participants.all().delete()
    words = intake.Words(text="Let me in")
    waiting = intake.hold_words(ticket=gone, person=stranger, words=words, channel="mail", reason="Why", now=NOON)
    merge.merge(ticket=gone, into=into, by=agent, now=NOON)

    held.accept_message(message=Message.objects.get(pk=waiting.pk), by=agent, now=NOON + SOON)

    assert waiting in into.messages.shown_to_customers(NOON + SOON).of_its_customers()


@pytest.mark.parametrize(
    ("address", "words", "why"),
    [
        ("cara@school.example", {"auto_reply": "out_of_office"}, "Only a machine wrote here"),
        ("cara@school.example", {"authentication": {"verdict": "fail"}}, "The sender is not proven"),
        ("no-reply@school.example", {}, "nobody reads what is mailed to it"),
    ],
)
def test_the_desk_itself_answers_no_machine_and_no_forged_sender(lead, address, words, why):
    """S12: a rule that greets every new ticket starts no loop, and writes to nobody who never asked."""
    make_mailbox()
    ReplyTemplate.objects.create(name="Welcome", body="Hello {customer_name}.")
    make_rule(lead, do("mail", "Welcome"))
    ticket = make_ticket(requester=make_person(email=address))
    Message.objects.update(**words)

    work(WEDNESDAY)

    assert not OutgoingMail.objects.filter(kind="bulk").exists()
    assert why in said(ticket, "rule_failed")[0]


def test_a_call_closes_no_ticket_that_may_not_be_closed(pair, agent):
    parent, child = pair
    relations.relate(one=parent, other=child, kind="parent", by=agent, now=NOON)
    told = calls.Told(direction="incoming", outcome="spoke", began_at=NOON, text="All is well.")

    with pytest.raises(Refused, match=str(child.pk)):
        calls.log_call(said=told, by=agent, ticket=parent, then=Category.CLOSED, now=NOON)

    assert again(parent).category != Category.CLOSED
    assert not Message.objects.filter(channel="phone").exists()


def test_reminders_close_no_parent_over_the_heads_of_its_children(pair, agent, lead):
    """It comes back to a person instead, and the customer is told of no close that did not happen."""
    parent, child = pair
    words = {"first_text": "One", "second_text": "Two", "close_text": "Closed"}
    set_nudges(team=Team.objects.get(), is_enabled=True, first_after=1, second_after=1, close_after=1, **words,
               by=lead, now=WEDNESDAY)  # fmt: skip
    answer(parent, agent, now=at(4, 10))
    relations.relate(one=parent, other=child, kind="parent", by=agent, now=NOON)
    OutgoingMail.objects.update(state="sent", sent_at=at(4, 10))
    Message.objects.filter(delivery="pending").update(delivery="sent")

    for day in (5, 6, 9, 10):
        work(at(day, 11))

    states = list(Nudge.objects.filter(ticket=parent).order_by("step").values_list("state", flat=True))
    assert states == [NudgeState.SENT, NudgeState.SENT, NudgeState.STOPPED]
    assert again(parent).category == Category.WAITING
    assert again(parent).came_back == "No reminder could be sent"
    assert not OutgoingMail.objects.filter(kind="bulk", text__startswith="Closed").exists()


def test_a_chain_of_merges_shows_nobody_another_customers_words(agent):
    """S9, S24: each of three strangers reads their own words, on whichever ticket they open."""
    asked = [make_ticket(requester=make_person(), text=f"secret {number}", now=WEDNESDAY) for number in range(3)]
    for ticket, into in pairwise(asked):
        merge.merge(ticket=ticket, into=into, by=agent, now=NOON)

    for number, ticket in enumerate(asked):
        shown = customer_queries.shown_messages(again(ticket), now=NOON)
        assert [message.text for message in shown] == [f"secret {number}"]


def test_ending_the_links_of_a_ticket_ends_those_of_what_was_merged_into_it(pair, agent, customer):
    """S36: a link to a merged ticket opens its survivor."""
    into, gone = pair
    first = make_ticket(requester=customer)
    token = links.make_link(ticket=first, person=customer, now=WEDNESDAY).rstrip("/").rpartition("/")[2]
    merge.merge(ticket=first, into=gone, by=agent, now=NOON)
    merge.merge(ticket=gone, into=into, by=agent, now=NOON)
    assert links.open_link(token, purpose=links.READ_AND_ANSWER, now=NOON).ticket == into
    assert links.working(ticket=into, now=NOON) == 1

    assert links.revoke(ticket=into, by=agent, now=NOON) == 1

    with pytest.raises(links.SpentLink):
        links.open_link(token, purpose=links.READ_AND_ANSWER, now=NOON)


def test_a_rules_note_calls_a_colleague(agent, lead):
    """Nobody wrote it, so everybody whom it names is told."""
    make_rule(lead, do("note", "@Alma Agent, please look."))
    ticket = make_ticket()

    work(WEDNESDAY)

    assert Note.objects.get(ticket=ticket).mentions.get().person == agent
    assert OutgoingMail.objects.get(to_address=agent.email).subject == f"A rule mentioned you on ticket {ticket.pk}"


def test_whom_a_rule_lets_follow_a_ticket_is_told_of_it(agent, lead, customer):
    make_rule(lead, do("watch", agent.name))
    ticket = make_ticket(requester=customer)
    work(WEDNESDAY)

    intake.add_customer_message(ticket=ticket, person=customer, text="And now?", channel="web", now=NOON)
    work(NOON)

    assert OutgoingMail.objects.get(to_address=agent.email).subject == f"Ticket {ticket.pk}: {customer.name} wrote"


def test_a_rule_fills_in_no_field_of_another_team(lead):
    field = CustomField.objects.create(key="serial", name="Serial", kind="text")
    field.teams.add(Team.objects.create(name="Elsewhere"))
    make_rule(lead, do("field", "Serial = A-17"))

    ticket = make_ticket()
    work(WEDNESDAY)

    assert again(ticket).custom == {}
    assert "is not one of this ticket's fields" in said(ticket, "rule_failed")[0]


def test_a_member_of_a_team_whose_role_was_taken_away_is_told_nothing(agent, lead):
    for person in (agent, lead):
        TeamMember.objects.create(team=Team.objects.get(), person=person)
    make_rule(lead, do("tell", "the team"))
    Grant.objects.filter(person=agent).update(revoked_at=WEDNESDAY)

    make_ticket()
    work(WEDNESDAY)

    told = OutgoingMail.objects.filter(subject__contains="The rule").values_list("to_address", flat=True)
    assert list(told) == [lead.email]


def test_a_scheduled_reply_closes_no_ticket_that_got_a_child_meanwhile(pair, agent):
    parent, child = pair
    later = answer(parent, agent, now=NOON, then="closed", send_at=NOON + timedelta(hours=3))
    relations.relate(one=parent, other=child, kind="parent", by=agent, now=NOON)
    left_at = NOON + timedelta(hours=3)
    OutgoingMail.objects.update(state="sent", sent_at=left_at)

    delivery.note_delivery(message_id=later.pk, now=left_at)

    assert again(parent).category == Category.WAITING
    assert f"#{child.pk}" in parent.events.get(text__startswith="The reply left and closed nothing").text


def test_what_somebody_had_begun_to_write_can_be_read_on_the_merged_ticket(pair, agent, client):
    """There is no composer any more, and a draft is never sent to another ticket's customer by itself."""
    into, gone = pair
    drafts.save_draft(ticket=gone, by=agent, kind="note", text="Half a <thought>", known="", key="", now=NOON)
    merge.merge(ticket=gone, into=into, by=agent, now=NOON)
    sign_in(client, agent)

    body = client.get(f"/inbox/all/{gone.pk}/").content.decode()

    assert "What you had begun to write here" in body
    assert "Half a &lt;thought&gt;" in body


@pytest.mark.parametrize("how", ["macro", "scheduled"])
def test_a_new_snooze_waits_for_nothing_that_an_earlier_one_waited_for(pair, agent, how):
    """U10: a snooze by a macro, or by a reply that leaves later, ends at its own time; a paid invoice is no news."""
    ticket, _ = pair
    snooze.snooze(
        ticket=ticket, until=NOON + timedelta(days=5), by=agent, now=NOON, wakes_on="invoice_paid:12", stays=True
    )
    if how == "macro":
        steps = [do("snooze", "5")]
        macros.apply(macro=Macro.objects.create(name="Later", steps=steps), ticket=ticket, by=agent, now=NOON)
    else:
        answer(ticket, agent, now=NOON, send_at=NOON + timedelta(hours=5))

    assert snooze.wake_for(condition="invoice_paid:12", why="Paid", now=NOON + SOON) == 0

    row = again(ticket)
    assert (row.wakes_on, row.stays_snoozed, row.snoozed_until is None) == ("", False, False)


def test_taking_a_reply_back_leaves_the_snooze_with_what_it_waited_for(pair, agent):
    ticket, _ = pair
    until = NOON + timedelta(days=5)
    snooze.snooze(ticket=ticket, until=until, by=agent, now=NOON, wakes_on="invoice_paid:12", stays=True)
    message = answer(ticket, agent, now=NOON)

    reply.take_back(message=message, by=agent, now=NOON + SOON)

    row = again(ticket)
    assert (row.snoozed_until, row.wakes_on, row.stays_snoozed) == (until, "invoice_paid:12", True)
