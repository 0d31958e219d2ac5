"""Twice, at once, killed in the middle: a mail, a reply, a timer and a decision each have one effect."""

from datetime import timedelta

import pytest

from accounts.models import JournalEntry
from mail.actions.store import store_raw
from mail.choices import Door, RawState
from mail.models import OutgoingMail, RawMail, StoredFile
from tests.factories.accounts import make_staff
from tests.factories.mails import make_mail
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets.actions import reply
from tickets.actions.take_in import take_in
from tickets.choices import Category, Delivery, Notice
from tickets.models import ClockNotice, Message, Participant, Ticket, TicketEvent

pytestmark = pytest.mark.django_db(transaction=True)

# Later than any pause after a first attempt.
LATER = WEDNESDAY + timedelta(minutes=20)


def stored(raw: bytes | None = None) -> RawMail:
    return store_raw(raw=raw or make_mail(), mailbox=make_mailbox(), door=Door.SMTP, now=WEDNESDAY)[0]


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Ticket, Message, Participant, OutgoingMail))


def test_F18_two_workers_on_one_mail_make_one_ticket(at_once):
    raw = stored()

    at_once(*[("take_in", raw.pk)] * 3)

    assert counts() == (1, 1, 1, 1)
    raw.refresh_from_db()
    assert (raw.state, raw.outcome) == (RawState.DONE, "ticket")


def test_two_mails_of_a_new_sender_at_once_make_one_person_and_two_tickets(at_once):
    first, second = stored(), stored(make_mail(subject="Another"))

    assert at_once(("take_in", first.pk), ("take_in", second.pk)) == ["ticket", "ticket"]

    assert Ticket.objects.values("requester").distinct().count() == 1


@pytest.mark.parametrize("place", ["parsed", "before_commit", "after_commit"])
def test_F1_a_worker_killed_while_taking_in_loses_and_doubles_nothing(desk, place):
    raw = stored()
    process = desk("take_in", raw.pk, FAILPOINT=f"tickets.take_in.{place}")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9

    outcome = take_in(raw_id=raw.pk, now=LATER)

    assert outcome.outcome == "ticket"
    assert counts() == (1, 1, 1, 1)
    assert StoredFile.objects.count() == 1


def test_F19_a_mail_that_kills_its_worker_every_time_is_set_aside(desk):
    raw = stored()
    for attempt in range(5):
        process = desk(
            "take_in", raw.pk, now=WEDNESDAY + timedelta(hours=attempt), FAILPOINT="tickets.take_in.before_commit"
        )
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.wait(60) == -9

    assert take_in(raw_id=raw.pk, now=WEDNESDAY + timedelta(days=2)).outcome == "quarantined"
    assert Ticket.objects.count() == 0


def test_two_agents_answering_at_once_send_one_reply(at_once, agent):
    ticket = make_ticket()
    other = make_staff(email="ben@desk.example")
    seen = ticket.last_message_id

    said = at_once(("reply", ticket.pk, agent.pk, seen), ("reply", ticket.pk, other.pk, seen))

    assert said == ["StaleReply", "done"]
    assert OutgoingMail.objects.filter(kind="reply").count() == 1


def test_a_reply_killed_before_its_commit_leaves_nothing(desk, agent):
    ticket = make_ticket()
    process = desk("reply", ticket.pk, agent.pk, ticket.last_message_id, FAILPOINT="tickets.reply.mailed")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert process.wait(60) == -9

    assert not OutgoingMail.objects.filter(kind="reply").exists()
    assert Message.objects.filter(author="agent").count() == 0
    ticket.refresh_from_db()
    assert ticket.category == Category.NEW


def test_U4_undo_pressed_twice_at_once_takes_back_once(at_once, agent):
    ticket = make_ticket()
    message = reply.reply(ticket=ticket, by=agent, text="Thirty.", last_seen=ticket.last_message_id, now=WEDNESDAY)

    assert at_once(*[("take_back", message.pk, agent.pk)] * 2) == ["CannotTakeBack", "Thirty."]

    message.refresh_from_db()
    assert message.delivery == Delivery.CANCELLED


def test_a_customer_who_writes_while_an_agent_closes_is_never_lost(at_once, agent, customer):
    for _ in range(4):
        ticket = make_ticket(requester=customer)

        at_once(("close", ticket.pk, agent.pk), ("write", ticket.pk, customer.pk))

        ticket.refresh_from_db()
        last = TicketEvent.objects.filter(ticket=ticket, kind__in=["closed", "reopened"]).order_by("-pk").first()
        assert ticket.messages.filter(text="One more.").count() == 1
        assert (ticket.category == Category.CLOSED) == (last.kind == "closed")
        assert (ticket.next_action_at is None) == (ticket.category == Category.CLOSED)


def test_F2_two_sweeps_at_once_notice_a_broken_promise_once(at_once):
    for _ in range(5):
        make_ticket()

    at_once(*[("sweep",)] * 3, now=WEDNESDAY + timedelta(hours=5))

    assert ClockNotice.objects.filter(kind=Notice.BROKEN).count() == 5


def test_closing_at_once_is_one_decision(at_once, agent, lead):
    ticket = make_ticket()

    at_once(("close", ticket.pk, agent.pk), ("close", ticket.pk, lead.pk))

    assert JournalEntry.objects.filter(action="tickets.close").count() == 1
    assert TicketEvent.objects.filter(ticket=ticket, kind="closed").count() == 1
