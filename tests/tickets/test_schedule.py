"""A reply that waits for its hour: it leaves once, counts when it leaves, and never answers what has moved on."""

from datetime import timedelta

import pytest

from mail.actions import deliver
from mail.choices import MailState
from mail.models import OutgoingMail
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import delivery, intake, reply, schedule, state
from tickets.choices import Category, Delivery
from tickets.models import ContactReason, Draft, TicketEvent
from timers.actions.sweep import sweep

LATER = WEDNESDAY + timedelta(minutes=30)
TOMORROW = WEDNESDAY + timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(customer):
    return make_ticket(requester=customer)


def put_off(ticket, agent, *, at=TOMORROW, **options):
    ticket.refresh_from_db()
    return reply.reply(
        ticket=ticket,
        by=agent,
        text="Thirty seats.",
        last_seen=ticket.last_message_id,
        now=LATER,
        send_at=at,
        **options,
    )


def leaves(message, now=TOMORROW):
    OutgoingMail.objects.filter(source_key=f"message:{message.pk}").update(state=MailState.SENT, sent_at=now)
    delivery.note_delivery(message_id=message.pk, now=now)


def test_it_waits_as_its_mails_and_the_ticket_sleeps_until_shortly_after(ticket, agent):
    """Complaint 23."""
    message = put_off(ticket, agent)

    mail = OutgoingMail.objects.get()
    ticket.refresh_from_db()
    assert (mail.not_before, mail.next_attempt_at, message.sends_at) == (TOMORROW, TOMORROW, TOMORROW)
    assert (ticket.snoozed_until, ticket.category, ticket.assignee) == (
        TOMORROW + schedule.GRACE, Category.NEW, agent,
    )  # fmt: skip
    assert ticket.first_responded_at is None
    assert deliver.due_ids(now=TOMORROW - timedelta(seconds=1), limit=9) == []
    assert deliver.due_ids(now=TOMORROW, limit=9) == [mail.pk]


@pytest.mark.parametrize(("then", "category"), [("waiting", Category.WAITING), ("closed", Category.CLOSED)])
def test_it_counts_as_an_answer_when_it_leaves_and_only_once(ticket, agent, then, category):
    reason = ContactReason.objects.create(name="Licences")
    message = put_off(ticket, agent, then=then, reason=reason)

    leaves(message)
    leaves(message)

    ticket.refresh_from_db()
    message.refresh_from_db()
    assert (ticket.category, ticket.snoozed_until, ticket.first_responded_at) == (category, None, TOMORROW)
    assert (message.delivery, message.later, message.created_at) == (Delivery.SENT, None, TOMORROW)
    assert ticket.contact_reason == (reason if then == "closed" else None)
    assert TicketEvent.objects.filter(kind="closed").count() == (1 if then == "closed" else 0)


def test_when_the_customer_writes_first_it_is_stopped_and_is_its_writers_draft_again(ticket, agent, customer):
    """Complaint 23."""
    message = put_off(ticket, agent, cc=["b@x.example"])

    intake.add_customer_message(ticket=ticket, person=customer, text="Solved!", channel="mail", now=LATER)

    message.refresh_from_db()
    ticket.refresh_from_db()
    draft = Draft.objects.get(person=agent)
    assert (message.delivery, message.later, message.sends_at) == (Delivery.CANCELLED, None, None)
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {MailState.CANCELLED}
    assert (draft.text, draft.cc) == ("Thirty seats.", "b@x.example")
    assert draft.came_back == "Cara Customer wrote before this reply left, so it was stopped."
    assert (ticket.snoozed_until, ticket.is_unread) == (None, True)


def test_one_that_has_begun_to_leave_goes_and_the_customers_new_words_stay_open(ticket, agent, customer):
    message = put_off(ticket, agent, then="closed")
    OutgoingMail.objects.update(state=MailState.SENDING, leased_until=TOMORROW, attempts=1)

    intake.add_customer_message(ticket=ticket, person=customer, text="One more.", channel="mail", now=TOMORROW)
    leaves(message)

    ticket.refresh_from_db()
    message.refresh_from_db()
    assert (ticket.category, message.delivery, ticket.is_unread) == (Category.NEW, Delivery.SENT, True)
    assert not Draft.objects.exists()


def test_a_ticket_that_was_closed_meanwhile_stays_closed(ticket, agent, lead):
    message = put_off(ticket, agent)
    state.close_ticket(ticket=ticket, by=lead, now=LATER, unanswered=True)

    leaves(message)

    ticket.refresh_from_db()
    assert ticket.category == Category.CLOSED


def test_a_colleague_may_stop_it_and_its_writer_has_the_draft(ticket, agent, lead):
    message = put_off(ticket, agent)

    reply.take_back(message=message, by=lead, now=LATER)

    ticket.refresh_from_db()
    assert Draft.objects.get().person == agent
    assert (ticket.snoozed_until, ticket.assignee) == (None, None)


def test_one_that_fails_brings_the_ticket_back(ticket, agent):
    message = put_off(ticket, agent)
    OutgoingMail.objects.update(state=MailState.FAILED, last_error="550 no such user")

    delivery.note_delivery(message_id=message.pk, now=TOMORROW)

    ticket.refresh_from_db()
    message.refresh_from_db()
    assert (ticket.has_failed_delivery, ticket.snoozed_until, message.later) == (True, None, None)


def test_one_that_never_leaves_brings_the_ticket_back_too(ticket, agent):
    soon = LATER + timedelta(minutes=20)
    put_off(ticket, agent, at=soon)

    sweep(now=soon + schedule.GRACE)

    ticket.refresh_from_db()
    assert (ticket.snoozed_until, ticket.came_back) == (None, "Its snooze ended")


@pytest.mark.parametrize(
    ("at", "said"),
    [(LATER, "has not passed"), (LATER - timedelta(days=1), "has not passed"), (LATER + timedelta(days=15), "14 days")],
)
def test_a_time_that_cannot_be_is_refused_and_nothing_is_written(ticket, agent, at, said):
    with pytest.raises(schedule.CannotSchedule, match=said):
        put_off(ticket, agent, at=at)

    assert not OutgoingMail.objects.exists()
    assert not ticket.messages.filter(author="agent").exists()


def test_the_customer_reads_it_when_it_has_left_and_not_before(ticket, agent):
    put_off(ticket, agent)

    assert "Thirty seats." not in [one.text for one in ticket.messages.shown_to_customers(LATER)]
