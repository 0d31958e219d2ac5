"""SMS and chat: taken in once, believed about nothing but where they came from, answered the way they came."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions.people import find_or_create_person
from accounts.models import Handle, Person
from mail.models import OutgoingMail
from tests.api.conftest import Program
from tests.factories.accounts import make_person, make_staff
from tests.factories.api import make_token
from tests.factories.tickets import make_mailbox
from tickets.actions import delivery, passing, reply, state
from tickets.actions.passing import Sender
from tickets.choices import Category, Channel, Delivery, Passing
from tickets.models import Message, PassedMessage, Ticket

pytestmark = pytest.mark.django_db
NOW = timezone.now()
NUMBER = "+14035550147"


@pytest.fixture
def bridge(agent):
    """A program that may pass messages on and nothing else."""
    return Program(make_token(agent, "channels:pass", now=timezone.now())[1])


def text(program, words, *, id="m1", sender=NUMBER, channel="sms", **more):
    who = sender if isinstance(sender, dict) else {"id": sender}
    return program.post(f"channels/{channel}/messages/", {"id": id, "sender": who, "text": words, **more})


def test_a_text_message_opens_a_ticket_and_is_one_however_often_it_is_handed_in(bridge):
    first = text(bridge, "Where is my order?")
    again = text(bridge, "Where is my order?")
    more = text(bridge, "It is order 2214.", id="m2", sender="0014035550147")

    assert (first.status_code, first.json()["is_new"]) == (201, True)
    assert again.json() == {**first.json(), "is_new": False}
    ticket = Ticket.objects.get()
    assert (ticket.channel, ticket.subject) == (Channel.SMS, "Where is my order?")
    assert more.json()["ticket"] == ticket.pk
    assert [message.text for message in ticket.messages.order_by("pk")] == ["Where is my order?", "It is order 2214."]
    assert {message.from_address for message in ticket.messages.all()} == {NUMBER}
    assert OutgoingMail.objects.count() == 0


def test_a_claimed_address_or_name_makes_nobody_of_a_visitor(bridge, customer):
    """The trap of a static proof: a visitor who says that they are Cara gets none of hers, and she none of theirs."""
    said = {"id": "visitor-1", "name": "Cara Customer", "email": customer.email}

    text(bridge, "Send me the invoices", sender=said, channel="chat")

    ticket = Ticket.objects.get()
    assert ticket.requester != customer
    assert ticket.requester.email.endswith("@no-mail.invalid")
    assert (ticket.organisation, customer.tickets.count()) == (None, 0)
    assert ticket.messages.get().notes_on_parsing == [
        f"They say that their address is {customer.email}. Nothing proves it."
    ]


def test_the_key_of_a_conversation_opens_none_of_somebody_else(bridge):
    mine = text(bridge, "Mine", sender="visitor-1", channel="chat", conversation="room-7")
    theirs = text(bridge, "Theirs", id="m2", sender="visitor-2", channel="chat", conversation="room-7")
    other = text(bridge, "Another room", id="m3", sender="visitor-1", channel="chat", conversation="room-8")

    assert len({answer.json()["ticket"] for answer in (mine, theirs, other)}) == 3


def test_further_words_open_a_closed_ticket_for_seven_days_and_another_one_later(bridge, agent):
    ticket = Ticket.objects.get(pk=text(bridge, "It broke").json()["ticket"])
    state.close_ticket(ticket=ticket, by=agent, now=timezone.now(), unanswered=True)

    assert text(bridge, "Again", id="m2").json()["ticket"] == ticket.pk
    ticket.refresh_from_db()
    assert ticket.category == Category.OPEN

    state.close_ticket(ticket=ticket, by=agent, now=timezone.now() - timedelta(days=8), unanswered=True)
    assert text(bridge, "Another thing", id="m3").json()["ticket"] != ticket.pk


def answered(bridge, agent, words="On its way.", *, now=None, **more):
    ticket = Ticket.objects.get(pk=text(bridge, "Where?").json()["ticket"])
    now = now or timezone.now() - timedelta(minutes=1)
    return reply.reply(ticket=ticket, by=agent, text=words, last_seen=ticket.last_message_id, now=now, **more)


def test_an_answer_goes_back_by_sms_and_never_by_mail(bridge, agent):
    make_mailbox()
    message = answered(bridge, agent)

    [waiting] = bridge.post("channels/sms/outgoing/claim/", {}).json()
    assert (waiting["to"], waiting["text"], waiting["message"]) == (NUMBER, "On its way.", message.pk)
    assert bridge.post("channels/sms/outgoing/claim/", {}).json() == []
    address = f"channels/sms/outgoing/{waiting['id']}/report/"
    said = {"lease": waiting["lease"], "state": "sent", "provider_id": "SM1"}
    assert bridge.post(address, said).json()["state"] == "sent"
    assert bridge.post(address, said).status_code == 200

    message.refresh_from_db()
    assert (message.delivery, message.channel) == (Delivery.SENT, Channel.SMS)
    assert OutgoingMail.objects.count() == 0


def test_an_answer_waits_for_the_undo_window_and_a_claimed_one_is_not_taken_back(bridge, agent):
    now = timezone.now()
    message = answered(bridge, agent, now=now)
    assert bridge.post("channels/sms/outgoing/claim/", {}).json() == []
    assert reply.take_back(message=message, by=agent, now=now) == "On its way."
    assert PassedMessage.objects.get(message=message).state == Passing.CANCELLED

    ticket = message.ticket
    ticket.refresh_from_db()
    second = reply.reply(ticket=ticket, by=agent, text="Soon.", last_seen=message.pk, now=now - timedelta(minutes=1))
    bridge.post("channels/sms/outgoing/claim/", {})
    with pytest.raises(reply.CannotTakeBack):
        reply.take_back(message=second, by=agent, now=now)


def test_a_failure_opens_the_ticket_says_why_and_can_be_tried_again(bridge, agent):
    """Complaint 16 on every channel."""
    message = answered(bridge, agent, then="closed")
    [waiting] = bridge.post("channels/sms/outgoing/claim/", {}).json()
    failed = {"lease": waiting["lease"], "state": "failed", "error": "Unknown subscriber"}
    bridge.post(f"channels/sms/outgoing/{waiting['id']}/report/", failed)

    message.refresh_from_db()
    assert (message.delivery, message.delivery_error) == (Delivery.FAILED, "Unknown subscriber")
    assert (message.ticket.category, message.ticket.has_failed_delivery) == (Category.OPEN, True)

    reply.retry_delivery(message=message, by=agent, now=timezone.now())
    [again] = bridge.post("channels/sms/outgoing/claim/", {}).json()
    assert (again["id"], again["lease"]) == (waiting["id"], waiting["lease"] + 1)
    late = bridge.post(f"channels/sms/outgoing/{waiting['id']}/report/", failed)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "too_late")


def test_a_claim_that_is_never_reported_is_handed_out_again(bridge, agent):
    answered(bridge, agent)
    now = timezone.now()

    first = passing.claim(channel="sms", most=5, now=now)
    held = passing.claim(channel="sms", most=5, now=now + timedelta(seconds=119))
    again = passing.claim(channel="sms", most=5, now=now + timedelta(seconds=121))

    assert (len(first), held, [row.lease for row in again]) == (1, [], [2])


def test_an_answer_by_sms_takes_no_copies(bridge, agent):
    with pytest.raises(reply.CannotReply, match="goes to one person"):
        answered(bridge, agent, cc=["boss@school.example"])
    assert Message.objects.count() == 1


def test_a_handle_that_staff_linked_is_that_persons(bridge, agent, customer):
    from accounts.actions.handles import link_handle  # noqa: PLC0415

    text(bridge, "First")
    link_handle(handle=Handle.objects.get(), person=customer, by=agent, now=timezone.now())

    ticket = Ticket.objects.get(pk=text(bridge, "Second", id="m2", conversation="other").json()["ticket"])

    assert ticket.requester == customer


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"id": "", "sender": {"id": NUMBER}, "text": "x"}, 400),
        ({"id": "m", "sender": {"id": "not a number at all"}, "text": "x"}, 400),
        ({"id": "m", "sender": {"id": "+0123"}, "text": "x"}, 400),
        ({"id": "m", "sender": {"id": NUMBER}, "text": ""}, 422),
        ({"id": "m" * 201, "sender": {"id": NUMBER}, "text": "x"}, 400),
        ({"id": "m", "sender": NUMBER, "text": "x"}, 400),
        ({"id": "m", "sender": {"id": "FJORD POWER"}, "text": "Your code is 1"}, 201),
        ({"id": "m", "sender": {"id": NUMBER}, "text": "x", "agent": 1}, 400),
    ],
)
def test_what_a_bridge_may_send(bridge, body, status):
    assert bridge.post("channels/sms/messages/", body).status_code == status
    assert Ticket.objects.count() == (status == 201)


def test_a_bridge_reaches_nothing_but_its_channel(bridge, agent):
    """S28: its token opens no ticket, and other tokens pass nothing on."""
    answered(bridge, agent)
    other = Program(make_token(agent, "tickets:write", "notes:read", now=timezone.now())[1])

    assert bridge.get("tickets/").status_code == bridge.get("people/").status_code == 403
    assert other.post("channels/sms/outgoing/claim/", {}).status_code == 403
    assert bridge.get("channels/mail/outgoing/").status_code == 404
    assert bridge.post("channels/fax/outgoing/claim/", {}).status_code == 404
    assert len(bridge.get("channels/sms/outgoing/").json()["results"]) == 1
    assert bridge.get("channels/chat/outgoing/").json()["results"] == []


def test_nobody_can_write_mail_as_somebody_without_an_address(bridge):
    """A stranger may type an address below .invalid; it is never the one of a telephone, and no mail goes there."""
    text(bridge, "Hello")
    known = Ticket.objects.get().requester

    assert find_or_create_person(email="x@no-mail.invalid", now=NOW) != known
    assert (known.has_mail, make_person().has_mail) == (False, True)


def test_somebody_who_wants_no_mail_is_answered_on_the_web(agent, customer):
    """An explicit opt-out from answers: the words stand in the ticket, nothing is mailed, and that is no failure."""
    from mail.actions.reach import opt_out  # noqa: PLC0415
    from tests.factories.tickets import make_ticket  # noqa: PLC0415

    ticket = make_ticket(requester=customer, now=NOW - timedelta(hours=1))
    opt_out(address=customer.email, scope="answers", now=NOW)

    message = reply.reply(ticket=ticket, by=agent, text="Read me here.", last_seen=ticket.last_message_id, now=NOW)

    assert OutgoingMail.objects.filter(source_key=f"message:{message.pk}").count() == 0
    later = NOW + timedelta(minutes=1)
    delivery.note_delivery(message_id=message.pk, now=later)
    message.refresh_from_db()
    assert (message.delivery, message.delivery_error) == (Delivery.NONE, "")
    assert message in Message.objects.shown_to_customers(later)
    with pytest.raises(reply.CannotTakeBack):
        reply.take_back(message=message, by=agent, now=later)


def test_two_persons_of_one_number_are_one_and_a_new_one_leaves_nothing_behind():
    made = {passing._conversation("sms", Sender(NUMBER), "", NOW).handle_id for _ in range(2)}

    assert (len(made), Handle.objects.count()) == (1, 1)
    assert Person.objects.filter(email__endswith=".invalid").count() == 1
    assert make_staff().handles.count() == 0


def test_the_desk_answers_a_text_in_the_browser_and_names_the_way(client, bridge, agent):
    """The agent sees by which way the answer goes, and never an address that is none."""
    ticket = Ticket.objects.get(pk=text(bridge, "Where is it?").json()["ticket"])
    client.force_login(agent)

    page = client.get(f"/inbox/all/{ticket.pk}/").content.decode()
    assert f"By SMS to <bdi>{NUMBER}</bdi>" in page
    assert "no-mail.invalid" not in page.replace(f'value="{ticket.requester.email}"', "")
    words = {"kind": "reply", "text": "On its way.", "last_seen": ticket.last_message_id, "then": "stay"}
    answer = client.post(f"/inbox/all/{ticket.pk}/write/", words)

    assert answer.status_code in (200, 303)
    sent = Message.objects.latest("pk")
    assert (sent.text, sent.channel, sent.passed.state) == ("On its way.", Channel.SMS, Passing.PENDING)
