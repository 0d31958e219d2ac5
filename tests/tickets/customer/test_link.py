"""The secure link in our mails."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.actions import people
from accounts.models import JournalEntry, Person
from mail.models import OutgoingMail
from supportdesk.lib import background
from supportdesk.lib.logging import JsonLines
from tests.factories.tickets import make_ticket
from tests.tickets.customer.conftest import CANARY, agent_says, token_of
from tickets.actions import links, participants
from tickets.actions.attach import store_upload
from tickets.choices import Channel, Role
from tickets.models import AccessLink, Attachment, BusinessCalendar, Message, Ticket

pytestmark = pytest.mark.django_db


def test_the_link_shows_the_conversation_and_nothing_of_staff(client, ticket, token, agent, now):
    """S29."""
    agent_says(ticket, "The school licence.", by=agent, at=now)

    body = client.get(f"/t/{token}/").content.decode()

    assert "We have thirty pupils." in body
    assert "The school licence." in body
    assert CANARY not in body
    assert "Private link" in body


def test_a_token_has_256_bits_and_only_its_hash_is_stored(ticket, customer, now):
    """S36."""
    addresses = {links.make_link(ticket=ticket, person=customer, now=now) for _ in range(20)}
    tokens = {token_of(address) for address in addresses}

    assert len(tokens) == 20
    stored = "".join(AccessLink.objects.values_list("token_sha256", flat=True))
    assert all(token not in stored and len(token) == 43 for token in tokens)


def test_the_link_signs_nobody_in(client, ticket, token, customer):
    """S37."""
    client.get(f"/t/{token}/")
    client.post(f"/t/{token}/answer/", {"text": "Through the link."})

    assert "session" not in client.cookies
    assert Session.objects.count() == 0
    for address in ("/tickets/", f"/tickets/{ticket.pk}/", "/me/"):
        assert client.get(address).status_code == 302


def test_an_answer_through_the_link_says_so(client, ticket, token, customer):
    """S37."""
    response = client.post(f"/t/{token}/answer/", {"text": "Through the link."}, follow=True)

    message = Message.objects.latest("pk")
    body = response.content.decode()
    assert (message.channel, message.person) == (Channel.LINK, customer)
    assert "via link" in body
    assert "We have your answer." in body
    assert AccessLink.objects.get(purpose=links.READ_AND_ANSWER).uses == 1


def test_times_are_those_of_the_desk_until_somebody_chose_their_own(client, ticket, token, customer):
    BusinessCalendar.objects.update(time_zone="America/Edmonton")
    assert "(Edmonton time)" in client.get(f"/t/{token}/").content.decode()

    Person.objects.filter(pk=customer.pk).update(time_zone="Europe/Oslo")
    assert "(Oslo time)" in client.get(f"/t/{token}/").content.decode()


def test_an_answer_without_words_keeps_the_page_and_says_what_is_missing(client, ticket, token):
    """U27."""
    response = client.post(f"/t/{token}/answer/", {"text": ""})

    assert response.status_code == 422
    assert "<title>Error: " in response.content.decode()
    assert AccessLink.objects.get().uses == 0


def test_fifty_visits_of_a_mail_scanner_change_nothing(client, ticket, token):
    """S38."""
    before = (list(Ticket.objects.values()), list(AccessLink.objects.values()), Message.objects.count())

    for _ in range(25):
        assert client.get(f"/t/{token}/").status_code == 200
        assert client.head(f"/t/{token}/").status_code == 200
    for verb in ("answer", "answered"):
        client.get(f"/t/{token}/{verb}/")

    assert (list(Ticket.objects.values()), list(AccessLink.objects.values()), Message.objects.count()) == before
    assert JournalEntry.objects.filter(action__startswith="tickets.answer").count() == 0


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a" * 42,
        "a" * 43,
        "a" * 44,
        "a" * 5000,
        "%00" * 14 + "a",
        "é" * 43,
        "../" * 14 + "x",
        "' or 1=1 --" * 4,
    ],
)
def test_tokens_that_were_never_made_are_404(client, ticket, token):
    """S39."""
    assert client.get(f"/t/{token}/").status_code == 404
    assert client.post(f"/t/{token}/answer/", {"text": "x"}).status_code == 404
    assert Message.objects.count() == 1


def test_a_token_of_another_purpose_opens_nothing(client, ticket, customer, now):
    """S39."""
    address = links.make_address(ticket=ticket, person=customer, purpose=links.CONFIRM_RECEIPT, now=now)
    link = links.make_link(ticket=ticket, person=customer, now=now)

    assert client.get(f"/t/{token_of(address)}/").status_code == 404
    assert client.get(f"/help/received/{token_of(link)}/").status_code == 404
    assert client.get(address).status_code == 200


def test_an_old_link_is_410_with_one_field(client, ticket, customer, now):
    """S36, U29."""
    token = token_of(links.make_link(ticket=ticket, person=customer, now=now - timedelta(days=31)))

    response = client.get(f"/t/{token}/")

    body = response.content.decode()
    assert response.status_code == 410
    assert body.count('name="address"') == 1
    assert ticket.subject not in body
    assert client.post(f"/t/{token}/answer/", {"text": "x"}).status_code == 410
    assert Message.objects.count() == 1


def test_a_link_that_never_was_looks_like_one_that_is_over(client, ticket, customer, now):
    """U29: no hint whether a ticket exists."""
    over = token_of(links.make_link(ticket=ticket, person=customer, now=now - timedelta(days=31)))

    bodies = [client.get(f"/t/{token}/").content.decode() for token in (over, links.new_token())]

    without_tokens = [
        body.split("csrfmiddlewaretoken")[0] + body.split("csrfmiddlewaretoken")[1][100:] for body in bodies
    ]
    assert without_tokens[0] == without_tokens[1]


def test_revoked_links_are_over_at_once_and_journalled(client, ticket, token, customer, stranger, agent, now):
    """S36."""
    participants.add(ticket=ticket, person=stranger, role=Role.COPIED, by=agent, now=now)
    other = token_of(links.make_link(ticket=ticket, person=stranger, now=now))

    assert links.revoke(ticket=ticket, person=customer, by=agent, now=now) == 1

    assert client.get(f"/t/{token}/").status_code == 410
    assert client.get(f"/t/{other}/").status_code == 200
    assert links.revoke(ticket=ticket, by=agent, now=now) == 1
    assert client.get(f"/t/{other}/").status_code == 410
    assert [entry.data["ended"] for entry in JournalEntry.objects.filter(action="tickets.revoke_links")] == [1, 1]


def test_a_copied_person_reads_only_what_was_said_since_their_mail(client, ticket, stranger, agent, now):
    """S9: history needs a sign-in."""
    participants.add(ticket=ticket, person=stranger, role=Role.COPIED, by=agent, now=now)
    token = token_of(links.make_link(ticket=ticket, person=stranger, now=now))
    agent_says(ticket, "New words.", by=agent, at=now)
    old = store_upload(upload=SimpleUploadedFile("old.txt", b"CANARY"), now=now)
    Attachment.objects.create(message=Message.objects.earliest("pk"), file=old.file, name="x", content_type="x", size=1)

    body = client.get(f"/t/{token}/?whole=yes").content.decode()

    assert "New words." in body
    assert "We have thirty pupils." not in body
    assert client.get(f"/t/{token}/files/{Attachment.objects.get().pk}/").status_code == 404


def test_a_link_ends_with_the_part_its_person_took(client, ticket, stranger, agent, now):
    """S28."""
    participants.add(ticket=ticket, person=stranger, role=Role.COPIED, by=agent, now=now)
    token = token_of(links.make_link(ticket=ticket, person=stranger, now=now))
    assert client.get(f"/t/{token}/").status_code == 200

    participants.remove(ticket=ticket, person=stranger, by=agent, now=now)

    assert client.get(f"/t/{token}/").status_code == 410
    assert client.post(f"/t/{token}/answer/", {"text": "Still here"}).status_code == 410


def test_a_link_ends_when_its_person_is_deactivated(client, ticket, token, customer, admin, now):
    """S28."""
    people.deactivate_person(person=customer, by=admin, now=now)

    assert client.get(f"/t/{token}/").status_code == 410


def test_a_link_opens_its_ticket_only(client, ticket, token, customer, agent, now):
    """S23, S36."""
    other = make_ticket(requester=customer, subject="Another one", now=now)
    upload = store_upload(upload=SimpleUploadedFile("other.txt", b"x"), now=now)
    message = agent_says(other, "x", by=agent, at=now)
    file = Attachment.objects.create(message=message, file=upload.file, name="x", content_type="x", size=1)

    assert "Another one" not in client.get(f"/t/{token}/").content.decode()
    assert client.get(f"/t/{token}/files/{file.pk}/").status_code == 404


def test_nothing_about_a_link_is_kept_by_caches_search_engines_or_other_sites(client, ticket, token, customer, now):
    """S36."""
    upload = store_upload(upload=SimpleUploadedFile("mine.txt", b"x"), now=now)
    file = Attachment.objects.create(
        message=Message.objects.get(), file=upload.file, name="x", content_type="x", size=1
    )

    for address in (f"/t/{token}/", f"/t/{token}/files/{file.pk}/", f"/t/{'a' * 43}/"):
        response = client.get(address)
        assert "no-store" in response["Cache-Control"]
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == "no-referrer"


def test_a_token_stands_in_no_log(client, ticket, customer, now, caplog):
    """S36: Django logs the address of every page that is not there."""
    old = token_of(links.make_link(ticket=ticket, person=customer, now=now - timedelta(days=31)))
    unknown = links.new_token()

    client.get(f"/t/{old}/")
    client.post(f"/t/{old}/answer/", {"text": "x"})
    client.get(f"/t/{unknown}/files/1/")
    client.get(f"/help/received/{unknown}/")

    lines = [JsonLines().format(record) for record in caplog.records]
    assert len(lines) == 4
    assert not any(token in line for token in (old, unknown) for line in lines)


def test_a_fresh_link_goes_to_the_address_on_file_only(client, django_client, worker, ticket, customer):
    """S36, U29."""
    response = client.post("/t/fresh/", {"address": "CARA@robotics.example"}, follow=True)

    mail = OutgoingMail.objects.get()
    body = response.content.decode()
    assert response.redirect_chain == [("/t/sent/", 302)]
    assert customer.email not in body
    assert mail.to_address == customer.email
    assert ticket.subject not in mail.subject + mail.text
    address = next(line for line in mail.text.splitlines() if "/t/" in line)
    assert ticket.subject in django_client().get(f"/t/{token_of(address)}/").content.decode()


@pytest.mark.parametrize("whose", ["nobody@nowhere.example", "help@desk.example", "stan@elsewhere.example"])
def test_asking_for_an_unknown_address_gets_the_same_answer_and_no_mail(client, worker, ticket, stranger, whose):
    """S45."""
    response = client.post("/t/fresh/", {"address": whose})

    assert (response.status_code, response["Location"]) == (302, "/t/sent/")
    assert OutgoingMail.objects.count() == 0


def test_fresh_links_are_mailed_once_in_ten_minutes(client, worker, ticket, customer):
    """S12."""
    for _ in range(3):
        assert client.post("/t/fresh/", {"address": customer.email}).status_code == 302

    assert OutgoingMail.objects.count() == 1


def test_a_fresh_link_is_mailed_though_no_worker_can_be_asked(client, ticket, customer, monkeypatch):
    """F5."""
    monkeypatch.setattr(background.broker, "allows", lambda: False)

    client.post("/t/fresh/", {"address": customer.email})

    assert OutgoingMail.objects.get().to_address == customer.email


def test_asking_without_an_address_says_what_to_enter(client):
    """U27."""
    response = client.post("/t/fresh/", {"address": ""})

    assert response.status_code == 422
    assert response.content.decode().count("Enter the email address that you wrote to us from") == 2


def test_the_link_answers_of_another_site_are_refused(django_client, ticket, token):
    """S49."""
    browser = django_client(enforce_csrf_checks=True)

    assert browser.post(f"/t/{token}/answer/", {"text": "forged"}).status_code == 403
    assert Message.objects.count() == 1
