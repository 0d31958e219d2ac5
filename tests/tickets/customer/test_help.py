"""Asking on the web, signed in or not."""

import re

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Person
from mail.models import OutgoingMail
from tests.factories.tickets import WEDNESDAY
from tickets.actions import links
from tickets.choices import Channel
from tickets.models import AccessLink, Message, Ticket

pytestmark = pytest.mark.django_db

ASKED = {
    "name": "Nora New",
    "address": "nora@school.example",
    "subject": "CANARY-subject",
    "text": "CANARY-text http://spam.example/",
}


def ask(client, **changes):
    return client.post("/help/", {**ASKED, **changes})


def test_a_stranger_opens_a_ticket_and_sees_its_number_and_when_an_answer_comes(client, mailbox):
    """U28."""
    response = ask(client)

    ticket = Ticket.objects.get()
    assert response.status_code == 302
    page = client.get(response["Location"])
    assert page.status_code == 200
    body = page.content.decode()
    assert f"<b>{ticket.pk}</b>" in body
    assert f"{ticket.first_response_due_at.day} {ticket.first_response_due_at:%B %Y}" in body
    assert "CANARY" not in body
    assert (ticket.channel, ticket.mailbox, ticket.requester.email) == (Channel.WEB, mailbox, "nora@school.example")
    assert ticket.requester.email_verified_at is None
    assert Message.objects.get().text == ASKED["text"]


def test_the_confirmation_is_a_bookmark_that_opens_no_ticket(client, django_client, mailbox):
    """U28, S37, S39: the token confirms, and confirms only."""
    address = ask(client)["Location"]
    token = re.search(r"received/([^/]+)/", address)[1]

    elsewhere = django_client()

    assert elsewhere.get(address).status_code == 200
    assert elsewhere.get(f"/t/{token}/").status_code == 404
    assert elsewhere.get(f"/tickets/{Ticket.objects.get().pk}/").status_code == 302


def test_the_acknowledgement_holds_nothing_that_the_sender_wrote(client, mailbox):
    """S12."""
    ask(client)

    mail = OutgoingMail.objects.get()
    assert mail.to_address == "nora@school.example"
    for text in (mail.subject, mail.text, mail.html, mail.to_name):
        assert "CANARY" not in text
        assert "spam.example" not in text
        assert "Nora" not in text


def test_the_mailed_link_opens_the_ticket(client, django_client, mailbox):
    ask(client)

    address = re.search(r"http://127\.0\.0\.1:8000(/t/\S+)", OutgoingMail.objects.get().text)[1]

    assert "CANARY-text" in django_client().get(address).content.decode()


def test_the_page_never_says_whether_an_address_is_known(client, django_client, customer, mailbox):
    """S45."""
    bodies = []
    for address in (customer.email, "nobody@nowhere.example"):
        browser = django_client()
        with time_machine.travel(WEDNESDAY, tick=False):
            response = ask(browser, address=address)
            page = browser.get(response["Location"]).content.decode()
        bodies.append(re.sub(r"<b>\d+</b>|ticket \d+|Ticket \d+|csrfmiddlewaretoken\S+|[A-Za-z0-9_-]{43}", "", page))

    assert bodies[0] == bodies[1]


def test_a_known_customer_who_is_not_signed_in_keeps_their_name(client, customer, mailbox):
    ask(client, address="CARA@robotics.example", name="Somebody Else")

    assert Ticket.objects.get().requester == customer
    assert Person.objects.get(pk=customer.pk).name == "Cara Customer"


def test_the_same_form_sent_twice_opens_one_ticket(client, mailbox):
    receipt = links.new_token()

    first, second = ask(client, receipt=receipt), ask(client, receipt=receipt)

    assert Ticket.objects.count() == 1
    assert first["Location"] == second["Location"] == f"/help/received/{receipt}/"
    assert OutgoingMail.objects.count() == 1


def test_a_receipt_of_another_shape_is_replaced(client, mailbox):
    response = ask(client, receipt="../../evil")

    assert re.fullmatch(r"/help/received/[A-Za-z0-9_-]{43}/", response["Location"])


def test_a_signed_in_customer_is_not_asked_for_name_or_address(client, customer, mailbox):
    client.force_login(customer)
    form = client.get("/help/").content.decode()
    assert 'name="address"' not in form
    assert 'name="name"' not in form

    response = ask(client, address="stan@elsewhere.example")

    assert Ticket.objects.get().requester == customer
    assert f"/tickets/{Ticket.objects.get().pk}/" in client.get(response["Location"]).content.decode()


def test_errors_follow_gov_uk_and_keep_what_was_typed(client):
    """U27: title, summary, the same words at the field, links to it, input kept."""
    response = client.post("/help/", {"name": "", "address": "nora@", "subject": "A subject", "text": ""})

    body = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: Ask a person" in body
    assert body.index('class="errsum"') < body.index("<h1>")
    for field, words in {
        "name": "Enter your name",
        "address": "Enter an email address like name@example.com",
        "text": "Write your question",
    }.items():
        assert body.count(words) == 2
        assert f'href="#id_{field}"' in body
        control = re.search(rf'<(input|textarea)[^>]*name="{field}"[^>]*>', body)[0]
        assert 'aria-invalid="true"' in control
        assert f"id_{field}-error" in re.search(r'aria-describedby="([^"]*)"', control)[1]
    assert 'value="A subject"' in body
    assert 'value="nora@"' in body
    assert (Ticket.objects.count(), Person.objects.count()) == (0, 0)


def test_whoever_falls_into_the_trap_is_told_and_loses_nothing(client):
    response = ask(client, website="http://spam.example")

    body = response.content.decode()
    assert response.status_code == 422
    assert "Leave this field empty" in body
    assert 'aria-hidden="true"><div class="field invalid"' not in body
    assert "CANARY-text" in body
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize(
    "forged",
    [
        {"status": "3", "priority": "urgent", "team": "1", "requester": "1", "is_staff": "on", "organisation": "1"},
        {"channel": "agent", "by": "1", "category": "closed", "assignee": "1", "created_at": "2001-01-01"},
    ],
)
def test_fields_that_the_form_does_not_name_change_nothing(client, agent, mailbox, forged):
    """S26."""
    ask(client, **forged)

    ticket = Ticket.objects.get()
    assert (ticket.priority, ticket.category, ticket.assignee, ticket.organisation) == ("normal", "new", None, None)
    assert ticket.requester.email == "nora@school.example"
    assert (ticket.channel, ticket.created_at.year > 2001, ticket.requester.is_staff_member) == ("web", True, False)


def test_files_come_along_under_flat_names(client, mailbox):
    upload = SimpleUploadedFile("../../etc/\u202epassw\u200bd.txt", b"content", content_type="text/html")

    ask(client, attachments=[upload, SimpleUploadedFile("photo.png", b"picture")])

    attached = Message.objects.get().attachments.order_by("position")
    assert [(each.name, each.file.read()) for each in attached] == [
        ("passwd.txt", b"content"),
        ("photo.png", b"picture"),
    ]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([SimpleUploadedFile("empty.txt", b"")], "This file is empty"),
        ([SimpleUploadedFile(f"{n}.txt", b"x") for n in range(11)], "Choose at most 10 files"),
    ],
)
def test_files_that_cannot_be_kept_are_refused_in_words(client, mailbox, files, words):
    response = ask(client, attachments=files)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert Ticket.objects.count() == 0


def test_the_eleventh_ticket_for_an_address_is_refused_with_what_was_typed_kept(client, mailbox):
    """S12, S46."""
    for _ in range(10):
        assert ask(client).status_code == 302

    response = ask(client)

    body = response.content.decode()
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "CANARY-text" in body
    assert "What you wrote is still here" in body
    assert Ticket.objects.count() == 10


def test_an_address_of_this_desk_is_not_a_customer(client, mailbox):
    """S11."""
    response = ask(client, address=mailbox.address)

    assert response.status_code == 422
    assert "This is our own address" in response.content.decode()
    assert Person.objects.count() == 0


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(client, method):
    """S38, S49."""
    getattr(client, method)("/help/")

    assert (Ticket.objects.count(), AccessLink.objects.count(), Person.objects.count()) == (0, 0, 0)


def test_a_post_from_another_site_is_refused(django_client):
    """S49."""
    response = django_client(enforce_csrf_checks=True).post("/help/", ASKED)

    assert response.status_code == 403
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\u202e", "💥" * 50, "x" * 100_001])
def test_hostile_text_gets_an_answer_and_never_a_500(client, mailbox, text):
    """S53."""
    response = ask(client, subject=text, text=text, name=text)

    assert response.status_code in (302, 422)


def test_an_unknown_confirmation_is_404_and_an_old_one_410(client, mailbox, now):
    address = ask(client)["Location"]
    AccessLink.objects.filter(purpose=links.CONFIRM_RECEIPT).update(expires_at=now)

    assert client.get(address).status_code == 410
    assert client.get(f"/help/received/{links.new_token()}/").status_code == 404
    assert client.get("/help/received/x/").status_code == 404
