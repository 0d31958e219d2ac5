"""Nudge, nudge, close (complaint 22): on open days, once each, never where we owe the answer."""

from datetime import timedelta

import pytest

from mail.actions import reach
from mail.models import OutgoingMail
from tests.factories.tickets import make_mailbox, make_ticket
from tests.tickets.automation.conftest import again, at, said, work
from tickets.actions import intake, reply, snooze
from tickets.actions.setup.teamwork import set_nudges
from tickets.choices import Category, NudgeState
from tickets.models import Message, Nudge, Team, Ticket

pytestmark = pytest.mark.django_db

WORDS = {"first_text": "Is it solved?", "second_text": "Still there?", "close_text": "We closed {ticket_number}."}


@pytest.fixture
def plan(lead):
    """After 2 days, after 1 more, closed after 3 more."""
    make_mailbox()
    days = {"first_after": 2, "second_after": 1, "close_after": 3}
    return set_nudges(team=Team.objects.get(), is_enabled=True, **days, **WORDS, by=lead, now=at(2, 9))


THURSDAY = at(5, 10)


def answered(agent, customer, now=THURSDAY, **fields):
    """A ticket that we answered on Thursday morning."""
    ticket = make_ticket(requester=customer, now=now, **fields)
    reply.reply(ticket=ticket, by=agent, text="Thirty seats.", last_seen=ticket.last_message_id, now=now)
    left(now)
    return ticket


def left(now) -> None:
    """Every mail that waits was sent."""
    OutgoingMail.objects.filter(state="queued").update(state="sent", sent_at=now)
    Message.objects.filter(delivery="pending").update(delivery="sent")


def nudged() -> list[str]:
    return [mail.text.partition("\n")[0] for mail in OutgoingMail.objects.filter(kind="bulk").order_by("pk")]


def steps(ticket) -> list[tuple[int, str]]:
    return list(Nudge.objects.filter(ticket=ticket).order_by("step").values_list("step", "state"))


def test_two_reminders_and_a_close_on_open_days_once_each(plan, agent, customer):
    """Complaint 22."""
    ticket = answered(agent, customer)

    work(at(6, 17))  # Friday: one day
    work(at(8, 12))  # Sunday
    assert nudged() == []
    for minute in (0, 1, 5):  # Monday, after the weekend: the second open day
        work(at(9, 10, minute))
    assert nudged() == ["Is it solved?"]
    left(at(9, 10))
    work(at(10, 9, 59))
    assert nudged() == ["Is it solved?"]
    work(at(10, 10, 6))
    left(at(10, 10))
    work(at(13, 9, 30))
    assert nudged() == ["Is it solved?", "Still there?"]
    assert again(ticket).category == Category.WAITING
    work(at(13, 10, 7))

    assert nudged() == ["Is it solved?", "Still there?", f"We closed {ticket.pk}."]
    assert again(ticket).category == Category.CLOSED
    assert steps(ticket) == [(1, "sent"), (2, "sent"), (3, "closed")]
    assert said(ticket, "closed") == ["Closed, since nobody answered."]
    mail = OutgoingMail.objects.filter(kind="bulk").first()
    assert (mail.to_address, mail.subject) == (customer.email, "Re: Which licence do I need?")
    assert mail.reply_to_address and mail.auto_submitted == "auto-generated"


def test_an_answer_stops_it_and_a_new_answer_of_ours_begins_anew(plan, agent, customer):
    ticket = answered(agent, customer)
    work(at(9, 10, 1))
    left(at(9, 10, 1))

    intake.add_customer_message(ticket=ticket, person=customer, text="Not yet.", channel="web", now=at(9, 11))
    work(at(20, 12))
    assert nudged() == ["Is it solved?"]

    reply.reply(ticket=ticket, by=agent, text="And now?", last_seen=again(ticket).last_message_id, now=at(20, 12))
    left(at(20, 12))
    work(at(24, 12, 1))
    assert nudged() == ["Is it solved?", "Is it solved?"]


def test_workers_that_stood_still_for_weeks_send_one_reminder_and_close_nothing(plan, agent, customer):
    ticket = answered(agent, customer)

    for minute in range(4):
        work(at(27, 12, minute))
        left(at(27, 12, minute))

    assert nudged() == ["Is it solved?"]
    assert again(ticket).category == Category.WAITING


@pytest.mark.parametrize(
    "case", ["we owe", "snoozed", "on its way", "failed", "other team", "switched off", "a machine"]
)
def test_nobody_is_reminded_who_should_not_be(plan, agent, customer, lead, case):
    ticket = answered(agent, customer)
    if case == "we owe":
        intake.add_customer_message(ticket=ticket, person=customer, text="?", channel="web", now=at(5, 11))
    elif case == "snoozed":
        snooze.snooze(ticket=again(ticket), until=at(13, 9), by=agent, now=at(5, 11))
    elif case == "on its way":
        Message.objects.filter(ticket=ticket, author="agent").update(delivery="pending")
    elif case == "failed":
        Ticket.objects.filter(pk=ticket.pk).update(has_failed_delivery=True)
    elif case == "other team":
        Ticket.objects.filter(pk=ticket.pk).update(team=Team.objects.create(name="Other"))
    elif case == "switched off":
        days = {"first_after": 2, "second_after": 1, "close_after": 3}
        set_nudges(team=ticket.team, is_enabled=False, **days, **WORDS, by=lead, now=at(5, 12))
    elif case == "a machine":
        message = intake.add_customer_message(ticket=ticket, person=customer, text="?", channel="web", now=at(5, 11))
        Message.objects.filter(pk=message.pk).update(auto_reply="vacation", is_held=True)

    work(at(9, 12))

    assert nudged() == []
    assert steps(ticket) == []


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("opted out", "This address asked for no more mail of this sort."),
        ("paused", "Mail to this address failed lately; automatic mail to it is paused."),
        ("no name", "“The customer's name” is not known for this ticket, so nothing was mailed."),
        ("no words", "The words of this reminder are missing in the settings of the team."),
    ],
)
def test_a_reminder_that_cannot_be_sent_is_seen_by_everybody_and_nothing_is_closed(plan, agent, customer, case, why):
    """GLPI's trap: what is missing is never skipped in silence."""
    ticket = answered(agent, customer)
    if case == "opted out":
        reach.opt_out(address=customer.email, scope="nudges", now=at(5, 12))
    elif case == "paused":
        reach.note_failure(address=customer.email, status="5.1.1", now=at(9, 9))
    elif case == "no name":
        plan.first_text, customer.name = "Dear {customer_name}", ""
        plan.save()
        customer.save()
    else:
        plan.first_text = " "
        plan.save()

    work(at(9, 12))
    work(at(31, 12))

    assert nudged() == []
    assert steps(ticket) == [(1, NudgeState.STOPPED)]
    ticket = again(ticket)
    assert (ticket.category, ticket.came_back) == (Category.WAITING, "No reminder could be sent")
    assert said(ticket, "nudge") == [f"No reminder was sent: {why}"]


def test_a_reminder_whose_mail_fails_ends_the_chain(plan, agent, customer):
    ticket = answered(agent, customer)
    work(at(9, 10, 1))
    Ticket.objects.filter(pk=ticket.pk).update(has_failed_delivery=True)

    work(at(25, 12) + timedelta(minutes=1))

    assert steps(ticket) == [(1, "sent")]


def test_a_late_evening_waits_for_the_morning(plan, agent, customer):
    answered(agent, customer, now=at(5, 16, 59))

    work(at(9, 22))
    assert nudged() == []
    work(at(10, 9, 1))
    assert nudged() == ["Is it solved?"]
