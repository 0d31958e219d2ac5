"""Choosing tickets in the list, saying what to do, watching it and taking it back: plain forms, no script (U53)."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.tickets import make_mailbox, make_ticket
from tickets.actions import state
from tickets.actions.bulk import choose as choosing
from tickets.actions.bulk import run
from tickets.choices import BulkState
from tickets.models import BulkJob, ContactReason, SavedView, Team, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, agent) -> Client:
    client.force_login(agent)
    return client


@pytest.fixture
def rows(customer):
    make_mailbox()
    return [make_ticket(requester=customer, subject=f"Pupil {number}", now=timezone.now()) for number in range(3)]


def press(desk, rows, verb, **more):
    return desk.post("/desk/bulk/", {"in": "all", "ticket": [row.pk for row in rows], "verb": verb, **more})


def test_a_list_offers_ticks_and_a_bar_to_those_who_may_work(desk, client, observer, rows):
    """U11."""
    page = desk.get("/inbox/all/").content.decode()

    assert len(re.findall(r'<input type="checkbox" name="ticket" value="\d+" form="bulk"', page)) == 3
    assert '<input type="hidden" name="in" value="all">' in page.partition('id="bulk"')[2].partition("</form>")[0]
    client.force_login(observer)
    assert 'name="ticket"' not in client.get("/inbox/all/").content.decode()


def test_ticked_tickets_are_given_to_somebody(desk, agent, lead, rows):
    """U11: tick, Assign, a name."""
    chosen = press(desk, rows[:2], "assign")
    form = desk.get(chosen["Location"])
    job = BulkJob.objects.get()

    assert chosen["Location"] == f"/desk/bulk/{job.pk}/assign/?in=all"
    assert "Assign: 2 tickets" in form.content.decode()
    done = desk.post(chosen["Location"], {"in": "all", "to": lead.pk})

    assert done["Location"] == "/inbox/all/"
    assert list(Ticket.objects.order_by("pk").values_list("assignee", flat=True)) == [lead.pk, lead.pk, None]
    assert "2 tickets given to Leo Lead" in desk.get("/inbox/all/").content.decode()
    undone = desk.post(f"/desk/bulks/{job.pk}/undo/", {"in": "all"}, follow=True)
    assert set(Ticket.objects.values_list("assignee", flat=True)) == {None}
    assert "2 tickets as before" in undone.content.decode()


VERBS = {
    "team": lambda: {"team": Team.objects.create(name="Shipping").pk},
    "priority": lambda: {"priority": "urgent"},
    "type": lambda: {"type": "problem"},
    "tag": lambda: {"tag": "#W-8 "},
    "snooze": lambda: {"until": "tomorrow", "stays": "on"},
    "close": lambda: {"reason": ContactReason.objects.create(name="Held").pk},
    "reason": lambda: {"reason": ContactReason.objects.create(name="Held").pk},
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_a_page_and_does_what_it_says(desk, rows, verb):
    address = press(desk, rows, verb)["Location"]

    assert desk.get(address).status_code == 200
    assert desk.post(address, {"in": "all", **VERBS[verb]()}).status_code == 303

    assert BulkJob.objects.get().state == BulkState.DONE
    done = {
        "team": {"team__name": "Shipping"}, "priority": {"priority": "urgent"}, "type": {"type": "problem"},
        "tag": {"tags": ["w-8"]}, "snooze": {"snoozed_until__gt": timezone.now(), "stays_snoozed": True},
        "close": {"category": "closed", "contact_reason__name": "Held", "closed_unanswered": True},
        "reason": {"category": "new", "contact_reason__name": "Held"},
    }  # fmt: skip
    assert Ticket.objects.filter(**done[verb]).count() == 3


@pytest.mark.parametrize(("verb", "category"), [("wait", "waiting"), ("reopen", "new"), ("read", "new")])
def test_a_verb_that_needs_nothing_is_done_at_once(desk, rows, verb, category):
    assert press(desk, rows, verb)["Location"] == "/inbox/all/"

    assert set(Ticket.objects.values_list("category", "is_unread")) == {(category, verb != "read")}


def test_all_that_match_are_the_lists_not_the_pages(desk, agent, customer, monkeypatch):
    """U11, and bulk across pages (chatwoot#13535, freescout#1300)."""
    monkeypatch.setattr("tickets.queries_desk.inbox.PAGE_SIZE", 2)
    make_mailbox()
    for number in range(5):
        make_ticket(requester=customer, subject=f"Pupil {number}", now=timezone.now())
    state.close_ticket(ticket=Ticket.objects.earliest("pk"), by=agent, now=timezone.now(), unanswered=True)

    address = press(desk, [], "priority", all="on")["Location"]
    desk.post(address, {"in": "all", "priority": "high"})

    assert Ticket.objects.filter(priority="high").count() == 4
    searched = press(desk, [], "type", **{"all": "on", "in": "search", "q": '"Pupil 3"'})["Location"]
    desk.post(searched, {"type": "task"})
    assert [ticket.subject for ticket in Ticket.objects.filter(type="task")] == ["Pupil 3"]


def test_all_that_match_is_more_than_a_page_counts_and_what_was_cut_is_said(desk, agent, rows, monkeypatch):
    """U11: a view of words stops counting early, which is no reason to act on a part and to say nothing."""
    moment = timezone.now()
    view = SavedView.objects.create(name="Pupils", q="pupil", owner=agent, created_at=moment, updated_at=moment)
    monkeypatch.setattr("tickets.queries_desk.search.MOST", 1)

    press(desk, [], "wait", all="on", **{"in": view.slug})
    assert (BulkJob.objects.latest("pk").total, BulkJob.objects.latest("pk").is_cut) == (3, False)

    monkeypatch.setattr("tickets.views.desk.bulk.MOST_OF_A_SEARCH", 2)
    for here in ({"in": view.slug}, {"in": "search", "q": "pupil"}):
        cut = press(desk, [], "reopen", all="on", **here)
        job = BulkJob.objects.latest("pk")
        assert (job.total, job.is_cut) == (2, True)
        assert "More match than the 2 that were taken" in desk.get(cut["Location"]).content.decode()
        assert "More tickets matched than were taken" in desk.get(reverse("desk:bulk", args=[job.pk])).content.decode()
    press(desk, [], "reopen", all="on", **{"in": "search", "q": "is:unsolved"})
    assert (BulkJob.objects.latest("pk").total, BulkJob.objects.latest("pk").is_cut) == (3, False)


def test_closing_over_customers_who_wait_is_asked_again_and_each_ticket_keeps_the_rule(desk, agent, rows, customer):
    """B6: a reason, or that it stays unanswered, whoever closes and however many."""
    run.begin(
        job=choosing.choose(tickets=Ticket.objects.filter(pk=rows[0].pk), source="x", by=agent, now=timezone.now()),
        verb="close", arguments={"reason": None}, by=agent, now=timezone.now(),
    )  # fmt: skip
    assert "The customer of ticket" in BulkJob.objects.get().items.get().why
    address = press(desk, rows, "close")["Location"]
    assert "3 customers still wait for an answer" in desk.get(address).content.decode()

    asked = desk.post(address, {"in": "all", "reason": ""})
    assert asked.status_code == 422
    assert "Close them unanswered" in asked.content.decode()
    assert Ticket.objects.filter(category="closed").count() == 0
    assert desk.post(address, {"in": "all", "reason": "", "unanswered": "on"}).status_code == 303
    assert Ticket.objects.filter(category="closed", closed_unanswered=True, contact_reason=None).count() == 3


@pytest.mark.parametrize(
    ("verb", "typed", "said"),
    [
        ("assign", {"to": "99999"}, "Choose somebody who works here"),
        ("team", {}, "Choose a team"),
        ("priority", {"priority": "x\x00"}, "Select a valid choice"),
        ("tag", {"tag": " # "}, "Write one tag"),
        ("tag", {"tag": "a, b"}, "Write one tag, without a comma"),
        ("tag", {"tag": "x" * 99}, "A tag has 60 characters at most"),
        ("snooze", {"until": "at", "at": "in 3 years"}, "Write the time like"),
        ("snooze", {"until": "at", "at": "in 30 days"}, "A ticket can be snoozed for 14 days at most."),
        ("close", {"reason": "0"}, "Choose one of the reasons"),
    ],
)
def test_what_cannot_be_given_is_said_in_words_and_changes_nothing(desk, rows, verb, typed, said):
    address = press(desk, rows, verb)["Location"]

    response = desk.post(address, {"in": "all", **typed})

    assert (response.status_code, said in response.content.decode()) == (422, True)
    assert BulkJob.objects.get().state == BulkState.CHOSEN
    assert Ticket.objects.filter(category="new", assignee=None, tags=[], snoozed_until=None).count() == 3


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"verb": "close"},
        {"verb": "fly", "ticket": ["1"]},
        {"verb": "close", "ticket": ["x", "\x00", "-1", "9" * 30]},
        {"verb": "close", "all": "on", "in": "nowhere"},
        {"verb": "close", "all": "on", "in": "search", "q": ""},
        {"verb": "read", "ticket": [str(number) for number in range(1, 600)]},
    ],
)
def test_a_choice_that_means_nothing_is_answered_in_words(desk, rows, typed):
    response = desk.post("/desk/bulk/", typed, follow=True)

    assert response.status_code in (200, 404)
    assert not BulkJob.objects.exclude(state="chosen").exists()


def test_a_job_is_there_for_nobody_else(desk, lead, agent, rows, django_client):
    """S22."""
    address = press(desk, rows, "priority")["Location"]
    other = django_client()
    other.force_login(lead)
    job = BulkJob.objects.get()

    assert other.get(address).status_code == 404
    assert other.post(address, {"priority": "high"}).status_code == 404
    assert other.post(f"/desk/bulks/{job.pk}/undo/").status_code == 404
    assert {desk.get(f"/desk/bulk/{pk}/").status_code for pk in (0, 2**63, 10**30)} == {404}


def test_the_page_of_a_job_lists_what_could_not_be_done(desk, agent, rows):
    state.close_ticket(ticket=rows[0], by=agent, now=timezone.now(), unanswered=True)
    press(desk, rows, "wait")

    page = desk.get(f"/desk/bulk/{BulkJob.objects.get().pk}/").content.decode()

    assert "3 of 3 tickets" in page
    assert "A ticket that is closed cannot become waiting on customer." in page
    assert "Take it back" in page
