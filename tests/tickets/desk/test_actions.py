"""What an agent does to a ticket besides writing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Person
from mail.models import OutgoingMail
from tests.factories.accounts import make_staff
from tests.factories.tickets import make_ticket
from tickets.actions import intake
from tickets.actions.delivery import note_delivery
from tickets.actions.reply import reply
from tickets.models import ContactReason, Message, Participant, Team, Ticket


def do(desk, name: str, *keys, **typed):
    return desk.post(reverse(f"desk:{name}", args=keys), {"in": "all", **typed})


def test_assign_hands_the_ticket_over_and_back(desk, lead, ticket):
    response = do(desk, "assign", ticket.pk, to=lead.pk)

    assert response["Location"] == f"/inbox/all/{ticket.pk}/"
    ticket.refresh_from_db()
    assert ticket.assignee == lead
    do(desk, "assign", ticket.pk, to="")
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_a_ticket_cannot_be_given_to_a_customer(desk, ticket, stranger):
    response = do(desk, "assign", ticket.pk, to=stranger.pk)

    assert response.status_code == 422
    assert "Choose somebody who works here" in response.content.decode()
    ticket.refresh_from_db()
    assert ticket.assignee is None


def test_take_makes_it_mine(desk, agent, ticket):
    do(desk, "take", ticket.pk)

    ticket.refresh_from_db()
    assert ticket.assignee == agent


@pytest.mark.parametrize("word", ["later", "tomorrow", "week", "answer"])
def test_snooze_by_a_word_puts_the_ticket_away_and_goes_on(desk, ticket, word):
    other = make_ticket(now=timezone.now())

    response = do(desk, "snooze", ticket.pk, until=word, following=other.pk)

    assert response["Location"] == f"/inbox/all/{other.pk}/"
    ticket.refresh_from_db()
    assert timezone.now() < ticket.snoozed_until <= timezone.now() + timedelta(days=14)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choose when the ticket comes back"),
        ({"until": "at"}, "Choose when the ticket comes back"),
        ({"until": "never"}, "Select a valid choice"),
        ({"until": "at", "at": "yesterday"}, "Write the time like 2026-11-27 09:00"),
        ({"until": "at", "at": "2020-01-01T09:00"}, "Choose a time that has not passed."),
        ({"until": "at", "at": "2199-01-01T09:00"}, "A ticket can be snoozed for 14 days at most."),
    ],
)
def test_a_snooze_that_cannot_be_is_refused_in_words(desk, ticket, typed, said):
    response = do(desk, "snooze", ticket.pk, **typed)

    assert response.status_code == 422
    assert said in response.content.decode()
    ticket.refresh_from_db()
    assert ticket.snoozed_until is None


def test_an_error_in_a_dialog_goes_back_into_the_dialog(desk, ticket):
    response = do(desk, "snooze", ticket.pk, in_dialog="yes")

    assert (response.status_code, response["HX-Retarget"], response["HX-Reselect"]) == (422, "#dialog-body", "#card")


def test_wake_brings_a_snoozed_ticket_back(desk, ticket):
    do(desk, "snooze", ticket.pk, until="tomorrow")

    do(desk, "wake", ticket.pk)

    ticket.refresh_from_db()
    assert ticket.snoozed_until is None


def test_closing_keeps_the_reason_and_skipping_it_is_possible(desk, ticket):
    """U14."""
    reason, other = ContactReason.objects.create(name="Held shipment"), make_ticket(now=timezone.now())

    do(desk, "close", ticket.pk, reason=reason.pk)
    do(desk, "close", other.pk, unanswered="on")

    ticket.refresh_from_db(), other.refresh_from_db()
    assert (ticket.category, ticket.contact_reason) == ("closed", reason)
    assert (other.category, other.contact_reason) == ("closed", None)


@pytest.mark.parametrize(
    ("subject", "guess"),
    [
        ("My order is held, where is the shipment?", "Held shipment"),
        ("The CARD was declined", "Billing › Card declined"),
        ("Hello", None),
    ],
)
def test_the_reason_is_guessed_from_what_was_asked(desk, subject, guess):
    """U14."""
    ContactReason.objects.create(name="Held shipment")
    billing = ContactReason.objects.create(name="Billing")
    ContactReason.objects.create(name="Card declined", parent=billing)
    ContactReason.objects.create(name="Cards of old", is_active=False)
    ticket = make_ticket(subject=subject, text="Please help.")

    reasons = desk.get(reverse("desk:close", args=[ticket.pk])).context["reasons"]

    assert [reason.name for reason in reasons if reason.is_guess] == ([guess] if guess else [])
    assert {reason.name for reason in reasons} == {"Held shipment", "Billing", "Billing › Card declined"}


def test_a_customer_who_always_asks_the_same_is_guessed_to_ask_it_again(desk, agent, customer):
    """U14."""
    reason = ContactReason.objects.create(name="Held shipment")
    before = make_ticket(requester=customer, subject="Zzz", text="Zzz")
    do(desk, "close", before.pk, reason=reason.pk)
    ticket = make_ticket(requester=customer, subject="Qqq", text="Qqq")

    reasons = desk.get(reverse("desk:close", args=[ticket.pk])).context["reasons"]

    assert [one.name for one in reasons if one.is_guess] == ["Held shipment"]


def test_reopen_wait_and_hold_move_the_state(desk, ticket):
    for name, category in (
        ("wait", "waiting"),
        ("reopen", "open"),
        ("hold", "hold"),
        ("close", "closed"),
        ("reopen", "open"),
    ):
        do(desk, name, ticket.pk, **({"unanswered": "on"} if name == "close" else {}))
        ticket.refresh_from_db()
        assert ticket.category == category


def test_an_impossible_move_is_said_in_words_and_changes_nothing(desk, ticket):
    do(desk, "close", ticket.pk, unanswered="on")

    response = desk.post(reverse("desk:wait", args=[ticket.pk]), {"in": "all"}, follow=True)

    assert "A ticket that is closed cannot become waiting on customer." in response.content.decode()
    ticket.refresh_from_db()
    assert ticket.category == "closed"


def test_a_follow_up_date_is_read_in_the_agents_zone(desk, agent, ticket):
    Person.objects.filter(pk=agent.pk).update(time_zone="America/New_York")

    year = timezone.now().year + 1
    do(desk, "follow_up", ticket.pk, at=f"{year}-07-01T09:00")

    ticket.refresh_from_db()
    assert ticket.follow_up_at.isoformat() == f"{year}-07-01T13:00:00+00:00"


def test_details_change_subject_type_priority_team_and_tags(desk, ticket):
    team = Team.objects.create(name="Shipping")

    do(desk, "details", ticket.pk, subject="Held", type="problem", priority="urgent", team=team.pk, tags="W-8, #late")

    ticket.refresh_from_db()
    assert (ticket.subject, ticket.type, ticket.priority, ticket.team) == ("Held", "problem", "urgent", team)
    assert ticket.tags == ["w-8", "late"]


def test_fields_that_the_form_does_not_have_change_nothing(desk, ticket, stranger):
    """S26."""
    row = Ticket.objects.filter(pk=ticket.pk).values("requester", "category", "assignee", "organisation")
    before = row.get()

    do(desk, "details", ticket.pk, subject="Held", type="problem", priority="low", team=ticket.team_id, tags="",
       requester=stranger.pk, category="closed", assignee=stranger.pk, organisation="", is_staff="on")  # fmt: skip

    assert (
        Ticket.objects.filter(pk=ticket.pk).values("requester", "category", "assignee", "organisation").get() == before
    )


def test_people_join_and_leave(desk, ticket):
    do(desk, "participant", ticket.pk, email="Boss@School.example", role="copied")

    joined = Participant.objects.get(ticket=ticket, role="copied")
    assert joined.person.email == "boss@school.example"
    do(desk, "remove_participant", ticket.pk, joined.person.pk)
    assert not Participant.objects.filter(pk=joined.pk).exists()


def test_the_requester_cannot_be_removed_and_a_stranger_cannot_be_found(desk, ticket, stranger):
    response = desk.post(
        reverse("desk:remove_participant", args=[ticket.pk, ticket.requester_id]), {"in": "all"}, follow=True
    )

    assert "The requester cannot be removed." in response.content.decode()
    assert do(desk, "remove_participant", ticket.pk, stranger.pk).status_code == 404


def test_the_open_page_marks_a_ticket_as_seen(desk, ticket):
    assert "seen/" in desk.get(f"/inbox/all/{ticket.pk}/").content.decode()

    response = do(desk, "seen", ticket.pk)

    assert response.status_code == 204
    ticket.refresh_from_db()
    assert ticket.is_unread is False


def test_words_that_came_after_the_page_was_drawn_stay_unread(desk, ticket):
    shown = ticket.messages.get().pk
    intake.add_customer_message(
        ticket=ticket, person=ticket.requester, text="One more thing.", channel="web", now=timezone.now()
    )

    do(desk, "seen", ticket.pk, newest=shown)

    ticket.refresh_from_db()
    assert ticket.is_unread is True


def failed_reply(ticket: Ticket, agent) -> Message:
    now = timezone.now()
    message = reply(ticket=ticket, by=agent, text="Hello", last_seen=ticket.messages.get().pk, now=now)
    OutgoingMail.objects.update(state="failed", error_kind="permanent", last_error="550 No such <b>mailbox</b>")
    note_delivery(message_id=message.pk, now=now)
    return message


def test_a_failed_reply_says_why_and_is_sent_again(desk, agent, ticket):
    message = failed_reply(ticket, agent)

    page = desk.get(f"/inbox/failed/{ticket.pk}/").content.decode()
    assert "550 No such &lt;b&gt;mailbox&lt;/b&gt;" in page
    do(desk, "retry", message.pk)

    assert OutgoingMail.objects.get().state == "queued"
    ticket.refresh_from_db()
    assert ticket.has_failed_delivery is False


def test_sending_again_what_did_not_fail_is_refused_in_words(desk, agent, ticket):
    now = timezone.now()
    message = reply(ticket=ticket, by=agent, text="Hello", last_seen=ticket.messages.get().pk, now=now)

    response = desk.post(reverse("desk:retry", args=[message.pk]), {"in": "all"}, follow=True)

    assert "Every recipient was reached, or the mail is still on its way." in response.content.decode()


@pytest.fixture
def held(ticket, stranger) -> Message:
    message = intake.add_customer_message(
        ticket=ticket, person=stranger, text="Send it to me.", channel="mail", now=timezone.now()
    )
    Message.objects.filter(pk=message.pk).update(is_held=True, held_reason="Somebody else wrote.")
    return message


def test_a_held_message_is_accepted_into_the_conversation(desk, ticket, held, stranger):
    """S8."""
    page = desk.get(f"/inbox/held/{ticket.pk}/").content.decode()
    assert "Somebody else wrote." in page

    do(desk, "accept", held.pk)

    held.refresh_from_db()
    assert (held.is_held, held.ticket) == (False, ticket)
    assert Participant.objects.filter(ticket=ticket, person=stranger).exists()


def test_a_held_message_that_is_refused_becomes_a_ticket_of_its_own(desk, ticket, held, stranger):
    """S8."""
    do(desk, "refuse", held.pk)

    held.refresh_from_db()
    assert held.ticket != ticket
    assert held.ticket.requester == stranger
    assert not Participant.objects.filter(ticket=ticket, person=stranger).exists()


POSTS = ["take", "wake", "reopen", "wait", "seen"]
FORMS = ["assign", "snooze", "close", "hold", "follow_up", "details", "participant"]


HOSTILE = ["a/b", "../..", "x y", "mine?x=1", "\x00", "//evil.example", "é", "team:x", "x" * 5000]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_place_that_does_not_exist_leads_to_one_that_does(desk, ticket, value):
    """S25, S42."""
    hostile = {"in": value, "q": value, "after": value, "following": value, "unanswered": "on"}

    taken = desk.post(reverse("desk:take", args=[ticket.pk]), hostile)
    closed = desk.post(reverse("desk:close", args=[ticket.pk]), hostile)
    form = desk.get(reverse("desk:close", args=[ticket.pk]), hostile)

    assert (taken.status_code, closed.status_code, form.status_code) == (303, 303, 200)
    for response in (taken, closed):
        assert response["Location"].startswith("/inbox/")
        assert desk.get(response["Location"]).status_code in (200, 404)


@pytest.mark.parametrize("number", [0, 2**31, 2**63 - 1, 2**63, 10**30])
@pytest.mark.parametrize("name", ["close", "attachment", "picture", "formatted", "source", "set_aside", "raw_mail"])
def test_numbers_that_no_row_has_are_not_found(desk, ticket, name, number):
    """S22."""
    assert desk.get(reverse(f"desk:{name}", args=[number])).status_code == 404


@pytest.mark.parametrize("name", POSTS)
def test_opening_the_address_of_an_action_changes_nothing(desk, ticket, name):
    """S49."""
    assert desk.get(reverse(f"desk:{name}", args=[ticket.pk])).status_code == 405


@pytest.mark.parametrize("name", [*POSTS, *FORMS])
def test_a_post_without_our_token_or_from_another_site_is_refused(agent, ticket, name):
    """S49."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(agent)
    before = Ticket.objects.filter(pk=ticket.pk).values().get()

    without_token = browser.post(reverse(f"desk:{name}", args=[ticket.pk]), {"until": "tomorrow"})
    elsewhere = Client()
    elsewhere.force_login(agent)
    cross_site = elsewhere.post(
        reverse(f"desk:{name}", args=[ticket.pk]), {"until": "tomorrow"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert (without_token.status_code, cross_site.status_code) == (403, 403)
    assert Ticket.objects.filter(pk=ticket.pk).values().get() == before


@pytest.mark.parametrize("name", [*POSTS, *FORMS])
@pytest.mark.parametrize("who", ["nobody", "customer", "stranger", "reviewer", "observer"])
def test_only_agents_change_a_ticket(client, ticket, customer, stranger, reviewer, observer, name, who):
    """S22, S28."""
    person = {"customer": customer, "stranger": stranger, "reviewer": reviewer, "observer": observer}.get(who)
    if person:
        client.force_login(person)
    before = Ticket.objects.filter(pk=ticket.pk).values().get()

    response = client.post(reverse(f"desk:{name}", args=[ticket.pk]), {"until": "tomorrow"})

    expected = {"nobody": 302, "customer": 404, "stranger": 404, "reviewer": 403, "observer": 403}[who]
    assert response.status_code == expected
    assert Ticket.objects.filter(pk=ticket.pk).values().get() == before


def test_an_agent_writes_down_a_call(desk, agent):
    response = desk.post(
        reverse("desk:new"),
        {"email": "Ida@School.example", "name": "Ida", "subject": "Called about pupils", "text": "Thirty of them.",
         "team": Team.objects.first().pk, "priority": "high", "mine": "on"},
    )  # fmt: skip

    ticket = Ticket.objects.get()
    assert response["Location"] == f"/inbox/mine/{ticket.pk}/"
    assert (ticket.requester.email, ticket.assignee, ticket.priority) == ("ida@school.example", agent, "high")
    assert ticket.messages.get().text == "Thirty of them."


def test_a_call_without_words_is_not_written_down(desk):
    """U27."""
    response = desk.post(reverse("desk:new"), {"email": "x", "subject": "", "text": ""})

    page = response.content.decode()
    assert response.status_code == 422
    for words in ("<title>Error: ", "There is a problem", "Write a subject", "Write what the customer said"):
        assert words in page
    assert not Ticket.objects.exists()


def test_single_keys_are_switched_off_and_on(desk, agent):
    """U47."""
    response = desk.post(reverse("desk:single_keys"), {"enabled": "", "next": "/quarantine/"})

    assert response["Location"] == "/quarantine/"
    assert 'data-keys="off"' in desk.get("/quarantine/").content.decode()
    desk.post(reverse("desk:single_keys"), {"enabled": "on", "next": "https://evil.example/"})
    assert 'data-keys="on"' in desk.get("/quarantine/").content.decode()


def test_the_switch_never_leads_to_another_site(desk):
    """S42."""
    assert desk.post(reverse("desk:single_keys"), {"next": "//evil.example"})["Location"] == "/inbox/"


def test_an_observer_reads_everything_and_is_offered_nothing(client, ticket, held):
    client.force_login(make_staff(Role.OBSERVER))

    page = client.get(f"/inbox/all/{ticket.pk}/").content.decode()

    assert "It says held since Thursday." in page
    main = page.split("<main")[1].split("</main>")[0]
    assert 'method="post"' not in main
    assert "hx-post" not in main
    assert "data-dialog" not in main
