"""People, roles, invitations, organisations."""

import pytest
from allauth.mfa.models import Authenticator

from accounts.actions import roles
from accounts.choices import Role
from accounts.models import Grant, Invite, JournalEntry, Membership, Organisation, Person
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, make_staff, sign_in
from tests.tickets.settings.conftest import done
from tickets import setup_queries

pytestmark = pytest.mark.django_db


def held(person) -> set[str]:
    return set(Grant.objects.filter(person=person, revoked_at=None).values_list("role", flat=True))


def test_an_admin_gives_and_takes_a_role(browser, agent):
    browser.post(f"/settings/people/{agent.pk}/grant/", {"role": "lead"})
    assert held(agent) == {"agent", "lead"}

    browser.post(f"/settings/people/{agent.pk}/revoke/", {"role": "agent"})
    assert held(agent) == {"lead"}
    assert done("accounts.grant_role") == [{"role": "lead"}]


def test_nobody_gives_themselves_a_role(browser, client, admin, agent):
    """S27: refused, and in the journal."""
    assert browser.post(f"/settings/people/{admin.pk}/grant/", {"role": "reviewer"}).status_code == 403
    sign_in(client, agent)
    assert client.post(f"/settings/people/{agent.pk}/grant/", {"role": "admin"}).status_code == 403
    assert client.post(f"/settings/people/{admin.pk}/revoke/", {"role": "admin"}).status_code == 403

    assert (held(admin), held(agent)) == ({"admin"}, {"agent"})
    assert [entry.by for entry in JournalEntry.objects.filter(action="accounts.refused").order_by("number")] == [
        admin,
        agent,
        agent,
    ]


def test_giving_a_role_asks_again_who_is_at_the_keyboard(client, admin, agent):
    """S27, S48."""
    client.force_login(admin)

    response = client.post(f"/settings/people/{agent.pk}/grant/", {"role": "admin"})

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/again/")
    assert held(agent) == {"agent"}


def test_a_role_that_does_not_exist_is_no_page(browser, agent):
    assert browser.post(f"/settings/people/{agent.pk}/grant/", {"role": "root"}).status_code == 404
    assert held(agent) == {"agent"}


def test_an_unproven_person_gets_no_role_and_the_page_says_why(browser):
    person = make_person(verified=False, name="New Person")

    body = browser.post(f"/settings/people/{person.pk}/grant/", {"role": "agent"}, follow=True).content.decode()

    assert "has not proven this address yet" in body
    assert held(person) == set()


def test_shutting_somebody_out_ends_their_session_at_the_next_request(browser, django_client, agent):
    """S28."""
    theirs = django_client()
    theirs.force_login(agent)
    assert theirs.get("/settings/").status_code == 200

    browser.post(f"/settings/people/{agent.pk}/deactivate/")

    assert theirs.get("/settings/").status_code == 302
    assert not Person.objects.get(pk=agent.pk).is_active
    browser.post(f"/settings/people/{agent.pk}/reactivate/")
    assert Person.objects.get(pk=agent.pk).is_active


def test_a_lead_shuts_out_customers_and_not_staff(client, lead, agent, stranger):
    sign_in(client, lead)

    assert client.post(f"/settings/people/{stranger.pk}/deactivate/").status_code == 302
    assert client.post(f"/settings/people/{agent.pk}/deactivate/").status_code == 403

    assert Person.objects.get(pk=agent.pk).is_active
    assert not Person.objects.get(pk=stranger.pk).is_active


def test_nobody_shuts_themselves_out(browser, admin):
    assert browser.post(f"/settings/people/{admin.pk}/deactivate/").status_code == 403
    assert Person.objects.get(pk=admin.pk).is_active


def test_somebody_gets_another_name(browser, stranger):
    assert browser.post(f"/settings/people/{stranger.pk}/name/", {"name": " "}).status_code == 422
    browser.post(f"/settings/people/{stranger.pk}/name/", {"name": "Stanley Stranger", "email": "x@y.example"})

    stranger.refresh_from_db()
    assert (stranger.name, stranger.email) == ("Stanley Stranger", "stan@elsewhere.example")


def test_a_lost_second_factor_is_removed_by_another_admin(browser, admin, agent):
    """S48."""
    for person in (agent, admin):
        Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert "Set up" in browser.get(f"/settings/people/{agent.pk}/").content.decode()

    assert browser.post(f"/settings/people/{agent.pk}/second-factor/").status_code == 302
    assert browser.post(f"/settings/people/{admin.pk}/second-factor/").status_code == 403

    assert set(Authenticator.objects.values_list("user", flat=True)) == {admin.pk}


def test_an_invitation_is_mailed_listed_and_withdrawn(browser):
    browser.post(
        "/settings/people/invite/", {"email": "New@desk.example", "name": "Nia New", "roles": ["agent", "lead"]}
    )

    invite = Invite.objects.get()
    assert (invite.email, invite.roles) == ("new@desk.example", ["agent", "lead"])
    assert OutgoingMail.objects.get().to_address == "new@desk.example"
    assert "new@desk.example" in browser.get("/settings/people/").content.decode()
    browser.post(f"/settings/people/invitations/{invite.pk}/withdraw/")
    assert Invite.objects.get().withdrawn_at is not None
    browser.get("/settings/people/")  # says that it is withdrawn
    assert "new@desk.example" not in browser.get("/settings/people/").content.decode()


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ({"email": "new@desk.example"}, "Choose at least one role"),
        ({"email": "new@desk.example", "roles": ["root"]}, "Choose roles from the list"),
        ({"email": "", "roles": ["agent"]}, "Enter the address of the person to invite"),
    ],
)
def test_an_invitation_that_cannot_be_sent_says_why(browser, entered, words):
    """U27."""
    response = browser.post("/settings/people/invite/", entered)

    assert response.status_code == 422
    assert response.content.decode().count(words) == 2
    assert Invite.objects.count() == 0


def test_the_list_shows_staff_and_finds_customers_by_name_or_address(browser, agent, customer):
    staff = browser.get("/settings/people/").content.decode()
    assert agent.email in staff
    assert customer.email not in staff

    found = browser.get("/settings/people/?of=everybody&q=CARA").content.decode()
    assert "c•••@robotics.example" in found and customer.email not in found, "E: whoever looks reads no whole address"
    assert agent.email not in found
    assert "c•••@" in browser.get("/settings/people/?of=everybody&q=robotics.example").content.decode()
    page = browser.get(f"/settings/people/{customer.pk}/").content.decode()
    assert customer.email not in page and f"/customers/{customer.pk}/" in page


@pytest.mark.parametrize("q", ["\x00", "%", "_", "\\", "' or 1=1 --", "x" * 5000, "💥", "<script>alert(1)</script>"])
def test_any_words_may_be_searched_for(browser, agent, q):
    """S4, S53."""
    for where in ("/settings/people/", "/settings/organisations/"):
        response = browser.get(where, {"q": q, "of": "everybody"})
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()


def test_one_sign_of_a_pattern_is_only_itself(browser, agent):
    assert agent.email not in browser.get("/settings/people/?q=%25").content.decode()


@pytest.mark.parametrize("people", [1, 3])
def test_the_list_costs_the_same_however_long(browser, people, django_assert_num_queries):
    for _ in range(people):
        make_staff(Role.AGENT)
    browser.get("/settings/people/")

    with django_assert_num_queries(7):
        browser.get("/settings/people/")


def test_pages_join_without_gap_or_double(browser, monkeypatch):
    monkeypatch.setattr(setup_queries, "PAGE_SIZE", 2)
    for _ in range(5):
        make_person()

    seen, before = [], ""
    while True:
        response = browser.get(f"/settings/people/?of=everybody&before={before}")
        seen += [person.pk for person in response.context["people"]]
        before = response.context["following"]
        if before is None:
            break

    assert seen == sorted(Person.objects.values_list("pk", flat=True), reverse=True)


def test_a_role_taken_away_counts_at_the_next_request(client, browser, django_client, lead, admin, now):
    """S28."""
    theirs = django_client()
    theirs.force_login(lead)
    assert theirs.get("/settings/journal/").status_code == 200

    roles.revoke_role(person=lead, role=Role.LEAD, by=admin, now=now)

    assert theirs.get("/settings/journal/").status_code == 403


def test_an_organisation_gets_its_people(browser, stranger):
    browser.post("/settings/organisations/new/", {"name": "Lakeview", "domain": "@Lakeview.example", "notes": "Nice."})
    row = Organisation.objects.get(name="Lakeview")
    assert row.domain == "lakeview.example"

    browser.post(
        f"/settings/organisations/{row.pk}/members/", {"address": stranger.email, "sees_colleagues_tickets": "on"}
    )
    assert Membership.objects.get(organisation=row, person=stranger).sees_colleagues_tickets
    assert stranger.email in browser.get(f"/settings/organisations/{row.pk}/").content.decode()

    browser.post(f"/settings/organisations/{row.pk}/members/{stranger.pk}/remove/")
    assert not Membership.objects.filter(organisation=row).exists()


def test_an_unknown_address_is_not_added(browser, organisation):
    response = browser.post(f"/settings/organisations/{organisation.pk}/members/", {"address": "no@body.example"})

    assert response.status_code == 422
    assert response.content.decode().count("Nobody has written to us from this address yet") == 2
    assert not Person.objects.filter(email="no@body.example").exists()


def test_a_domain_belongs_to_one_organisation(browser, organisation):
    response = browser.post("/settings/organisations/new/", {"name": "Twin", "domain": organisation.domain})

    assert response.status_code == 422
    assert "Another organisation has the domain" in response.content.decode()
