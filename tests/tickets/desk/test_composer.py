"""Writing from the desk: replies, notes, the stale stop, taking back."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from mail.models import OutgoingMail
from tests.factories.tickets import make_ticket
from tickets.actions import intake
from tickets.actions.reply import reply
from tickets.models import ContactReason, Message, Note


def write(desk, ticket, view: str = "all", **typed):
    last_seen = ticket.messages.order_by("-pk").values_list("pk", flat=True).first()
    typed = {"kind": "reply", "text": "It leaves today.", "last_seen": last_seen, "then": "waiting", **typed}
    return desk.post(reverse("desk:write", args=[view, ticket.pk]), typed)


def test_a_reply_waits_for_the_undo_window_and_is_mailed_to_the_customer(desk, agent, ticket):
    response = write(desk, ticket)

    assert (response.status_code, response["Location"]) == (303, f"/inbox/all/{ticket.pk}/")
    message = ticket.messages.get(author="agent")
    assert (message.text, message.person, message.delivery) == ("It leaves today.", agent, "pending")
    mail = OutgoingMail.objects.get(kind="reply")
    assert (mail.to_address, mail.state) == (ticket.requester.email, "queued")
    assert mail.not_before == message.sends_at
    ticket.refresh_from_db()
    assert ticket.category == "waiting"


@pytest.mark.parametrize(("then", "category"), [("waiting", "waiting"), ("stay", "open"), ("closed", "closed")])
def test_a_reply_leaves_the_ticket_in_the_state_that_was_asked_for(desk, ticket, then, category):
    reason = ContactReason.objects.create(name="Shipment held")

    write(desk, ticket, then=then, reason=reason.pk)

    ticket.refresh_from_db()
    assert ticket.category == category
    assert ticket.contact_reason == (reason if then == "closed" else None)


def test_closing_leads_to_the_ticket_that_followed(desk, ticket):
    second, third = make_ticket(now=timezone.now()), make_ticket(now=timezone.now())

    response = write(desk, ticket, then="closed", following=third.pk)

    assert response["Location"] == f"/inbox/all/{third.pk}/"
    assert second.pk != third.pk


def test_a_following_ticket_that_left_the_list_is_passed_over(desk, agent, ticket):
    second, third = make_ticket(now=timezone.now()), make_ticket(now=timezone.now())
    write(desk, third, view="unassigned", then="closed")

    response = write(desk, ticket, view="unassigned", then="closed", following=third.pk)

    assert response["Location"] == f"/inbox/unassigned/{second.pk}/"


def test_after_the_last_ticket_the_list_is_shown(desk, ticket):
    assert write(desk, ticket, view="unassigned", then="closed")["Location"] == "/inbox/unassigned/"


def test_a_note_is_for_staff_and_mails_nobody(desk, ticket):
    """S29."""
    response = write(desk, ticket, kind="note", text="Canary in a note")

    assert response.status_code == 303
    assert Note.objects.get().text == "Canary in a note"
    assert not OutgoingMail.objects.exists()
    assert not Message.objects.filter(text__contains="Canary").exists()
    assert "Canary in a note" in desk.get(f"/inbox/all/{ticket.pk}/").content.decode()


def test_the_canary_of_a_note_reaches_neither_the_customers_page_nor_any_mail(desk, client, ticket, customer):
    """S29."""
    write(desk, ticket, kind="note", text="Canary in a note")
    write(desk, ticket, text="All is well.")

    client.force_login(customer)
    page = client.get(reverse("customer:ticket", args=[ticket.pk])).content.decode()

    assert "Canary" not in page
    assert [mail for mail in OutgoingMail.objects.all() if "Canary" in mail.text + mail.html + mail.subject] == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text": ""}, "Write something first"),
        ({"text": " \n "}, "Write something first"),
        ({"kind": "note", "text": ""}, "Write a note first"),
        ({"cc": "nobody"}, "“nobody” is not a mail address. Write it like name@example.org."),
        ({"text": "x" * 100_001}, "Write at most 100,000 characters"),
    ],
)
def test_what_cannot_be_sent_comes_back_with_every_word(desk, ticket, typed, said):
    """U27."""
    response = write(desk, ticket, **{"cc": "boss@school.example", **typed})

    page = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: " in page
    assert said in page
    kept = typed.get("text", "It leaves today.")
    assert kept in page
    assert typed.get("cc", "boss@school.example") in page
    assert not Note.objects.exists()
    assert ticket.messages.count() == 1


def test_copies_go_to_whom_the_agent_named_and_to_nobody_else(desk, ticket):
    """Complaint 18: and nobody is added."""
    write(desk, ticket, cc="boss@school.example; boss@school.example, it@school.example")

    assert set(OutgoingMail.objects.values_list("to_address", flat=True)) == {
        ticket.requester.email, "boss@school.example", "it@school.example",
    }  # fmt: skip


def test_files_go_with_a_reply_and_with_a_note(desk, ticket):
    def file(name):
        return SimpleUploadedFile(name, b"%PDF-1.7", content_type="application/pdf")

    write(desk, ticket, files=[file("a.pdf"), file("b.pdf")])
    write(desk, ticket, kind="note", text="", files=[file("c.pdf")])

    reply_files = ticket.messages.get(author="agent").attachments.order_by("position")
    assert [row.name for row in reply_files] == ["a.pdf", "b.pdf"]
    assert [row.name for row in Note.objects.get().attachments.all()] == ["c.pdf"]


def test_a_reply_is_stopped_when_somebody_wrote_since_the_page_was_loaded(desk, ticket):
    """U6: their words, ours kept, nothing sent."""
    seen = ticket.messages.get().pk
    intake.add_customer_message(
        ticket=ticket, person=ticket.requester, text="Never mind, it came!", channel="web", now=timezone.now()
    )

    response = write(desk, ticket, last_seen=seen)

    page = response.content.decode()
    assert response.status_code == 409
    assert response["HX-Push-Url"] == "false"
    stop = page.split('class="stopped"')[1].split("</form>")[0]
    assert "Never mind, it came!" in stop
    assert "It leaves today.</textarea>" in page
    assert not ticket.messages.filter(author="agent").exists()
    assert not OutgoingMail.objects.exists()

    sent = write(desk, ticket, last_seen=seen, anyway="on")

    assert sent.status_code == 303
    assert ticket.messages.get(author="agent").text == "It leaves today."


def test_a_held_message_neither_stops_a_reply_nor_is_shown_as_a_reason(desk, ticket, stranger):
    """S8."""
    seen = ticket.messages.get().pk
    held = intake.add_customer_message(
        ticket=ticket, person=stranger, text="Canary of a stranger", channel="mail", now=timezone.now()
    )
    Message.objects.filter(pk=held.pk).update(is_held=True)

    assert write(desk, ticket, last_seen=seen).status_code == 303


def test_the_same_form_sent_twice_sends_one_reply(desk, ticket):
    seen = ticket.messages.get().pk

    first, second = write(desk, ticket, last_seen=seen), write(desk, ticket, last_seen=seen)

    assert (first.status_code, second.status_code) == (303, 409)
    assert ticket.messages.filter(author="agent").count() == 1


@pytest.mark.parametrize("forged", ["", "-1", "x", "99999999999999999999"])
def test_a_form_that_says_nothing_true_about_what_was_seen_sends_nothing_unseen(desk, ticket, forged):
    response = write(desk, ticket, last_seen=forged)

    assert response.status_code in (409, 422)
    assert not ticket.messages.filter(author="agent").exists()


def test_taking_back_returns_the_text_and_cancels_the_mail(desk, agent, ticket):
    """U4."""
    write(desk, ticket, text="Too early, sorry.")
    message = ticket.messages.get(author="agent")

    strip = desk.get("/quarantine/").content.decode()
    response = desk.post(reverse("desk:take_back", args=[message.pk]))

    assert reverse("desk:take_back", args=[message.pk]) in strip
    assert response["Location"] == f"/inbox/mine/{ticket.pk}/?write=reply"
    page = desk.get(response["Location"]).content.decode()
    assert "Too early, sorry.</textarea>" in page
    assert list(OutgoingMail.objects.values_list("state", flat=True)) == ["cancelled"]


def test_nobody_else_can_take_a_reply_back_or_read_its_draft(desk, lead, ticket):
    now = timezone.now()
    message = reply(ticket=ticket, by=lead, text="Leo's own words.", last_seen=ticket.messages.get().pk, now=now)

    response = desk.post(reverse("desk:take_back", args=[message.pk]), follow=True)

    assert "Only your own reply can be taken back" in response.content.decode()
    assert OutgoingMail.objects.get().state == "queued"
    page = desk.get(f"/inbox/all/{ticket.pk}/").content.decode()
    assert "Leo's own words.</textarea>" not in page.replace("&#x27;", "'")


def test_the_strip_is_gone_when_the_window_is_over(desk, agent, ticket):
    write(desk, ticket)
    Message.objects.filter(author="agent").update(sends_at=timezone.now() - timedelta(seconds=1))

    assert "data-strip" not in desk.get("/quarantine/").content.decode()


def test_saved_replies_are_filled_literally_and_never_evaluated(desk, ticket, customer):
    """S55."""
    from tickets.models import ReplyTemplate  # noqa: PLC0415 - this claim alone needs it

    type(customer).objects.filter(pk=customer.pk).update(name="{agent_name} {{7*7}}")
    ReplyTemplate.objects.create(
        name="Hello", body="Hi {customer_name}, {user.password} {{7*7}} {% debug %} {organisation} {nonsense}"
    )

    offered = desk.get(reverse("desk:saved_replies", args=[ticket.pk]), headers={"Accept": "application/json"}).json()

    (found,) = offered["replies"]
    assert (found["name"], found["text"]) == (
        "Hello",
        "Hi {agent_name} {{7*7}}, {user.password} {{7*7}} {% debug %} Example Robotics Ltd. {nonsense}",
    )


def test_opening_the_forms_address_leads_back_to_the_ticket(desk, ticket):
    assert desk.get(reverse("desk:write", args=["all", ticket.pk]))["Location"] == f"/inbox/all/{ticket.pk}/"


def test_the_guessed_reason_is_chosen_already_and_a_chosen_one_survives_an_error(desk, ticket):
    """U14, U27."""
    guessed = ContactReason.objects.create(name="Held order")
    other = ContactReason.objects.create(name="Zebra")

    def chosen(page: str) -> list[str]:
        return [part.split('"')[0] for part in page.split('<option value="')[1:] if " selected" in part.split(">")[0]]

    assert chosen(desk.get(f"/inbox/all/{ticket.pk}/").content.decode()) == [str(guessed.pk)]
    refused = write(desk, ticket, text="", reason=other.pk)
    assert chosen(refused.content.decode()) == [str(other.pk)]


# Session, person, the ticket; the reply with its lock, mail, timer and journal; whether somebody has to read it first,
# or to say what it taught; and where to go on. A copy costs its mail and what is asked of its address, nothing of the
# ticket.
@pytest.mark.parametrize(("copies", "queries"), [("", 46), ("a@school.example, b@school.example", 57)])
def test_sending_asks_the_database_a_fixed_number_of_things(desk, ticket, copies, queries, django_assert_num_queries):
    make_ticket(now=timezone.now())
    desk.get(f"/inbox/all/{ticket.pk}/")

    with django_assert_num_queries(queries):
        write(desk, ticket, then="closed", cc=copies, key="a" * 32, seen_note=0, to=ticket.requester.email)

    assert OutgoingMail.objects.count() == (3 if copies else 1)
