"""Searches under a name (issue 3, inbox: own, team and shared views at real addresses)."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.choices import Role
from tests.factories.accounts import make_staff
from tests.factories.tickets import make_ticket
from tests.tickets.desk.test_inbox import numbers
from tickets.actions import saved_views, state
from tickets.models import SavedView, Team, TeamMember, Ticket
from tickets.queries_desk import saved_views as reads

FORM = {"name": "W-8 wanted", "q": "tag:w-8 is:unsolved", "order": "newest", "whom": "mine"}


def browser_of(*roles: Role, team: Team | None = None) -> Client:
    person = make_staff(*roles)
    if team:
        TeamMember.objects.create(team=team, person=person)
    browser = Client()
    browser.force_login(person)
    browser.person = person
    return browser


def save(browser: Client, **typed) -> SavedView:
    answer = browser.post("/desk/views/new/", {**FORM, **typed})
    assert answer.status_code == 303, answer.context["form"].errors
    return SavedView.objects.latest("pk")


@pytest.fixture
def team(db) -> Team:
    return Team.objects.create(name="Shipping")


def test_a_search_is_kept_under_a_name_at_an_address_that_lists_what_it_finds(desk, customer):
    wanted, _other, done = (make_ticket(requester=customer) for _ in range(3))
    Ticket.objects.filter(pk__in=[wanted.pk, done.pk]).update(tags=["w-8"])
    state.close_ticket(ticket=done, by=customer, now=timezone.now())

    answer = desk.post("/desk/views/new/", FORM)
    page = desk.get(answer["Location"])
    beside = desk.get(f"{answer['Location']}{wanted.pk}/")

    assert answer["Location"] == f"/inbox/saved:{SavedView.objects.get().pk}/"
    assert numbers(page) == [wanted.pk]
    assert "W-8 wanted" in page.content.decode()
    assert (numbers(beside), beside.context["shelf"].place.view) == ([wanted.pk], page.context["shelf"].view.slug)
    assert desk.get("/desk/views/counts/").json() == {page.context["shelf"].view.slug: "1"}


def test_due_first_lists_open_tickets_by_their_date_and_pages_by_key(desk, customer, monkeypatch):
    monkeypatch.setattr("tickets.queries_desk.inbox.PAGE_SIZE", 1)
    now = timezone.now()
    late, soon, done = (make_ticket(requester=customer, now=now) for _ in range(3))
    Ticket.objects.filter(pk=late.pk).update(next_action_at=now + timedelta(days=9))
    Ticket.objects.filter(pk=soon.pk).update(next_action_at=now + timedelta(days=1))
    state.close_ticket(ticket=done, by=customer, now=now)
    view = save(desk, q=f"from:{customer.email}", order="due")

    first = desk.get(f"/inbox/{view.slug}/")
    second = desk.get(first.context["shelf"].next_address)

    assert (numbers(first), numbers(second)) == ([soon.pk], [late.pk])


def test_own_views_are_seen_by_their_owner_team_views_by_the_team_and_shared_ones_by_everybody(desk, agent, team):
    """S22: what one may not see is not there, by whatever address."""
    TeamMember.objects.create(team=team, person=agent)
    mine, ours, all_ = (save(desk, name=whom, whom=whom) for whom in ("mine", f"team:{team.pk}", "all"))
    member, other, editor = browser_of(Role.AGENT, team=team), browser_of(Role.AGENT), browser_of(Role.EDITOR)

    def seen(browser: Client) -> list[int]:
        statuses = {view.pk: browser.get(f"/inbox/{view.slug}/").status_code for view in (mine, ours, all_)}
        return [pk for pk, status in statuses.items() if status == 200]

    assert seen(desk) == [mine.pk, ours.pk, all_.pk]
    assert seen(member) == [ours.pk, all_.pk]
    assert seen(other) == [all_.pk]
    assert other.get(f"/desk/views/{ours.pk}/").status_code == 404
    assert other.post(f"/desk/views/{mine.pk}/remove/").status_code == 404
    assert editor.get(f"/desk/views/{all_.pk}/").status_code == 403
    assert numbers(editor.get(f"/inbox/{all_.slug}/")) == []
    assert set(other.get("/desk/views/counts/").json()) == {all_.slug}


def test_a_shared_view_is_changed_by_its_owner_or_a_lead_and_by_nobody_else(desk, team):
    view = save(desk, whom="all")
    other, lead = browser_of(Role.AGENT), browser_of(Role.LEAD)

    refused = other.post(f"/desk/views/{view.pk}/", {**FORM, "name": "Mine now", "whom": "all"})
    other.post(f"/desk/views/{view.pk}/remove/")
    assert refused.status_code == 422
    assert "a lead or an admin can change it" in refused.content.decode()
    assert "Mine now" in refused.content.decode()
    assert SavedView.objects.get().name == "W-8 wanted"

    taken = lead.post(f"/desk/views/{view.pk}/", {**FORM, "whom": "mine"})
    assert taken.status_code == 422
    assert lead.post(f"/desk/views/{view.pk}/", {**FORM, "name": "Tax", "whom": "all"}).status_code == 303
    assert SavedView.objects.get().name == "Tax"
    lead.post(f"/desk/views/{view.pk}/remove/")
    assert not SavedView.objects.exists()
    assert desk.get(f"/inbox/{view.slug}/").status_code == 404
    assert desk.post(f"/desk/views/{view.pk}/move/").status_code == 404


def test_views_are_put_in_order(desk):
    views = [save(desk, name=name) for name in "abc"]

    def order() -> str:
        tabs = desk.get("/inbox/mine/").context["shelf"].tabs
        return "".join(view.name for view, _ in tabs if view.saved)

    assert order() == "abc"
    desk.post(f"/desk/views/{views[2].pk}/move/", {"to": "up"})
    assert order() == "acb"
    desk.post(f"/desk/views/{views[0].pk}/move/", {"to": "down"})
    desk.post(f"/desk/views/{views[1].pk}/move/", {"to": "down"})
    assert order() == "cab"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "Give the view a name"),
        ({"name": "x" * 61}, "Use at most 60 characters"),
        ({"name": "a\x00b"}, "Null characters"),
        ({"q": ""}, "Write what to look for"),
        ({"q": "is:nonsense"}, "is:nonsense means nothing here"),
        ({"q": "x" * 700}, "Use at most"),
        ({"order": "random"}, "not one of the available choices"),
        ({"whom": "team:999999"}, "not one of the available choices"),
        ({"name": "taken"}, "You have a view called taken already"),
    ],
)
def test_what_cannot_be_kept_says_why_beside_what_was_typed(desk, typed, words):
    """U27. Nothing is stored, and the rest of the form stays."""
    save(desk, name="Taken")

    page = desk.post("/desk/views/new/", {**FORM, **typed})

    assert page.status_code == 422
    assert words in page.content.decode()
    assert SavedView.objects.count() == 1


def test_there_are_only_so_many(desk, agent, monkeypatch):
    monkeypatch.setitem(saved_views.MOST, "mine", 2)
    save(desk, name="one"), save(desk, name="two")

    page = desk.post("/desk/views/new/", {**FORM, "name": "three"})

    assert (page.status_code, SavedView.objects.count()) == (422, 2)
    assert "You have 2 views, which is the most" in page.content.decode()


def test_a_search_that_means_nothing_any_more_says_so_and_lists_nothing(desk, agent, ticket):
    """A broken filter never shows other tickets than the view's name says."""
    view = save(desk)
    SavedView.objects.filter(pk=view.pk).update(q="is:open after:someday")

    page = desk.get(f"/inbox/{view.slug}/")

    assert numbers(page) == []
    assert "means nothing here any more: after:someday" in page.content.decode()
    assert desk.get("/desk/views/counts/").json() == {view.slug: "0"}


def test_counts_are_kept_for_a_while_and_one_that_is_slow_costs_the_page_nothing(
    desk, agent, ticket, monkeypatch, django_assert_num_queries
):
    """Complaint 7: thirty agents with thirty overviews each."""
    view = save(desk, q="is:unsolved")
    assert desk.get("/desk/views/counts/").json() == {view.slug: "1"}
    make_ticket()

    with django_assert_num_queries(4):  # session, person with roles, views, and what was counted a moment ago
        assert desk.get("/desk/views/counts/").json() == {view.slug: "1"}

    monkeypatch.setattr(reads, "COUNTED_EVERY", timedelta(0))
    assert desk.get("/desk/views/counts/").json() == {view.slug: "2"}
    monkeypatch.setattr(reads, "_count", lambda *_: None)
    assert desk.get("/desk/views/counts/").json() == {}
    assert desk.get(f"/inbox/{view.slug}/").status_code == 200


def test_an_observer_reads_shared_views_and_changes_none(desk):
    view = save(desk, whom="all")
    observer = browser_of(Role.OBSERVER)

    assert observer.get("/desk/views/").status_code == 200
    assert observer.get(f"/inbox/{view.slug}/").status_code == 200
    assert observer.post("/desk/views/new/", FORM).status_code == 403
    assert observer.post(f"/desk/views/{view.pk}/remove/").status_code == 403
    assert SavedView.objects.count() == 1
