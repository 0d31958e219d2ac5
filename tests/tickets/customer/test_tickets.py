"""A signed-in customer's tickets."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.actions import people
from tests.factories.accounts import make_person
from tests.factories.tickets import make_ticket
from tests.tickets.customer.conftest import CANARY, agent_says
from tickets import customer_lists, customer_queries
from tickets.access import NotFound, attachment_for
from tickets.actions import answer, intake, note, participants, state
from tickets.actions.attach import store_upload
from tickets.choices import Channel, Delivery, Role
from tickets.models import Attachment, Message, Ticket, TicketEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, customer):
    client.force_login(customer)
    return client


def page(client, ticket) -> str:
    response = client.get(f"/tickets/{ticket.pk}/")
    assert response.status_code == 200
    return response.content.decode()


def test_a_customer_reads_public_words_and_events_and_nothing_of_staff(browser, ticket, agent, now):
    """S29."""
    agent_says(ticket, "The school licence.", by=agent, at=now - timedelta(minutes=50))
    TicketEvent.objects.create(ticket=ticket, kind="x", text="CANARY-private-event", created_at=now)
    state.close_ticket(ticket=ticket, by=agent, now=now, unanswered=True)

    body = page(browser, ticket)

    assert "We have thirty pupils." in body
    assert "The school licence." in body
    assert "Alma Agent" in body
    assert "Closed by Alma Agent." in body
    assert CANARY not in body
    assert "CANARY" not in body
    assert agent.email not in body


def test_a_reply_shows_only_when_its_writer_can_no_longer_take_it_back(browser, ticket, agent, now):
    later = timezone.now() + timedelta(seconds=30)
    agent_says(ticket, "CANARY-undo", by=agent, at=now, delivery=Delivery.PENDING, sends_at=later)
    agent_says(ticket, "CANARY-taken-back", by=agent, at=now, delivery=Delivery.CANCELLED)
    Message.objects.create(
        ticket=ticket, author="customer", channel="mail", text="CANARY-held", created_at=now, is_held=True
    )

    assert "CANARY" not in page(browser, ticket)


def test_a_script_in_any_words_stays_words(browser, customer, now):
    """S4."""
    payload = '"><script>alert(1)</script><img src=x onerror=alert(1)>javascript:alert(1)'
    ticket = make_ticket(requester=customer, subject=payload, text=payload, now=now)
    upload = store_upload(upload=SimpleUploadedFile("<img src=x onerror=alert(1)>.txt", b"x"), now=now)
    intake.add_customer_message(
        ticket=ticket, person=customer, text=payload, channel=Channel.WEB, attachments=[upload], now=now
    )

    for body in (page(browser, ticket), browser.get("/tickets/").content.decode()):
        assert "<script>alert" not in body
        assert "<img" not in body
        assert 'href="javascript' not in body


def test_a_web_address_in_words_is_a_link_and_quotes_stay_quotes(browser, customer, now):
    ticket = make_ticket(requester=customer, text='They said "no". See https://bank.example/?a=1&b=2 <b>', now=now)

    body = page(browser, ticket)

    assert '<a href="https://bank.example/?a=1&amp;b=2" rel="nofollow">' in body
    assert "They said &quot;no&quot;. See" in body
    assert "&lt;b&gt;" in body
    assert "&amp;quot;" not in body


def test_the_answer_of_a_customer_lands_on_the_ticket(browser, ticket, customer):
    upload = SimpleUploadedFile("photo.png", b"picture")

    response = browser.post(
        f"/tickets/{ticket.pk}/answer/", {"text": "It works now?", "attachments": [upload]}, follow=True
    )

    message = Message.objects.latest("pk")
    assert response.redirect_chain == [(f"/tickets/{ticket.pk}/", 302)]
    assert "We have your answer." in response.content.decode()
    assert (message.ticket, message.person, message.text) == (ticket, customer, "It works now?")
    assert (message.channel, message.author) == (Channel.WEB, "customer")
    assert message.attachments.get().file.read() == b"picture"


def test_a_button_pressed_twice_says_it_once(browser, ticket):
    before = Message.objects.count()

    for files in ([], [], [SimpleUploadedFile("a.txt", b"x")], [SimpleUploadedFile("a.txt", b"x")]):
        response = browser.post(f"/tickets/{ticket.pk}/answer/", {"text": "See here.", "attachments": files})
        assert response.status_code == 302

    assert Message.objects.count() == before + 2


def test_the_same_words_later_are_said_again(ticket, customer, now):
    for minutes in (0, 1, 3):
        answer.answer(
            ticket=ticket, person=customer, text="Any news?", channel="web", now=now + timedelta(minutes=minutes)
        )

    assert ticket.messages.filter(text="Any news?").count() == 2


def test_an_answer_without_words_is_refused_and_changes_nothing(browser, ticket):
    """U27."""
    before = Message.objects.count()

    response = browser.post(f"/tickets/{ticket.pk}/answer/", {"text": "  "})

    body = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: " in body
    assert body.count("Write your answer") >= 2
    assert 'href="#id_text"' in body
    assert Message.objects.count() == before


def test_an_answer_opens_a_closed_ticket_again(browser, ticket, agent, now):
    state.close_ticket(ticket=ticket, by=agent, now=now, unanswered=True)

    browser.post(f"/tickets/{ticket.pk}/answer/", {"text": "Not solved."})

    ticket.refresh_from_db()
    assert ticket.category == "open"


def test_closing_and_opening_again_is_one_button_each(browser, ticket, customer):
    closed = browser.post(f"/tickets/{ticket.pk}/close/", follow=True).content.decode()
    ticket.refresh_from_db()
    assert (ticket.category, ticket.closed_by) == ("closed", customer)
    assert "Closed by the customer." in closed
    assert "open it again" in closed

    opened = browser.post(f"/tickets/{ticket.pk}/reopen/", follow=True).content.decode()
    ticket.refresh_from_db()
    assert ticket.category == "open"
    assert "is open again" in opened
    assert "Opened again by the customer." in opened


def test_closing_twice_and_opening_twice_leaves_one_event_each(browser, ticket):
    for verb in ("close", "close", "reopen", "reopen"):
        assert browser.post(f"/tickets/{ticket.pk}/{verb}/").status_code == 302

    kinds = list(ticket.events.filter(is_public=True).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["closed", "reopened"]


@pytest.mark.parametrize("hidden", ["note", "undo", "held", "stranger"])
def test_files_that_a_customer_may_not_read_are_404(browser, ticket, agent, stranger, now, hidden):
    """S23."""
    upload = store_upload(upload=SimpleUploadedFile("secret.txt", b"CANARY"), now=now)
    if hidden == "note":
        note.add_note(ticket=ticket, by=agent, text="see file", attachments=[upload], now=now)
    elif hidden == "undo":
        later = timezone.now() + timedelta(seconds=30)
        message = agent_says(ticket, "x", by=agent, at=now, delivery=Delivery.PENDING, sends_at=later)
        Attachment.objects.create(message=message, file=upload.file, name="x", content_type="x", size=1)
    elif hidden == "held":
        message = agent_says(ticket, "x", by=agent, at=now, is_held=True)
        Attachment.objects.create(message=message, file=upload.file, name="x", content_type="x", size=1)
    else:
        other = make_ticket(requester=stranger, now=now)
        message = agent_says(other, "x", by=agent, at=now)
        Attachment.objects.create(message=message, file=upload.file, name="x", content_type="x", size=1)
    file = Attachment.objects.get()

    assert browser.get(f"/tickets/{ticket.pk}/files/{file.pk}/").status_code == 404
    with pytest.raises(NotFound):
        attachment_for(ticket.requester, file.pk)


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "page.xhtml", "data.xml", "mail.mhtml"])
def test_a_file_is_saved_and_never_opened_by_the_browser(browser, ticket, customer, now, name):
    """S2."""
    upload = store_upload(upload=SimpleUploadedFile(name, b"<script>1</script>", content_type="text/html"), now=now)
    intake.add_customer_message(
        ticket=ticket, person=customer, text="see", channel=Channel.WEB, attachments=[upload], now=now
    )

    response = browser.get(f"/tickets/{ticket.pk}/files/{Attachment.objects.get().pk}/")

    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert b"".join(response.streaming_content) == b"<script>1</script>"


def test_strangers_meet_404_on_every_address_of_a_ticket(client, ticket, stranger):
    """S22."""
    client.force_login(stranger)
    before = Message.objects.count()

    for verb in ("", "answer/", "close/", "reopen/", "files/1/"):
        address = f"/tickets/{ticket.pk}/{verb}"
        method = client.get if verb in ("", "files/1/") else client.post
        assert method(address, {"text": "hello"}).status_code == 404, address
        assert method(f"/tickets/{2**62}/{verb}", {"text": "hello"}).status_code == 404
    ticket.refresh_from_db()
    assert (ticket.category, Message.objects.count()) == ("new", before)


def test_a_colleague_reads_and_writes_but_does_not_close(client, ticket, colleague):
    """S22: seeing colleagues' tickets is a right of its own."""
    client.force_login(colleague)

    assert "Asked by Cara Customer" in page(client, ticket)
    assert client.post(f"/tickets/{ticket.pk}/answer/", {"text": "Me too."}).status_code == 302
    assert client.post(f"/tickets/{ticket.pk}/close/").status_code == 404
    assert Message.objects.latest("pk").person == colleague
    colleague.memberships.update(sees_colleagues_tickets=False)
    assert client.get(f"/tickets/{ticket.pk}/").status_code == 404


def test_a_copied_person_sees_the_ticket_until_they_are_removed(client, ticket, stranger, agent, now):
    """S28."""
    participants.add(ticket=ticket, person=stranger, role=Role.COPIED, by=agent, now=now)
    client.force_login(stranger)
    assert "We have thirty pupils." in page(client, ticket)

    participants.remove(ticket=ticket, person=stranger, by=agent, now=now)

    assert client.get(f"/tickets/{ticket.pk}/").status_code == 404


def test_an_unproven_address_sees_nothing(client, now):
    """S10, S11."""
    person = make_person(verified=False)
    ticket = make_ticket(requester=person, now=now)
    client.force_login(person)

    assert client.get(f"/tickets/{ticket.pk}/").status_code == 404
    assert ticket.subject not in client.get("/tickets/").content.decode()


def test_a_deactivated_customer_is_out_at_the_next_request(browser, ticket, customer, admin, now):
    """S28."""
    people.deactivate_person(person=customer, by=admin, now=now)

    assert browser.get(f"/tickets/{ticket.pk}/").status_code == 302


def test_the_list_shows_own_tickets_and_colleagues_on_request(client, browser, ticket, customer, colleague, now):
    mine = make_ticket(requester=colleague, subject="Of the colleague", now=now)

    own = browser.get("/tickets/").content.decode()
    assert ticket.subject in own
    assert mine.subject not in own
    assert "Your organisation" not in own
    assert mine.subject not in browser.get("/tickets/?of=everybody").content.decode()

    client.force_login(colleague)
    assert ticket.subject not in client.get("/tickets/").content.decode()
    everybody = client.get("/tickets/?of=everybody").content.decode()
    assert ticket.subject in everybody
    assert mine.subject in everybody


@pytest.mark.parametrize("tickets", [1, 3])
def test_the_list_costs_the_same_however_long(browser, customer, django_assert_num_queries, now, tickets):
    for number in range(tickets):
        make_ticket(requester=customer, subject=f"Number {number}", now=now)
    browser.get("/tickets/")

    with django_assert_num_queries(4):
        assert browser.get("/tickets/").content.decode().count("Number ") == tickets


@pytest.mark.parametrize("messages", [1, 3])
def test_a_conversation_costs_the_same_however_long(
    browser, ticket, agent, customer, django_assert_num_queries, now, messages
):
    for number in range(messages):
        message = agent_says(ticket, f"Answer {number}", by=agent, at=now)
        upload = store_upload(upload=SimpleUploadedFile("x.txt", b"x"), now=now)
        Attachment.objects.create(message=message, file=upload.file, name="x", content_type="x", size=1)
    page(browser, ticket)

    with django_assert_num_queries(8):  # the last two: how far flows and processes are
        assert page(browser, ticket).count("Answer ") == messages


def test_pages_of_the_list_join_without_gap_or_double(browser, customer, now):
    for number in range(customer_lists.PAGE_SIZE + 2):
        make_ticket(requester=customer, subject=f"Number-{number:03}", now=now)

    first = browser.get("/tickets/")
    second = browser.get(f"/tickets/?before={first.context['following']}")

    seen = [row.ticket.pk for response in (first, second) for row in response.context["rows"]]
    assert seen == sorted(Ticket.objects.values_list("pk", flat=True), reverse=True)
    assert second.context["following"] is None


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "٣", "1;drop", "\x00"])
def test_a_strange_page_address_shows_the_list(browser, ticket, before):
    """S25, S53."""
    assert browser.get("/tickets/", {"before": before}).status_code == 200


def test_a_very_long_conversation_is_cut_and_the_rest_is_a_click_away(browser, ticket, customer, now, monkeypatch):
    monkeypatch.setattr(customer_queries, "MOST_SHOWN", 3)
    for number in range(4):
        intake.add_customer_message(
            ticket=ticket,
            person=customer,
            text=f"Line {number}",
            channel=Channel.WEB,
            now=now + timedelta(minutes=number),
        )

    cut = page(browser, ticket)
    assert "We have thirty pupils." not in cut
    assert "Line 0" not in cut
    assert "Line 3" in cut
    assert "We have thirty pupils." in browser.get(f"/tickets/{ticket.pk}/?whole=yes").content.decode()


def test_no_page_about_a_conversation_is_kept_by_a_cache_or_a_search_engine(browser, ticket):
    """S36, S52."""
    for address in ("/help/", "/tickets/", f"/tickets/{ticket.pk}/"):
        response = browser.get(address)
        assert "no-store" in response["Cache-Control"]
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == "no-referrer"


def test_a_person_is_one_click_away_on_every_page(browser, ticket, token, client, django_client):
    """U30."""
    for address in ("/tickets/", f"/tickets/{ticket.pk}/", f"/t/{token}/", "/t/sent/", "/t/unknown/"):
        assert 'href="/help/"' in browser.get(address).content.decode(), address


def test_what_happens_next_is_said_in_the_customers_words(browser, ticket, agent, now):
    """U28."""
    assert "A person answers next, by" in page(browser, ticket)
    Ticket.objects.filter(pk=ticket.pk).update(first_response_due_at=now - timedelta(hours=1))
    assert "We are late." in page(browser, ticket)

    state.set_waiting(ticket=ticket, by=agent, now=now)
    assert "It is your turn." in page(browser, ticket)
    state.put_on_hold(ticket=ticket, by=agent, until=now + timedelta(days=2), now=now)
    assert "On hold." in page(browser, ticket)
