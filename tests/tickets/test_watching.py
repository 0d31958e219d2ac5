"""Staff follow tickets and are told, once each, what happens (the bar: watchers). Customers never are."""

from datetime import timedelta

import pytest

from accounts.models import NotificationChoice
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.tickets import WEDNESDAY, make_ticket
from tickets.actions import intake, note, participants, reply, state, watching
from tickets.choices import Role
from tickets.models import Participant, Ticket
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def ticket(customer, agent, lead):
    """Both the agent and the lead follow it."""
    row = make_ticket(requester=customer, text="CANARY of the customer")
    for person in (agent, lead):
        watching.follow(ticket=row, person=person, by=person, now=WEDNESDAY)
    return Ticket.objects.get(pk=row.pk)


def told() -> list[tuple[str, str]]:
    rows = OutgoingMail.objects.filter(kind="notification", subject__startswith="Ticket").order_by("pk")
    return [(mail.to_address, mail.subject.partition(": ")[2]) for mail in rows]


def test_each_watcher_but_the_writer_is_told_once_of_words_notes_and_closing(ticket, agent, lead, customer):
    intake.add_customer_message(ticket=ticket, person=customer, text="CANARY", channel="web", now=WEDNESDAY)
    note.add_note(ticket=ticket, by=lead, text="CANARY", now=WEDNESDAY)
    state.close_ticket(ticket=ticket, by=agent, now=WEDNESDAY, unanswered=True)
    for minute in (1, 2, 3):
        sweep(now=WEDNESDAY + minute * MINUTE)

    assert sorted(told()) == sorted([
        ("alma@desk.example", "Cara Customer wrote"), ("leo@desk.example", "Cara Customer wrote"),
        ("alma@desk.example", "Leo Lead wrote a note"),
        ("leo@desk.example", "Closed by Alma Agent"),
    ])  # fmt: skip
    assert not OutgoingMail.objects.filter(text__contains="CANARY").exists()


def test_a_reply_is_told_when_it_can_no_longer_be_taken_back_and_never_if_it_was(ticket, agent):
    message = reply.reply(ticket=ticket, by=agent, text="Soon.", last_seen=2**40, now=WEDNESDAY)
    sweep(now=WEDNESDAY + timedelta(seconds=1))
    assert told() == []
    reply.take_back(message=message, by=agent, now=WEDNESDAY + timedelta(seconds=2))
    sweep(now=WEDNESDAY + 5 * MINUTE)
    assert told() == []

    reply.reply(ticket=ticket, by=agent, text="Now.", last_seen=2**40, now=WEDNESDAY + 6 * MINUTE)
    sweep(now=WEDNESDAY + 8 * MINUTE)

    assert told() == [("leo@desk.example", "Alma Agent answered")]


def test_who_said_otherwise_or_left_is_not_told(ticket, agent, lead, customer):
    NotificationChoice.objects.create(person=lead, kind="watched", way="mail", is_wanted=False)
    agent.grants.update(revoked_at=WEDNESDAY)

    intake.add_customer_message(ticket=ticket, person=customer, text="Well?", channel="web", now=WEDNESDAY)
    sweep(now=WEDNESDAY + MINUTE)

    assert told() == []


def test_following_is_for_staff_and_ends(ticket, agent, lead, customer):
    with pytest.raises(watching.CannotFollow):
        watching.follow(ticket=ticket, person=customer, by=agent, now=WEDNESDAY)
    with pytest.raises(participants.CannotAdd, match="already"):
        participants.add(ticket=ticket, person=customer, role=Role.WATCHER, by=agent, now=WEDNESDAY)
    assert watching.follow(ticket=ticket, person=agent, by=agent, now=WEDNESDAY) is False
    assert [watching.unfollow(ticket=ticket, person=agent, by=agent, now=WEDNESDAY) for _ in range(2)] == [True, False]

    participants.remove(ticket=ticket, person=lead, by=agent, now=WEDNESDAY)

    assert Ticket.objects.get(pk=ticket.pk).is_watched is False


def test_a_customer_is_not_made_a_watcher_and_copied_staff_keep_their_copies(agent, stranger):
    ticket = make_ticket()
    helper = make_staff(email="help@staff.example")
    participants.add(ticket=ticket, person=helper, role=Role.COPIED, by=agent, now=WEDNESDAY)

    with pytest.raises(participants.CannotAdd, match="not on the staff"):
        participants.add(ticket=ticket, person=stranger, role=Role.WATCHER, by=agent, now=WEDNESDAY)
    watching.follow(ticket=ticket, person=helper, by=helper, now=WEDNESDAY)

    assert Participant.objects.get(ticket=ticket, person=helper).role == Role.COPIED


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_tell_each_watcher_once(at_once, agent, lead, customer):
    for _ in range(3):
        row = make_ticket(requester=customer)
        for person in (agent, lead):
            watching.follow(ticket=row, person=person, by=person, now=WEDNESDAY)
        intake.add_customer_message(ticket=row, person=customer, text="Well?", channel="web", now=WEDNESDAY)

    at_once(*[("sweep",)] * 3, now=WEDNESDAY + MINUTE)

    assert len(told()) == 6
