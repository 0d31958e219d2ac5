"""An agent's answer: mailed once to each, undone within the window, stopped when it is stale."""

from datetime import timedelta

import pytest

from accounts.models import JournalEntry
from mail.choices import MailState
from mail.models import OutgoingMail
from tests.factories.tickets import WEDNESDAY, make_mailbox, make_ticket
from tickets.actions import assign, delivery, details, intake, note, participants, reply, state
from tickets.choices import Category, Delivery
from tickets.models import ContactReason, Message, Ticket, TicketEvent
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db

LATER = WEDNESDAY + timedelta(minutes=30)
CANARY = "canary-note-7b1f"


@pytest.fixture
def ticket(customer) -> Ticket:
    return make_ticket(requester=customer)


def answer(ticket, agent, *, now=LATER, text="Thirty seats, then.", **options) -> Message:
    ticket.refresh_from_db()
    return reply.reply(ticket=ticket, by=agent, text=text, last_seen=ticket.last_message_id, now=now, **options)


def settle(message, state, error=""):
    OutgoingMail.objects.filter(source_key=f"message:{message.pk}").update(
        state=state, last_error=error, sent_at=LATER if state == MailState.SENT else None
    )
    delivery.note_delivery(message_id=message.pk, now=LATER)
    message.refresh_from_db()


def test_a_reply_is_one_mail_to_the_requester_after_the_undo_window(ticket, agent, customer):
    message = answer(ticket, agent)

    mail = OutgoingMail.objects.get()
    assert (mail.to_address, mail.kind, mail.state) == ("cara@robotics.example", "reply", "queued")
    assert mail.not_before == LATER + timedelta(seconds=10) == message.sends_at
    assert (mail.subject, mail.subject_key) == ("Re: Which licence do I need?", f"ticket:{ticket.pk}")
    assert mail.text.startswith("Thirty seats, then.\n")
    assert mail.reply_to_address.startswith("help+")


def test_the_first_reply_takes_the_ticket_and_leaves_it_waiting(ticket, agent):
    answer(ticket, agent)

    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.category, ticket.is_unread) == (agent, Category.WAITING, False)


def test_send_and_close_keeps_the_reason(ticket, agent):
    reason = ContactReason.objects.create(name="Licence question")

    answer(ticket, agent, then="closed", reason=reason)

    ticket.refresh_from_db()
    assert (ticket.category, ticket.closed_by, ticket.contact_reason) == (Category.CLOSED, agent, reason)


def test_case_104_every_recipient_gets_a_copy_of_their_own(ticket, agent, colleague):
    """Complaint 18: nobody is dropped."""
    participants.add(ticket=ticket, person=colleague, role="copied", by=agent, now=WEDNESDAY)

    answer(ticket, agent)

    mails = list(OutgoingMail.objects.order_by("pk"))
    assert [mail.to_address for mail in mails] == ["cara@robotics.example", "cole@robotics.example"]
    assert len({mail.message_id for mail in mails}) == len({mail.reply_to_address for mail in mails}) == 2
    assert all(mail.visible_cc == [{"email": "cole@robotics.example", "name": "Cole League"}] for mail in mails)


def test_S9_the_copy_holds_only_the_new_words_and_no_link(ticket, agent, colleague, customer):
    intake.add_customer_message(ticket=ticket, person=customer, text="My old secret.", channel="mail", now=WEDNESDAY)
    participants.add(ticket=ticket, person=colleague, role="copied", by=agent, now=WEDNESDAY)

    answer(ticket, agent)

    copy = OutgoingMail.objects.get(to_address="cole@robotics.example")
    assert copy.text == "Thirty seats, then.\n"


def test_S29_a_note_is_in_no_mail(ticket, agent, admin):
    note.add_note(ticket=ticket, by=agent, text=f"Never say {CANARY}", now=WEDNESDAY)
    answer(ticket, agent)
    details.change(ticket=ticket, by=agent, priority="high", now=LATER)
    sweep(now=LATER + timedelta(days=9))

    for mail in OutgoingMail.objects.all():
        assert CANARY not in f"{mail.subject}{mail.text}{mail.html}"


def test_copies_may_be_typed_and_a_bad_one_is_named_and_nothing_is_written(ticket, agent):
    with pytest.raises(Exception, match="“not an address” is not a mail address"):
        answer(ticket, agent, cc=["head@robotics.example", "not an address"])

    assert Message.objects.filter(author="agent").count() == 0
    assert OutgoingMail.objects.count() == 0


def test_S14_line_ends_never_reach_a_header(customer, agent):
    ticket = make_ticket(requester=customer, subject="Hi\r\nBcc: everybody@evil.example")

    answer(ticket, agent, cc=[])

    assert OutgoingMail.objects.get().subject == "Re: Hi Bcc: everybody@evil.example"


def test_case_107_S55_placeholders_in_words_stay_words(ticket, agent):
    answer(ticket, agent, text="{{7*7}} {user.password} {% debug %}")

    assert OutgoingMail.objects.get().text.startswith("{{7*7}} {user.password} {% debug %}\n")


def test_case_105_a_moved_ticket_is_answered_from_its_new_mailbox(ticket, agent):
    billing = make_mailbox(address="billing@desk.example", name="Billing", signature="The billing team")
    Ticket.objects.filter(pk=ticket.pk).update(mailbox=billing)

    answer(ticket, agent)

    mail = OutgoingMail.objects.get()
    assert (mail.from_address, mail.from_name) == ("billing@desk.example", "Billing")
    assert "The billing team" in mail.text


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_reply_is_refused(ticket, agent, text):
    with pytest.raises(reply.CannotReply, match="Write a reply first"):
        answer(ticket, agent, text=text)

    assert OutgoingMail.objects.count() == 0


def test_U6_a_reply_stops_when_the_customer_wrote_since(ticket, agent, customer):
    seen = ticket.last_message_id
    newer = intake.add_customer_message(ticket=ticket, person=customer, text="Wait!", channel="mail", now=WEDNESDAY)

    with pytest.raises(reply.StaleReply) as stopped:
        reply.reply(ticket=ticket, by=agent, text="Done.", last_seen=seen, now=LATER)

    assert stopped.value.newer == [newer]
    assert OutgoingMail.objects.count() == 0


def test_U6_it_can_be_sent_anyway(ticket, agent, customer):
    seen = ticket.last_message_id
    intake.add_customer_message(ticket=ticket, person=customer, text="Wait!", channel="mail", now=WEDNESDAY)

    reply.reply(ticket=ticket, by=agent, text="Done.", last_seen=seen, now=LATER, anyway=True)

    assert OutgoingMail.objects.count() == 1


def test_the_same_form_sent_twice_mails_once(ticket, agent):
    seen = ticket.last_message_id
    reply.reply(ticket=ticket, by=agent, text="Done.", last_seen=seen, now=LATER)

    with pytest.raises(reply.StaleReply):
        reply.reply(ticket=ticket, by=agent, text="Done.", last_seen=seen, now=LATER)

    assert OutgoingMail.objects.count() == 1


def test_U4_undo_brings_the_text_back_and_the_ticket_as_it_was(ticket, agent):
    before = Ticket.objects.filter(pk=ticket.pk).values(*reply.UNDONE, "next_action_at", "next_action").get()
    message = answer(ticket, agent, then="closed")

    assert reply.take_back(message=message, by=agent, now=LATER) == "Thirty seats, then."

    after = Ticket.objects.filter(pk=ticket.pk).values(*reply.UNDONE, "next_action_at", "next_action").get()
    assert after == before
    assert OutgoingMail.objects.get().state == MailState.CANCELLED
    assert list(ticket.messages.standing().values_list("author", flat=True)) == ["customer"]


def test_U4_undo_is_refused_once_a_copy_leaves(ticket, agent):
    message = answer(ticket, agent)
    OutgoingMail.objects.update(state=MailState.SENDING, leased_until=LATER, attempts=1)

    with pytest.raises(reply.CannotTakeBack, match="left already"):
        reply.take_back(message=message, by=agent, now=LATER)

    message.refresh_from_db()
    assert message.delivery == Delivery.PENDING


def test_U4_undo_twice_says_so(ticket, agent):
    message = answer(ticket, agent)
    reply.take_back(message=message, by=agent, now=LATER)

    with pytest.raises(reply.CannotTakeBack):
        reply.take_back(message=message, by=agent, now=LATER)


def test_nobody_takes_back_the_reply_of_somebody_else(ticket, agent, lead):
    message = answer(ticket, agent)

    with pytest.raises(reply.CannotTakeBack, match="your own"):
        reply.take_back(message=message, by=lead, now=LATER)


def test_undo_after_a_newer_message_keeps_the_newer_state(ticket, agent, customer):
    message = answer(ticket, agent, then="closed")
    intake.add_customer_message(ticket=ticket, person=customer, text="One more.", channel="web", now=LATER)

    reply.take_back(message=message, by=agent, now=LATER)

    ticket.refresh_from_db()
    assert (ticket.category, ticket.snippet) == (Category.OPEN, "One more.")


def test_case_101_a_failed_reply_opens_the_ticket_and_says_why(ticket, agent):
    """Complaint 16: a failure that nobody saw, on a ticket that was closed."""
    message = answer(ticket, agent, then="closed")

    settle(message, MailState.FAILED, "550 no such user")

    ticket.refresh_from_db()
    assert (ticket.category, ticket.has_failed_delivery, ticket.next_action) == (Category.OPEN, True, "delivery")
    assert ticket.next_action_at == LATER
    assert message.delivery_error == "cara@robotics.example: 550 no such user"


def test_case_101_noting_the_same_failure_twice_changes_nothing_more(ticket, agent):
    message = answer(ticket, agent, then="closed")
    settle(message, MailState.FAILED, "550 no such user")
    events = TicketEvent.objects.count()

    settle(message, MailState.FAILED, "550 no such user")

    assert TicketEvent.objects.count() == events


def test_case_103_retry_sends_the_same_mail_again_and_clears_the_mark(ticket, agent):
    """Complaint 16."""
    message = answer(ticket, agent)
    settle(message, MailState.FAILED, "550 no such user")
    message_id = OutgoingMail.objects.get().message_id

    reply.retry_delivery(message=message, by=agent, now=LATER)

    ticket.refresh_from_db()
    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.message_id, ticket.has_failed_delivery) == ("queued", message_id, False)
    settle(message, MailState.SENT)
    assert message.delivery == Delivery.SENT


def test_retry_of_what_did_not_fail_is_refused(ticket, agent):
    message = answer(ticket, agent)

    with pytest.raises(reply.CannotRetry):
        reply.retry_delivery(message=message, by=agent, now=LATER)


def test_what_staff_do_is_in_the_journal(ticket, agent, lead):
    answer(ticket, agent)
    assign.assign(ticket=ticket, to=lead, by=agent, now=LATER)
    state.close_ticket(ticket=ticket, by=lead, now=LATER, unanswered=True)

    entries = JournalEntry.objects.filter(subject=f"tickets.ticket:{ticket.pk}").order_by("number")
    assert list(entries.values_list("action", "by")) == [
        ("tickets.reply", agent.pk),
        ("tickets.assign", agent.pk),
        ("tickets.close", lead.pk),
    ]


def test_taking_back_and_sending_again_are_in_the_journal(ticket, agent):
    failed = answer(ticket, agent)
    settle(failed, MailState.FAILED, "550 no such user")
    reply.retry_delivery(message=failed, by=agent, now=LATER)
    reply.take_back(message=answer(ticket, agent), by=agent, now=LATER)

    entries = JournalEntry.objects.filter(subject=f"tickets.ticket:{ticket.pk}").order_by("number")
    actions = ["tickets.reply", "tickets.retry_delivery", "tickets.reply", "tickets.take_back"]
    assert list(entries.values_list("action", flat=True)) == actions


def test_a_customer_cannot_be_assigned(ticket, agent, stranger):
    with pytest.raises(assign.CannotAssign):
        assign.assign(ticket=ticket, to=stranger, by=agent, now=LATER)
