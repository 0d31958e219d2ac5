"""Teams and states."""

import pytest

from accounts.access import NotAllowed
from tests.factories.tickets import make_mailbox, make_ticket
from tests.tickets.settings.conftest import done
from tickets.actions.setup import statuses, teams
from tickets.choices import Category
from tickets.models import BusinessCalendar, MailboxRoute, ServiceLevel, Status, Team, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def level(db):
    return ServiceLevel.objects.create(name="Fast", calendar=BusinessCalendar.objects.create(name="Days"))


def test_a_team_is_made_with_its_people(browser, agent, lead, level):
    response = browser.post(
        "/settings/teams/new/",
        {"name": "Returns", "lead": lead.pk, "members": [agent.pk, lead.pk], "service_level": level.pk},
        follow=True,
    )

    team = Team.objects.get(name="Returns")
    assert response.redirect_chain == [("/settings/teams/", 302)]
    assert (team.lead, team.service_level) == (lead, level)
    assert set(team.members.values_list("person", flat=True)) == {agent.pk, lead.pk}
    assert done("tickets.create_team") == [
        {
            "name": "Returns",
            "lead": lead.pk,
            "service_level": level.pk,
            "sourcing": "inhouse",
            "members": sorted([agent.pk, lead.pk]),
        }
    ]
    assert "Leo Lead" in response.content.decode()


def test_changing_a_team_keeps_who_stays_and_drops_who_goes(browser, agent, lead, admin, now):
    team = teams.create_team(name="Returns", lead=None, members=[agent, lead], service_level=None, by=admin, now=now)
    kept = team.members.get(person=lead).pk

    browser.post(f"/settings/teams/{team.pk}/", {"name": "Refunds", "members": [lead.pk, admin.pk]})

    team.refresh_from_db()
    assert team.name == "Refunds"
    assert set(team.members.values_list("person", flat=True)) == {lead.pk, admin.pk}
    assert team.members.get(person=lead).pk == kept


def test_a_new_service_level_of_a_team_recomputes_what_stood_under_the_old_one(
    browser, admin, now, level, django_capture_on_commit_callbacks, monkeypatch
):
    asked = []
    monkeypatch.setattr("supportdesk.lib.background.wake", lambda name, **arguments: asked.append((name, arguments)))
    team = teams.create_team(name="Returns", lead=None, members=[], service_level=None, by=admin, now=now)
    default = ServiceLevel.objects.get(is_default=True)

    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"/settings/teams/{team.pk}/", {"name": "Returns", "service_level": level.pk})

    assert asked == [("tickets.recompute_clocks", {"level_id": pk}) for pk in sorted([default.pk, level.pk])]


def test_a_customer_cannot_become_a_member(browser, customer):
    response = browser.post("/settings/teams/new/", {"name": "Returns", "members": [customer.pk], "lead": customer.pk})

    assert response.status_code == 422
    assert not Team.objects.filter(name="Returns").exists()


def test_two_teams_of_one_name_are_refused_beside_the_field(browser):
    """U27."""
    Team.objects.create(name="Returns")

    response = browser.post("/settings/teams/new/", {"name": "returns"})

    body = response.content.decode()
    assert response.status_code == 422
    assert "<title>Error: " in body
    assert body.count("There is already a team called returns") == 2
    assert 'href="#id_name"' in body
    assert Team.objects.filter(name__iexact="returns").count() == 1


def test_a_team_with_tickets_or_a_mailbox_is_not_removed(browser):
    ticket = make_ticket()
    fed = Team.objects.create(name="Fed")
    MailboxRoute.objects.create(mailbox=make_mailbox(address="fed@desk.example"), team=fed)
    empty = Team.objects.create(name="Empty")

    bodies = [
        browser.post(f"/settings/teams/{pk}/remove/", follow=True).content.decode()
        for pk in (ticket.team_id, fed.pk, empty.pk)
    ]

    assert "has tickets" in bodies[0]
    assert "A mailbox feeds Fed" in bodies[1]
    assert "Empty is removed" in bodies[2]
    assert list(Team.objects.filter(pk__in=[ticket.team_id, fed.pk, empty.pk]).order_by("pk")) == sorted(
        [ticket.team, fed], key=lambda team: team.pk
    )


def test_actions_ask_for_the_right_themselves(agent, now):
    """S27."""
    with pytest.raises(NotAllowed):
        teams.create_team(name="Mine", lead=None, members=[], service_level=None, by=agent, now=now)

    assert not Team.objects.filter(name="Mine").exists()
    assert done("accounts.refused") == [{"tried": "desk.set_up"}]


def test_a_category_is_never_without_its_default(browser, admin, now):
    default = Status.objects.get(category=Category.OPEN, is_default=True)

    body = browser.post(f"/settings/states/{default.pk}/remove/", follow=True).content.decode()

    assert "is the default of its category" in body
    assert Status.objects.get(category=Category.OPEN, is_default=True) == default
    for category in Category:
        assert Status.objects.filter(category=category, is_default=True).count() == 1


def test_another_default_takes_its_place(browser, admin, now):
    second = statuses.add_status(name="In progress", category=Category.OPEN, by=admin, now=now)
    assert not second.is_default

    browser.post(f"/settings/states/{second.pk}/default/")

    assert Status.objects.get(category=Category.OPEN, is_default=True) == second
    assert done("tickets.make_status_default") == [{"category": "open"}]


def test_removing_a_state_moves_its_tickets_to_the_default(browser, admin, now):
    second = statuses.add_status(name="With the workshop", category=Category.NEW, by=admin, now=now)
    ticket = make_ticket()
    Ticket.objects.filter(pk=ticket.pk).update(status=second)

    browser.post(f"/settings/states/{second.pk}/remove/")

    ticket.refresh_from_db()
    assert ticket.status == Status.objects.get(category=Category.NEW, is_default=True)
    assert not Status.objects.filter(pk=second.pk).exists()
    assert done("tickets.remove_status")[0]["moved"] == 1


def test_states_move_within_their_category_only(browser, admin, now):
    first, second, third = (
        statuses.add_status(name=name, category=Category.HOLD, by=admin, now=now) for name in ("A", "B", "C")
    )

    def order():
        return [
            row.name
            for row in statuses.in_order(list(Status.objects.all()))
            if row.pk in {first.pk, second.pk, third.pk}
        ]

    assert order() == ["A", "B", "C"]
    browser.post(f"/settings/states/{third.pk}/move/", {"to": "up"})
    assert order() == ["A", "C", "B"]
    browser.post(f"/settings/states/{first.pk}/move/", {"to": "down"})
    assert order() == ["C", "A", "B"]
    browser.post(f"/settings/states/{second.pk}/move/", {"to": "down"})
    browser.post(f"/settings/states/{second.pk}/move/", {"to": "sideways"})
    assert order() == ["C", "A", "B"]


def test_a_state_gets_another_name_and_no_other_category(browser):
    """S26."""
    row = Status.objects.get(category=Category.WAITING, is_default=True)

    browser.post(
        f"/settings/states/{row.pk}/", {"name": "Your turn", "category": "closed", "is_default": "", "position": 9}
    )

    changed = Status.objects.get(pk=row.pk)
    assert (changed.name, changed.category, changed.is_default) == ("Your turn", "waiting", True)
    assert changed.position == row.position


def test_a_name_for_a_state_is_taken_once(browser):
    response = browser.post("/settings/states/new/", {"name": "CLOSED", "category": "open"})

    assert response.status_code == 422
    assert "There is already a state called CLOSED" in response.content.decode()


@pytest.mark.parametrize("extra", [0, 2])
def test_lists_cost_the_same_however_long(browser, admin, agent, now, django_assert_num_queries, extra):
    for number in range(extra):
        teams.create_team(name=f"T{number}", lead=agent, members=[agent], service_level=None, by=admin, now=now)
        statuses.add_status(name=f"S{number}", category=Category.OPEN, by=admin, now=now)
    browser.get("/settings/teams/")

    with django_assert_num_queries(6):
        browser.get("/settings/teams/")
    with django_assert_num_queries(5):
        browser.get("/settings/states/")
