"""The telephone log: on a ticket or as one, once a form, public or private as the agent says."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions.handles import find_or_create_handle
from accounts.models import Handle, JournalEntry, Person
from mail.models import OutgoingMail
from tests.factories.accounts import make_person
from tests.factories.tickets import make_ticket
from tickets import customer_queries
from tickets.actions import calls, state
from tickets.actions.links import new_token
from tickets.choices import Category, Channel
from tickets.models import Call, ContactReason, Message, Note, Ticket

pytestmark = pytest.mark.django_db
NUMBER = "+14035550147"


@pytest.fixture
def desk(client, agent):
    client.force_login(agent)
    return client


def typed(**fields):
    now = timezone.now()
    return {
        "direction": "incoming", "outcome": "spoke", "began_at": f"{now:%Y-%m-%dT%H:%M}", "minutes": "7",
        "text": "She wants the school licence.", "readers": "private", "then": "", "key": new_token(), **fields,
    }  # fmt: skip


def test_a_private_call_is_a_note_that_the_customer_never_meets(desk, customer):
    """S29."""
    ticket = make_ticket(requester=customer, now=timezone.now() - timedelta(hours=1))

    answer = desk.post(f"/desk/tickets/{ticket.pk}/call/", typed(text="CANARY said in confidence"), follow=True)

    call = Call.objects.select_related("note").get()
    assert (call.ticket, call.minutes, call.note.text) == (ticket, 7, "CANARY said in confidence")
    page = answer.content.decode()
    assert "The call is written down." in page and "Cara Customer rang us, 7 minutes." in page
    now = timezone.now()
    seen = customer_queries.thread_for(ticket, now=now).entries
    assert [entry.message.text if entry.message else entry.event.text for entry in seen] == ["We have thirty pupils."]
    desk.force_login(customer)
    assert "CANARY" not in desk.get(f"/tickets/{ticket.pk}/").content.decode()


def test_a_public_summary_stands_in_the_thread_and_is_mailed_to_nobody(desk, customer):
    ticket = make_ticket(requester=customer, now=timezone.now() - timedelta(hours=1))
    before = OutgoingMail.objects.count()

    desk.post(f"/desk/tickets/{ticket.pk}/call/", typed(readers="public", then="waiting"))

    message = Message.objects.latest("pk")
    ticket.refresh_from_db()
    assert (message.channel, message.text, message.delivery) == (Channel.PHONE, "She wants the school licence.", "none")
    assert OutgoingMail.objects.count() == before
    assert (ticket.category, ticket.waiting_since, ticket.last_message_id) == (Category.WAITING, None, message.pk)
    assert ticket.first_responded_at is not None
    desk.force_login(customer)
    page = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "She wants the school licence." in page and "Cara Customer rang us, 7 minutes." in page


def test_the_same_form_twice_is_one_call(desk, customer):
    ticket, form = make_ticket(requester=customer, now=timezone.now() - timedelta(hours=1)), typed(readers="public")

    for _ in range(2):
        assert desk.post(f"/desk/tickets/{ticket.pk}/call/", form).status_code == 303

    assert (Call.objects.count(), ticket.messages.count(), ticket.events.filter(kind="call").count()) == (1, 2, 1)


def test_the_number_finds_whoever_rang_before_however_much_of_it_is_written(desk):
    handle = find_or_create_handle(sort="phone", value=NUMBER, name="Dana Whitfield", now=timezone.now())

    for written in ("+1 403 555-0147", "403 555 0147", "5550147 ", "00 1 403 555 0147"):
        page = desk.get("/desk/calls/new/", {"number": written}).content.decode()
        found = "Dana Whitfield" in page
        assert found is (len(written) > 8), written
    assert handle.person.tickets.count() == 0


def test_a_call_about_something_new_opens_a_ticket_of_a_person_without_mail(desk):
    answer = desk.post("/desk/calls/new/", typed(number="403 555 0147", name="Dana", subject="Licence"), follow=True)

    ticket = Ticket.objects.get()
    assert (ticket.channel, ticket.subject, ticket.requester.name) == (Channel.PHONE, "Licence", "Dana")
    assert not ticket.requester.has_mail
    assert f"ticket {ticket.pk}" in answer.content.decode()
    assert ticket.next_action_at is not None


def test_an_address_makes_the_number_theirs_and_nobody_elses(desk, customer, agent):
    theirs = make_person()
    desk.post("/desk/calls/new/", typed(number=NUMBER, email=customer.email, subject="One"))
    handle = Handle.objects.get()
    assert (handle.person, handle.linked_by) == (customer, agent)

    desk.post("/desk/calls/new/", typed(number=NUMBER, email=theirs.email, subject="Two"))

    handle.refresh_from_db()
    assert handle.person == customer
    assert [ticket.requester for ticket in Ticket.objects.order_by("pk")] == [customer, theirs]
    assert JournalEntry.objects.filter(action="tickets.log_call").count() == 2


def test_a_missed_call_starts_the_clock_and_a_call_on_a_closed_ticket_leaves_it_closed(desk, customer, agent):
    ticket = make_ticket(requester=customer, now=timezone.now() - timedelta(hours=1))
    state.close_ticket(ticket=ticket, by=agent, now=timezone.now(), unanswered=True)

    desk.post(f"/desk/tickets/{ticket.pk}/call/", typed(outcome="missed", text=""))
    ticket.refresh_from_db()
    assert ticket.category == Category.CLOSED

    desk.post("/desk/calls/new/", typed(number=NUMBER, subject="Rang twice", outcome="missed", text="", minutes=""))
    missed = Ticket.objects.latest("pk")
    assert missed.waiting_since is not None
    assert (missed.messages.count(), missed.snippet) == (0, f"{NUMBER} rang us, nobody answered.")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": ""}, "Write what was said."),
        ({"began_at": "2099-01-01T10:00"}, "has not begun yet"),
        ({"began_at": "1999-01-01T10:00"}, "within a year"),
        ({"began_at": "soon"}, "Write the time like"),
        ({"minutes": "-1"}, "Write the minutes as a number"),
        ({"minutes": "9" * 30}, "a day at most"),
        ({"direction": "sideways"}, "Choose one from the list"),
        ({"number": "call me"}, "Write a telephone number"),
        ({"number": "", "email": ""}, "Write the number or the email address"),
        ({"email": "nobody"}, "Write an address like"),
        ({"subject": ""}, "Write what it was about"),
        ({"then": "nowhere"}, "Choose one from the list"),
    ],
)
def test_what_cannot_be_is_refused_beside_the_words_which_stay(desk, wrong, said):
    """U27."""
    form = {**typed(number=NUMBER, subject="Licence", text="Her own words"), **wrong}

    answer = desk.post("/desk/calls/new/", form)

    page = answer.content.decode()
    assert (answer.status_code, Call.objects.count(), Ticket.objects.count()) == (422, 0, 0)
    assert said in page and "<title>Error: " in page
    assert "Her own words" in page or "text" in wrong


def test_hostile_words_are_words(desk):
    hostile = "<script>alert(1)</script> {{7*7}} \u202e ' --"

    answer = desk.post(
        "/desk/calls/new/",
        typed(number=NUMBER, name=hostile, subject=hostile, text=hostile, readers="public"),
        follow=True,
    )

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<script>alert(1)" not in page and "{{7*7}}" in page
    assert Note.objects.count() == 0


def test_only_workers_write_calls_down(client, customer, observer, ticket_pk=1):
    ticket = make_ticket(requester=customer, now=timezone.now() - timedelta(hours=1))
    for person, code in ((customer, 404), (observer, 403)):
        client.force_login(person)
        for address in ("/desk/calls/new/", f"/desk/tickets/{ticket.pk}/call/"):
            assert client.post(address, typed(number=NUMBER, subject="x")).status_code == code
    assert (Call.objects.count(), Person.objects.filter(email__endswith=".invalid").count()) == (0, 0)


def test_a_merged_ticket_takes_no_calls(agent, customer):
    now = timezone.now()
    survivor, gone = (make_ticket(requester=customer, now=now - timedelta(hours=1)) for _ in range(2))
    Ticket.objects.filter(pk=gone.pk).update(merged_into=survivor)

    with pytest.raises(calls.CannotLogCall, match=f"ticket {survivor.pk}"):
        calls.log_call(said=calls.Told("incoming", "missed", now), ticket=gone, by=agent, now=now)


def test_b6_a_call_that_nobody_took_closes_nothing_over_a_customer_who_waits(desk, customer):
    """Whoever was spoken with waits no more; else the ticket needs a reason, and the close is counted."""
    reason = ContactReason.objects.create(name="Held")
    ticket = make_ticket(requester=customer, now=timezone.now() - timedelta(hours=1))
    missed = typed(outcome="missed", text="", then="closed")

    refused = desk.post(f"/desk/tickets/{ticket.pk}/call/", missed)
    assert refused.status_code == 422
    assert "Nobody spoke with the customer" in refused.content.decode()
    Ticket.objects.filter(pk=ticket.pk).update(contact_reason=reason)
    desk.post(f"/desk/tickets/{ticket.pk}/call/", missed)

    ticket.refresh_from_db()
    assert (ticket.category, ticket.closed_unanswered) == (Category.CLOSED, True)
