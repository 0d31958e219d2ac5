"""Splitting, relating, parents and children (the bar: split, link, parent and child; complaint 19)."""

from datetime import timedelta

import pytest

from accounts.models import JournalEntry
from mail.models import OutgoingMail
from tests.factories.mails import arrive, make_mail
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tests.tickets.test_merge import again, answer_to, whole
from tickets.actions import intake, merge, note, relations, reply, split, state
from tickets.choices import Category, RelationKind
from tickets.family import OpenChildren
from tickets.models import Ticket, TicketEvent, TicketMove, TicketRelation

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def says(ticket: Ticket, text: str, *, hours: int, person=None):
    return intake.add_customer_message(
        ticket=ticket, person=person or ticket.requester, text=text, channel="mail", now=WEDNESDAY + hours * HOUR
    )


@pytest.fixture
def two_things(customer, agent):
    """A ticket about a licence on which its customer, once answered, asks about an invoice."""
    ticket = make_ticket(requester=customer, subject="Which licence?")
    reply.reply(ticket=ticket, by=agent, text="Thirty.", last_seen=2**40, now=WEDNESDAY + HOUR)
    return ticket, says(ticket, "And where is my invoice?", hours=2)


def test_a_message_becomes_a_ticket_with_its_own_subject_asker_and_clocks(two_things, agent, customer):
    ticket, invoice = two_things

    new = split.split(
        ticket=ticket, messages=[invoice.pk], subject="Invoice missing", by=agent, now=WEDNESDAY + 3 * HOUR
    )

    new, ticket = again(new), again(ticket)
    assert (new.subject, new.requester, new.category) == ("Invoice missing", customer, Category.NEW)
    assert (new.created_at, new.waiting_since) == (WEDNESDAY + 2 * HOUR, WEDNESDAY + 2 * HOUR)
    assert new.first_response_due_at == WEDNESDAY + 6 * HOUR
    assert [message.text for message in new.messages.all()] == ["And where is my invoice?"]
    assert (ticket.waiting_since, ticket.next_response_due_at, ticket.snippet) == (None, None, "Thirty.")
    went = ticket.events.get(kind="split")
    assert went.created_at == invoice.created_at
    assert went.text == f"A message from Cara Customer went to ticket {new.pk}: Invoice missing"


def test_undoing_a_split_puts_everything_back_and_later_words_with_it(two_things, agent):
    ticket, invoice = two_things
    before = whole(ticket)
    new = split.split(ticket=ticket, messages=[invoice.pk], subject="Invoice", by=agent, now=WEDNESDAY + 3 * HOUR)

    split.unsplit(ticket=new, by=agent, now=WEDNESDAY + 4 * HOUR)

    assert whole(ticket) == before
    assert not ticket.events.filter(kind="split").exists()
    assert again(new).merged_into_id == ticket.pk
    with pytest.raises(split.CannotUnsplit):
        split.unsplit(ticket=new, by=agent, now=WEDNESDAY + 4 * HOUR)
    says(new, "A late word", hours=5)
    assert again(ticket).messages.filter(text="A late word").exists()


def test_what_was_said_on_the_new_ticket_comes_back_with_it(two_things, agent):
    ticket, invoice = two_things
    new = split.split(ticket=ticket, messages=[invoice.pk], subject="Invoice", by=agent, now=WEDNESDAY + 3 * HOUR)
    says(new, "Number 7 please", hours=4)
    note.add_note(ticket=new, by=agent, text="Look at the ledger", now=WEDNESDAY + 4 * HOUR)

    split.unsplit(ticket=new, by=agent, now=WEDNESDAY + 5 * HOUR)

    assert ticket.messages.filter(text="Number 7 please").exists()
    assert ticket.notes.count() == 1
    assert again(ticket).waiting_since == WEDNESDAY + 2 * HOUR


@pytest.mark.parametrize("door", ["their own message", "our answer", "another message"])
def test_c19_an_answer_to_a_message_that_was_split_off_reaches_its_new_ticket(agent, customer, door):
    mailbox = make_mailbox()
    first = arrive(make_mail(), mailbox=mailbox, now=WEDNESDAY)
    ticket = Ticket.objects.get(pk=first.ticket)
    ours = answer_to(ticket, agent, WEDNESDAY + HOUR)
    later = arrive(
        make_mail(to=ours.reply_to_address, text="My invoice?", message_id="<invoice@robotics.example>"),
        mailbox=mailbox, now=WEDNESDAY + 2 * HOUR,
    )  # fmt: skip
    theirs = ticket.messages.get(pk=later.message)
    answered = answer_to(ticket, agent, WEDNESDAY + 3 * HOUR)
    words = [theirs.pk, int(answered.source_key.removeprefix("message:"))]
    ticket.messages.filter(pk__in=words).update(delivery="sent")
    new = split.split(ticket=ticket, messages=words, subject="Invoice", by=agent, now=WEDNESDAY + 4 * HOUR)
    named = {
        "their own message": "<invoice@robotics.example>", "our answer": answered.message_id,
        "another message": ours.message_id,
    }[door]  # fmt: skip

    outcome = arrive(
        make_mail(to=ours.reply_to_address, text="Thanks", headers=(("In-Reply-To", named),)),
        mailbox=mailbox, now=WEDNESDAY + 5 * HOUR,
    )  # fmt: skip

    assert outcome.outcome == "reply"
    assert outcome.ticket == (ticket.pk if door == "another message" else new.pk)


def test_what_cannot_be_split_off_is_refused_with_a_sentence(two_things, agent, stranger):
    ticket, invoice = two_things
    pending = ticket.messages.get(author="agent")
    elsewhere = make_ticket().messages.get()
    first = ticket.messages.order_by("pk").first()
    before = whole(ticket)

    for keys, subject, sentence in [
        ([], "Invoice", "Choose at least one message"),
        ([invoice.pk], " \n", "needs a subject"),
        ([invoice.pk, elsewhere.pk], "Invoice", "no longer on this ticket"),
        ([pending.pk], "Invoice", "still on its way"),
        ([2**62], "Invoice", "Choose at least one message"),
    ]:
        with pytest.raises(split.CannotSplit, match=sentence):
            split.split(ticket=ticket, messages=keys, subject=subject, by=agent, now=WEDNESDAY + 3 * HOUR)
    alone = make_ticket()
    with pytest.raises(split.CannotSplit, match="Leave at least one message"):
        split.split(ticket=alone, messages=[alone.messages.get().pk], subject="X", by=agent, now=WEDNESDAY)

    assert whole(ticket) == before
    assert first.ticket_id == ticket.pk
    assert TicketMove.objects.count() == 0


def test_words_of_two_customers_kept_apart_do_not_leave_together(customer, stranger, agent):
    """S24: nobody who was kept from a thread gets its words by a split."""
    theirs, other = make_ticket(requester=customer), make_ticket(requester=stranger)
    says(theirs, "More", hours=1)
    merge.merge(ticket=other, into=theirs, by=agent, now=WEDNESDAY + 2 * HOUR)
    mine = theirs.messages.filter(person=customer).order_by("pk").first()
    foreign = theirs.messages.get(person=stranger)

    with pytest.raises(split.CannotSplit, match="do not read each other"):
        split.split(ticket=theirs, messages=[mine.pk, foreign.pk], subject="Both", by=agent, now=WEDNESDAY + 3 * HOUR)
    new = split.split(ticket=theirs, messages=[foreign.pk], subject="Theirs", by=agent, now=WEDNESDAY + 3 * HOUR)

    assert new.requester == stranger
    assert new.messages.get().is_apart is False


# Relations.


def test_a_relation_is_said_once_and_ends_on_both(agent):
    one, other = make_ticket(), make_ticket()

    made = [relations.relate(one=a, other=b, kind="related", by=agent, now=WEDNESDAY) for a, b in
            ((one, other), (other, one))]  # fmt: skip

    assert made[0] == made[1]
    assert TicketEvent.objects.filter(kind="related").count() == 2
    relations.unrelate(relation=made[0], by=agent, now=WEDNESDAY)
    relations.unrelate(relation=made[1], by=agent, now=WEDNESDAY)
    assert not TicketRelation.objects.exists()
    assert JournalEntry.objects.filter(action="tickets.unrelate").count() == 1


@pytest.mark.parametrize("kind", ["parent", "duplicate", "cause", "blocks"])
def test_no_relation_goes_in_a_circle(agent, kind):
    a, b, c = (make_ticket() for _ in range(3))
    relations.relate(one=a, other=b, kind=kind, by=agent, now=WEDNESDAY)
    relations.relate(one=b, other=c, kind=kind, by=agent, now=WEDNESDAY)

    with pytest.raises(relations.CannotRelate, match="in a circle"):
        relations.relate(one=c, other=a, kind=kind, by=agent, now=WEDNESDAY)

    assert TicketRelation.objects.count() == 2


def test_relations_that_mean_nothing_are_refused(agent):
    one, other, third = (make_ticket() for _ in range(3))
    merge.merge(ticket=third, into=other, by=agent, now=WEDNESDAY)

    for a, b, kind, sentence in [
        (one, one, "related", "nothing to do with itself"),
        (one, other, "enemy", "Choose one of the ways"),
        (one, third, "related", f"merged into ticket {other.pk}"),
    ]:
        with pytest.raises(relations.CannotRelate, match=sentence):
            relations.relate(one=a, other=b, kind=kind, by=agent, now=WEDNESDAY)
    relations.relate(one=one, other=other, kind="parent", by=agent, now=WEDNESDAY)
    with pytest.raises(relations.CannotRelate, match=f"child of ticket {one.pk} already"):
        relations.relate(one=make_ticket(), other=other, kind="parent", by=agent, now=WEDNESDAY)


def test_a_parent_is_not_closed_silently_while_a_child_is_open(agent):
    parent = make_ticket()
    children = [
        relations.open_child(parent=parent, subject=f"Part {number}", text="Do it", by=agent, now=WEDNESDAY)
        for number in (1, 2)
    ]

    with pytest.raises(OpenChildren, match=f"2 children that are still open: #{children[0].pk}, #{children[1].pk}"):
        state.close_ticket(ticket=parent, by=agent, now=WEDNESDAY + HOUR, unanswered=True)
    with pytest.raises(reply.CannotReply, match="still open"):
        reply.reply(ticket=parent, by=agent, text="Done", last_seen=2**40, then="closed", now=WEDNESDAY + HOUR)
    assert not OutgoingMail.objects.filter(kind="reply").exists()
    assert again(parent).category == Category.NEW
    assert relations.close_family(ticket=parent, by=agent, now=WEDNESDAY + HOUR, unanswered=True) == 2

    assert {again(row).category for row in (parent, *children)} == {Category.CLOSED}
    with pytest.raises(relations.CannotRelate, match="is closed"):
        relations.open_child(parent=parent, subject="Part 3", text="", by=agent, now=WEDNESDAY + 2 * HOUR)
    assert Ticket.objects.count() == 3


def test_a_parent_may_be_closed_alone_and_by_its_customer(agent, customer):
    parent, other = make_ticket(requester=customer), make_ticket(requester=customer)
    for row in (parent, other):
        relations.open_child(parent=row, subject="Part", text="", by=agent, now=WEDNESDAY)

    state.close_ticket(ticket=parent, by=agent, now=WEDNESDAY, is_alone=True, unanswered=True)
    state.close_ticket(ticket=other, by=customer, now=WEDNESDAY)

    assert again(parent).category == again(other).category == Category.CLOSED


def test_a_child_is_for_staff_unless_the_agent_says_otherwise(agent, customer):
    """S29: what staff call a part of the work reaches no customer by itself."""
    parent = make_ticket(requester=customer)

    inside = relations.open_child(parent=parent, subject="CANARY", text="CANARY", by=agent, now=WEDNESDAY)
    outside = relations.open_child(
        parent=parent, subject="Repair", text="CANARY", by=agent, now=WEDNESDAY, for_customer=True
    )

    assert list(Ticket.objects.visible(customer).order_by("pk")) == [parent, outside]
    assert (inside.requester, outside.requester) == (agent, customer)
    assert not outside.messages.exists()
    assert outside.notes.get().text == "CANARY"
    assert not OutgoingMail.objects.exists()


def test_children_follow_a_merged_parent_and_come_back(agent, customer):
    parent, survivor = make_ticket(requester=customer), make_ticket(requester=customer)
    child = relations.open_child(parent=parent, subject="Part", text="", by=agent, now=WEDNESDAY)

    merge.merge(ticket=parent, into=survivor, by=agent, now=WEDNESDAY)

    tie = TicketRelation.objects.get(kind=RelationKind.PARENT, other=child)
    assert tie.one == survivor
    merge.unmerge(ticket=parent, by=agent, now=WEDNESDAY)
    tie.refresh_from_db()
    assert tie.one == parent


@pytest.mark.django_db(transaction=True)
def test_ties_made_at_once_never_close_a_circle(at_once, agent):
    for _ in range(2):
        a, b, c = (make_ticket() for _ in range(3))

        said = at_once(*[("relate", x.pk, agent.pk, y.pk) for x, y in ((a, b), (b, c), (c, a))])

        assert said == ["CannotRelate", "done", "done"]


@pytest.mark.django_db(transaction=True)
def test_a_split_or_its_undo_at_once_or_killed_happens_once_or_not_at_all(at_once, desk, agent, lead):
    ticket = make_ticket()
    more = says(ticket, "And my invoice?", hours=1)
    before = whole(ticket)
    process = desk("split", ticket.pk, agent.pk, more.pk, FAILPOINT="tickets.split.moved")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9
    assert whole(ticket) == before
    assert Ticket.objects.count() == 1

    said = at_once(("split", ticket.pk, agent.pk, more.pk), ("split", ticket.pk, lead.pk, more.pk))

    assert said == ["CannotSplit", "done"]
    new = Ticket.objects.exclude(pk=ticket.pk).get()
    assert at_once(("unsplit", new.pk, agent.pk), ("unsplit", new.pk, lead.pk)) == ["CannotUnsplit", "done"]
    assert again(ticket).messages.count() == 2
