"""Complaint 21: a thank-you neither reopens a ticket nor ends a snooze that should outlast it, nor skews the clocks."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets.actions import intake, snooze, state
from tickets.actions.attach import store_upload
from tickets.actions.reply import reply
from tickets.choices import Category
from tickets.models import Ticket
from tickets.thanks import is_thanks

NOON = WEDNESDAY + timedelta(hours=2)

ONLY_THANKS = [
    "Thanks!", "thank you so much", "Thank you, it works now.", "It works now, thank you!", "Perfect, thanks a lot 🙏",
    "Great, thank you for your quick help!\n\nBest regards,\nCara Customer\nExample Robotics Ltd.",
    "Hi Alma,\n\nthat solved it, many thanks!\n\n-- \nCara\n+49 30 1234567", "Thx\n\nSent from my iPhone 15",
    "Vielen Dank, es funktioniert jetzt!\n\nMit freundlichen Grüßen\nCara", "Merci beaucoup pour votre aide !",
    "¡Muchas gracias!", "Grazie mille", "Bedankt voor de hulp", "Tack så mycket",
]  # fmt: skip
MORE_THAN_THANKS = [
    "", "ok", "Yes, thanks", "No thanks", "Thanks, but it still fails", "Thanks in advance", "Thank you. When?",
    "Thanks! One more thing: our address changed.", "Thanks for nothing", "Thanks, please cancel the order",
    "Thank you, INV-10482 is paid", "Thanks 42", "thanks https://evil.example", "Danke, aber es geht nicht", "Great",
    "Thanks. " * 60, "?", "Thanks, not working now", "Thank you Bob for the threat", "\x00thanks no",
]  # fmt: skip


@pytest.mark.parametrize("text", ONLY_THANKS)
def test_a_thank_you_is_one(text):
    assert is_thanks(text, names=["Cara Customer", "Alma Agent", "Example Robotics Ltd."])


@pytest.mark.parametrize("text", MORE_THAN_THANKS)
def test_what_may_want_an_answer_is_no_mere_thank_you(text):
    assert not is_thanks(text, names=["Cara Customer", "Alma Agent"])


@pytest.fixture
def answered(customer, agent) -> Ticket:
    make_mailbox()
    ticket = make_ticket(requester=customer)
    reply(ticket=ticket, by=agent, text="You need thirty.", last_seen=ticket.messages.get().pk, now=NOON)
    ticket.refresh_from_db()
    return ticket


def says(ticket, text, **more):
    intake.add_customer_message(
        ticket=ticket, person=ticket.requester, text=text, channel="web", now=NOON + timedelta(hours=1), **more
    )
    ticket.refresh_from_db()
    return ticket


CLOCKS = ("category", "closed_at", "waiting_since", "next_response_due_at", "resolution_due_at", "snoozed_until")


@pytest.mark.parametrize("how", ["waiting", "closed", "snoozed", "open"])
def test_a_thank_you_leaves_the_state_and_the_clocks(answered, agent, how):
    if how == "closed":
        state.close_ticket(ticket=answered, by=agent, now=NOON, unanswered=True)
    elif how == "snoozed":
        snooze.snooze(ticket=answered, until=NOON + timedelta(days=3), by=agent, stays=True, now=NOON)
    elif how == "open":
        state.reopen_ticket(ticket=answered, by=agent, now=NOON)
    answered.refresh_from_db()
    before = [getattr(answered, name) for name in CLOCKS]

    says(answered, "Thanks, it works now!")

    assert [getattr(answered, name) for name in CLOCKS] == before
    assert answered.is_unread is True
    assert answered.events.filter(kind="thanks").count() == 1
    assert not answered.events.filter(kind="reopened", by=None).exists()


def test_a_snooze_that_was_not_told_to_outlast_a_thank_you_ends(answered, agent):
    snooze.snooze(ticket=answered, until=NOON + timedelta(days=3), by=agent, now=NOON)

    assert says(answered, "Thanks!").snoozed_until is None
    assert answered.came_back == "The customer wrote"


@pytest.mark.parametrize("case", ["a file", "a question of ours", "we owe an answer", "more than thanks"])
def test_a_thank_you_that_may_be_more_brings_the_ticket_back(answered, agent, customer, case):
    text, more = "Thanks!", {}
    if case == "a file":
        log = SimpleUploadedFile("log.txt", b"it fails")
        more = {"attachments": [store_upload(upload=log, now=NOON)]}
    elif case == "a question of ours":
        reply(ticket=answered, by=agent, text="Does it work?", last_seen=answered.last_message_id, now=NOON)
    elif case == "we owe an answer":
        says(answered, "And how many for forty pupils?")
        state.set_waiting(ticket=answered, by=agent, now=NOON + timedelta(hours=1))
    elif case == "more than thanks":
        text = "Thanks, but it still fails."

    says(answered, text, **more)

    assert answered.category == Category.OPEN
    assert answered.waiting_since is not None


def test_an_agent_overrules_a_thank_you(client, answered, agent):
    client.force_login(agent)
    state.close_ticket(ticket=answered, by=agent, now=NOON, unanswered=True)
    says(answered, "Thank you!")

    page = client.get(f"/inbox/all/{answered.pk}/").content.decode()
    assert "Looks like a thank-you, so the ticket stays closed." in page
    assert "It wants an answer" in page
    client.post(reverse("desk:count_thanks", args=[answered.pk]), {"in": "all"})

    answered.refresh_from_db()
    assert (answered.category, answered.waiting_since is not None) == (Category.OPEN, True)
