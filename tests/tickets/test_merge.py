"""Two tickets become one and two again (the bar; complaint 20; email.md case 66; S8, S9, S24)."""

from datetime import datetime, timedelta

import pytest

from accounts.models import JournalEntry
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.mails import make_mail
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets import clocks
from tickets.actions import assign, details, intake, merge, note, participants, reply, state
from tickets.actions import clocks as clock_actions
from tickets.actions.take_in import take_in
from tickets.actions.turning import REMEMBERED, remember
from tickets.choices import Category, Role
from tickets.models import Message, Note, Participant, Ticket, TicketEvent, TicketMove
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def whole(ticket: Ticket) -> dict:
    """Everything about a ticket that a merge could disturb, its words and people included."""
    row = again(ticket)
    return {
        **remember(row),
        "dates": (row.next_action_at, row.next_action, row.sla_due_at),
        "merged": (row.merged_into_id, row.is_kept_apart),
        "messages": list(row.messages.order_by("pk").values_list("pk", "is_apart", "is_held")),
        "notes": list(row.notes.order_by("pk").values_list("pk", flat=True)),
        "people": sorted(row.participants.values_list("person_id", "role")),
        "timers": Timer.objects.filter(kind="tickets.look", subject=row.pk, done_at=None).count(),
    }


@pytest.fixture
def pair(customer, agent):
    """Two questions of one customer, the second an hour later with a note and a tag."""
    first = make_ticket(requester=customer, subject="Where is my order?")
    second = make_ticket(requester=customer, subject="Order again", text="Still nothing.", now=WEDNESDAY + HOUR)
    note.add_note(ticket=second, by=agent, text="CANARY for staff", now=WEDNESDAY + HOUR)
    details.change(ticket=second, by=agent, now=WEDNESDAY + HOUR, tags=["shipment"])
    return first, second


def test_everything_said_goes_to_the_survivor_and_the_other_points_there(pair, agent):
    first, second = pair

    merge.merge(ticket=second, into=first, by=agent, now=WEDNESDAY + 2 * HOUR)

    first, second = again(first), again(second)
    assert [message.text for message in first.messages.order_by("pk")] == ["We have thirty pupils.", "Still nothing."]
    assert first.notes.count() == 1
    assert (first.snippet, first.last_message_at, first.tags) == ("Still nothing.", WEDNESDAY + HOUR, ["shipment"])
    assert (second.category, second.merged_into_id, second.next_action_at) == (Category.CLOSED, first.pk, None)
    assert second.messages.count() == second.notes.count() == 0
    assert not Timer.objects.filter(kind="tickets.look", subject=second.pk, done_at=None).exists()
    assert Timer.objects.filter(kind="tickets.look", subject=first.pk, done_at=None).count() == 1
    assert first.events.get(kind="merged").text == (f"Alma Agent merged ticket {second.pk} in: Order again, 1 message.")
    assert JournalEntry.objects.get(action="tickets.merge").subject == f"tickets.ticket:{second.pk}"


def test_undo_brings_back_both_exactly_as_they_were(pair, agent, lead):
    """Complaint 20: no other desk takes a merge back."""
    first, second = pair
    assign.assign(ticket=second, to=lead, by=agent, now=WEDNESDAY + HOUR)
    before = whole(first), whole(second)

    merge.merge(ticket=second, into=first, by=agent, now=WEDNESDAY + 2 * HOUR)
    said = merge.unmerge(ticket=second, by=agent, now=WEDNESDAY + 3 * HOUR)

    assert (whole(first), whole(second)) == before
    assert said == f"Tickets {second.pk} and {first.pk} are two again."
    assert set(REMEMBERED) <= {field.attname for field in Ticket._meta.concrete_fields}


def test_words_that_came_after_the_merge_stay_with_the_survivor(pair, agent, customer):
    first, second = pair
    merge.merge(ticket=second, into=first, by=agent, now=WEDNESDAY + 2 * HOUR)
    later = intake.add_customer_message(
        ticket=second, person=customer, text="And now?", channel="web", now=WEDNESDAY + 3 * HOUR
    )

    said = merge.unmerge(ticket=second, by=agent, now=WEDNESDAY + 4 * HOUR)

    assert said.endswith(f" 1 message written since stays with ticket {first.pk}.")
    assert later.ticket_id == first.pk
    assert [message.text for message in second.messages.all()] == ["Still nothing."]
    first = again(first)
    assert (first.snippet, first.last_message_id, first.tags) == ("And now?", later.pk, [])
    assert first.waiting_since == WEDNESDAY


def test_the_earliest_promise_holds_on_the_survivor(customer, agent):
    old = make_ticket(requester=customer)
    new = make_ticket(requester=customer, now=WEDNESDAY + 2 * HOUR)

    merge.merge(ticket=old, into=new, by=agent, now=WEDNESDAY + 3 * HOUR)

    new, old = again(new), again(old)
    assert new.first_response_due_at == new.sla_due_at == WEDNESDAY + 4 * HOUR
    assert new.waiting_since == WEDNESDAY
    assert clocks.running(old) == {}
    # The policy is computed again: the promise to the one who waits longest stays.
    clock_actions.recompute(ticket_id=new.pk, now=WEDNESDAY + 3 * HOUR)
    assert again(new).first_response_due_at == WEDNESDAY + 4 * HOUR


def test_an_unanswered_question_on_an_answered_ticket_is_due_as_its_next_reply(customer, agent):
    answered, asking = make_ticket(requester=customer), make_ticket(requester=customer, now=WEDNESDAY + HOUR)
    reply.reply(ticket=answered, by=agent, text="Soon.", last_seen=2**40, now=WEDNESDAY + HOUR)

    merge.merge(ticket=asking, into=answered, by=agent, now=WEDNESDAY + 2 * HOUR)

    row = again(answered)
    assert (row.category, row.came_back) == (Category.OPEN, f"Ticket {asking.pk} was merged in")
    assert row.next_response_due_at == row.sla_due_at == WEDNESDAY + 5 * HOUR
    assert (row.first_responded_at, row.waiting_since) == (WEDNESDAY + HOUR, WEDNESDAY + HOUR)


def test_an_open_ticket_merged_into_a_closed_one_opens_it(customer, agent):
    done, asking = make_ticket(requester=customer), make_ticket(requester=customer, now=WEDNESDAY + HOUR)
    state.close_ticket(ticket=done, by=agent, now=WEDNESDAY + HOUR, unanswered=True)
    before = whole(done), whole(asking)

    merge.merge(ticket=asking, into=done, by=agent, now=WEDNESDAY + 2 * HOUR)

    assert again(done).category == Category.OPEN
    assert again(done).next_action_at is not None
    merge.unmerge(ticket=asking, by=agent, now=WEDNESDAY + 3 * HOUR)
    assert (whole(done), whole(asking)) == before


def test_two_closed_tickets_become_one_closed_ticket(customer, agent):
    one, other = make_ticket(requester=customer), make_ticket(requester=customer)
    for ticket in (one, other):
        state.close_ticket(ticket=ticket, by=agent, now=WEDNESDAY + HOUR, unanswered=True)

    merge.merge(ticket=one, into=other, by=agent, now=WEDNESDAY + 2 * HOUR)

    assert again(other).category == again(one).category == Category.CLOSED
    assert again(other).messages.count() == 2


def test_a_chain_is_followed_and_undone_from_its_end(customer, agent):
    a, b, c = (make_ticket(requester=customer, subject=name, now=WEDNESDAY) for name in "abc")
    before = [whole(each) for each in (a, b, c)]
    merge.merge(ticket=a, into=b, by=agent, now=WEDNESDAY + HOUR)
    merge.merge(ticket=b, into=c, by=agent, now=WEDNESDAY + HOUR)
    assert again(c).messages.count() == 3

    with pytest.raises(merge.CannotUnmerge, match=f"Ticket {b.pk} was merged into ticket {c.pk} since"):
        merge.unmerge(ticket=a, by=agent, now=WEDNESDAY + HOUR)
    merge.unmerge(ticket=b, by=agent, now=WEDNESDAY + HOUR)
    merge.unmerge(ticket=a, by=agent, now=WEDNESDAY + HOUR)

    assert [whole(each) for each in (a, b, c)] == before


def test_circles_and_second_merges_are_refused_with_a_sentence_and_change_nothing(pair, agent):
    first, second = pair
    third = make_ticket()
    merge.merge(ticket=second, into=first, by=agent, now=WEDNESDAY + HOUR)
    before = whole(first), whole(second), whole(third)

    for ticket, into, sentence in [
        (first, first, "into itself"),
        (first, second, f"Ticket {second.pk} was merged into ticket {first.pk}. Choose ticket {first.pk} instead."),
        (second, third, f"Ticket {second.pk} was merged into ticket {first.pk} already."),
    ]:
        with pytest.raises(merge.CannotMerge, match=sentence):
            merge.merge(ticket=ticket, into=into, by=agent, now=WEDNESDAY + 2 * HOUR)

    assert (whole(first), whole(second), whole(third)) == before


def test_the_same_merge_asked_twice_is_one_and_an_undo_asked_twice_is_refused(pair, agent):
    first, second = pair

    made = [merge.merge(ticket=second, into=first, by=agent, now=WEDNESDAY + HOUR) for _ in range(2)]

    assert made[0] == made[1]
    assert TicketMove.objects.count() == first.events.filter(kind="merged").count() == 1
    merge.unmerge(ticket=second, by=agent, now=WEDNESDAY + HOUR)
    with pytest.raises(merge.CannotUnmerge):
        merge.unmerge(ticket=second, by=agent, now=WEDNESDAY + HOUR)
    assert JournalEntry.objects.filter(action="tickets.unmerge").count() == 1


def test_a_merged_ticket_is_moved_by_nobody(pair, agent, customer):
    first, second = pair
    merge.merge(ticket=second, into=first, by=agent, now=WEDNESDAY + HOUR)
    second = again(second)

    with pytest.raises(state.CannotMove, match=f"merged into ticket {first.pk}"):
        state.reopen_ticket(ticket=second, by=agent, now=WEDNESDAY + HOUR)
    with pytest.raises(reply.CannotReply, match="Reply there"):
        reply.reply(ticket=second, by=agent, text="Hello", last_seen=2**40, now=WEDNESDAY + HOUR)
    with pytest.raises(note.CannotAddNote, match="Write there"):
        note.add_note(ticket=second, by=agent, text="Hello", now=WEDNESDAY + HOUR)
    sweep(now=WEDNESDAY + timedelta(days=9))
    assert again(second).category == Category.CLOSED


# Mail to the grave.


def mail_in(raw: bytes, now: datetime):
    from mail.actions.store import store_raw  # noqa: PLC0415 - beside its one use
    from mail.choices import Door  # noqa: PLC0415

    return take_in(raw_id=store_raw(raw=raw, mailbox=make_mailbox(), door=Door.SMTP, now=now)[0].pk, now=now)


def answer_to(ticket: Ticket, agent, now) -> OutgoingMail:
    """A reply of ours on `ticket`, as its customer has it in their mailbox."""
    message = reply.reply(ticket=ticket, by=agent, text="Soon.", last_seen=2**40, now=now)
    return OutgoingMail.objects.get(source_key=f"message:{message.pk}", to_address=ticket.requester.email)


@pytest.mark.parametrize("door", ["address", "message_id", "number"])
def test_66_a_mail_to_a_merged_ticket_reaches_its_survivor(pair, agent, customer, door):
    """Complaint 20: no reply goes to the grave."""
    first, second = pair
    ours = answer_to(second, agent, WEDNESDAY + HOUR)
    merge.merge(ticket=second, into=first, by=agent, now=WEDNESDAY + 2 * HOUR)
    sent = {
        "address": {"to": ours.reply_to_address},
        "message_id": {"headers": (("In-Reply-To", ours.message_id),)},
        "number": {"subject": f"Re: order [#{second.pk}]"},
    }[door]

    outcome = mail_in(make_mail(sender=customer.email, text="Thank you", **sent), WEDNESDAY + 3 * HOUR)

    assert (outcome.outcome, outcome.ticket) == ("reply", first.pk)
    assert again(second).category == Category.CLOSED


# Two customers.


@pytest.fixture
def strangers(customer, stranger, agent):
    """A customer's ticket, and that of somebody who does not know them."""
    theirs = make_ticket(requester=customer, text="CANARY of the customer")
    other = make_ticket(requester=stranger, text="CANARY of the stranger", now=WEDNESDAY + HOUR)
    return theirs, other


def test_S9_without_an_invitation_the_other_customer_neither_takes_part_nor_writes_in(strangers, agent, stranger):
    theirs, other = strangers
    ours = answer_to(other, agent, WEDNESDAY + HOUR)
    merge.merge(ticket=other, into=theirs, by=agent, now=WEDNESDAY + 2 * HOUR)
    assert again(other).is_kept_apart
    assert not Participant.objects.filter(ticket=theirs, person=stranger).exists()

    outcome = mail_in(
        make_mail(sender=stranger.email, to=ours.reply_to_address, text="Anything new?"), WEDNESDAY + 3 * HOUR
    )
    answered = reply.reply(ticket=theirs, by=agent, text="Now.", last_seen=2**40, now=WEDNESDAY + 3 * HOUR)

    assert (outcome.outcome, outcome.ticket) == ("held", theirs.pk)
    mails = OutgoingMail.objects.filter(source_key=f"message:{answered.pk}")
    assert [mail.to_address for mail in mails] == [theirs.requester.email]
    assert ours.message_id not in " ".join(mails[0].references)


def test_S9_an_invited_customer_takes_part_and_leaves_again_with_the_undo(strangers, agent, stranger):
    theirs, other = strangers
    watcher = make_staff(email="wat@desk.example")
    participants.add(ticket=other, person=watcher, role=Role.WATCHER, by=agent, now=WEDNESDAY)
    before = whole(theirs), whole(other)

    merge.merge(ticket=other, into=theirs, by=agent, now=WEDNESDAY + 2 * HOUR, invite=True)

    roles = dict(theirs.participants.values_list("person_id", "role"))
    assert roles[stranger.pk] == Role.COPIED
    assert roles[watcher.pk] == Role.WATCHER
    assert not Message.objects.filter(is_apart=True).exists()
    merge.unmerge(ticket=other, by=agent, now=WEDNESDAY + 2 * HOUR)
    assert (whole(theirs), whole(other)) == before


# Processes beside one another.


@pytest.mark.django_db(transaction=True)
def test_two_people_merging_the_two_into_one_another_at_once_make_one_merge(at_once, agent, lead, customer):
    for _ in range(3):
        a, b = make_ticket(requester=customer), make_ticket(requester=customer)

        said = at_once(("merge", a.pk, agent.pk, b.pk), ("merge", b.pk, lead.pk, a.pk))

        assert said == ["CannotMerge", "done"]
        standing = {row.merged_into_id for row in (again(a), again(b))}
        assert len(standing) == 2
        assert None in standing
    assert TicketMove.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_customer_who_writes_while_two_tickets_merge_is_on_the_survivor(at_once, agent, customer):
    for _ in range(3):
        gone, survivor = make_ticket(requester=customer), make_ticket(requester=customer)

        at_once(("merge", gone.pk, agent.pk, survivor.pk), ("write", gone.pk, customer.pk))

        assert Message.objects.get(text="One more.", ticket__in=[gone, survivor]).ticket_id == survivor.pk
        assert again(gone).category == Category.CLOSED


@pytest.mark.django_db(transaction=True)
def test_a_merge_or_an_undo_killed_in_the_middle_has_not_happened(desk, agent, customer):
    gone, survivor = make_ticket(requester=customer), make_ticket(requester=customer)
    before = whole(gone), whole(survivor)

    def killed(*call, at):
        process = desk(*call, FAILPOINT=at)
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.wait(60) == -9

    killed("merge", gone.pk, agent.pk, survivor.pk, at="tickets.merge.moved")
    assert (whole(gone), whole(survivor)) == before
    merge.merge(ticket=gone, into=survivor, by=agent, now=WEDNESDAY)
    merged = whole(gone), whole(survivor)
    killed("unmerge", gone.pk, agent.pk, at="tickets.unmerge.moved")
    assert (whole(gone), whole(survivor)) == merged
    merge.unmerge(ticket=gone, by=agent, now=WEDNESDAY)
    assert (whole(gone), whole(survivor)) == before


@pytest.mark.django_db(transaction=True)
def test_an_undo_pressed_twice_at_once_is_one(at_once, agent, lead, customer):
    gone, survivor = make_ticket(requester=customer), make_ticket(requester=customer)
    merge.merge(ticket=gone, into=survivor, by=agent, now=WEDNESDAY)

    assert at_once(("unmerge", gone.pk, agent.pk), ("unmerge", gone.pk, lead.pk)) == ["CannotUnmerge", "done"]

    assert again(gone).messages.count() == again(survivor).messages.count() == 1
    assert Note.objects.count() == 0
    assert TicketEvent.objects.filter(kind="unmerged").count() == 2
