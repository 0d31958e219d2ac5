"""What other programs learn of tickets: everything that happened, in order, and nothing of staff's own."""

from datetime import timedelta

import pytest

from mail.choices import MailState
from mail.models import OutgoingMail
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import assign, clocks, delivery, details, merge, note, reply, state
from tickets.actions.intake import add_customer_message
from tickets.choices import Channel
from tickets.models import Closing
from timers.actions.sweep import sweep
from webhooks.models import Event

pytestmark = pytest.mark.django_db

SOON = WEDNESDAY + timedelta(minutes=5)


def told() -> list[str]:
    return list(Event.objects.order_by("subject_key", "sequence").values_list("type", flat=True))


def say(ticket, by, text="Thirty.", now=WEDNESDAY, **more):
    ticket.refresh_from_db()
    return reply.reply(ticket=ticket, by=by, text=text, last_seen=ticket.last_message_id, now=now, **more)


def test_a_life_is_told_in_order(endpoint, agent, customer):
    ticket = make_ticket(requester=customer)
    assign.assign(ticket=ticket, to=agent, by=agent, now=WEDNESDAY)
    details.change(ticket=ticket, by=agent, priority="high", now=WEDNESDAY)
    say(ticket, agent, then="closed")
    sweep(now=SOON)
    add_customer_message(ticket=ticket, person=customer, text="And?", channel=Channel.WEB, now=SOON)
    state.close_ticket(ticket=ticket, by=agent, now=SOON, unanswered=True)

    assert told() == [
        "ticket.created", "message.created", "ticket.updated", "ticket.updated", "ticket.closed", "message.created",
        "ticket.reopened", "message.created", "ticket.closed",
    ]  # fmt: skip
    sequences = list(Event.objects.order_by("pk").values_list("sequence", flat=True))
    assert sequences == list(range(1, 10))


def test_a_reply_that_was_taken_back_is_never_told(endpoint, agent):
    ticket = make_ticket()
    message = say(ticket, agent, text="Canary that was taken back", then="closed")
    reply.take_back(message=message, by=agent, now=WEDNESDAY + timedelta(seconds=3))
    sweep(now=SOON)

    assert told() == [
        "ticket.created", "message.created", "ticket.closed", "ticket.updated", "ticket.reopened", "ticket.updated",
    ]  # fmt: skip
    assert not Event.objects.filter(body__contains="Canary").exists()


def test_S29_a_note_and_held_words_are_never_told(endpoint, agent, customer):
    ticket = make_ticket(requester=customer)
    note.add_note(ticket=ticket, by=agent, text="CANARY-NOTE", now=WEDNESDAY)
    details.change(ticket=ticket, by=agent, tags=["vip"], now=WEDNESDAY)
    say(ticket, agent)
    sweep(now=SOON)

    assert Event.objects.count() == 5
    assert not Event.objects.filter(body__contains="CANARY-NOTE").exists()


def test_a_merge_and_a_failed_delivery_are_told(endpoint, agent):
    gone, kept = make_ticket(), make_ticket(subject="Another")
    Event.objects.all().delete()
    merge.merge(ticket=gone, into=kept, by=agent, now=SOON)
    message = say(kept, agent, now=SOON)
    OutgoingMail.objects.filter(source_key=f"message:{message.pk}").update(state=MailState.FAILED, last_error="550 no")
    delivery.note_delivery(message_id=message.pk, now=SOON + timedelta(minutes=1))

    types = told()
    assert types.count("ticket.merged") == 1
    assert types.count("delivery.failed") == 1
    assert "ticket.closed" not in types
    assert "550 no" in Event.objects.get(type="delivery.failed").body


def test_closings_are_noted_and_an_undo_takes_them_back(agent, customer):
    """Complaint 25: reports count what stands."""
    ticket = make_ticket(requester=customer)
    message = say(ticket, agent, then="closed")
    assert Closing.objects.filter(ticket=ticket, reopened_at=None).count() == 1
    reply.take_back(message=message, by=agent, now=WEDNESDAY + timedelta(seconds=3))
    assert not Closing.objects.exists()

    state.close_ticket(ticket=ticket, by=agent, now=SOON, unanswered=True)
    state.close_ticket(ticket=ticket, by=agent, now=SOON, unanswered=True)
    later = SOON + timedelta(hours=1)
    add_customer_message(ticket=ticket, person=customer, text="And?", channel=Channel.WEB, now=later)
    row = Closing.objects.get()
    assert (row.at, row.by, row.in_time, row.reopened_at) == (SOON, agent, True, later)

    state.close_ticket(ticket=ticket, by=agent, now=later + timedelta(days=30), unanswered=True)
    assert list(Closing.objects.order_by("at").values_list("in_time", flat=True)) == [True, False]


def test_looking_at_a_ticket_by_its_timer_tells_nothing_new(endpoint):
    ticket = make_ticket()
    Event.objects.all().delete()

    clocks.look(ticket_id=ticket.pk, visit=1, now=WEDNESDAY + timedelta(days=3))

    assert told() == []
