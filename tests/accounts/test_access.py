"""Who may do what, how roles come and go, and that removal counts at once."""

import threading

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from accounts import access
from accounts.actions import organisations, people, roles
from accounts.choices import Role
from accounts.models import Grant, JournalEntry, Membership, Person
from tests.factories.accounts import make_person, make_staff

NOW = timezone.now()

# Written out again on purpose: who changes the table says so here too.
EXPECTED = {
    "people.see": "agent lead reviewer editor admin observer",
    "people.change": "agent lead admin",
    "people.deactivate": "lead admin",
    "staff.deactivate": "admin",
    "identity.check": "agent lead admin",
    "resets.send": "agent lead admin",
    "addresses.change": "lead admin",
    "addresses.approve": "lead reviewer admin",
    "accounts.cancel": "agent lead admin",
    "events.see": "agent lead reviewer admin observer",
    "organisations.see": "agent lead reviewer editor admin observer",
    "organisations.change": "agent lead admin",
    "roles.change": "admin",
    "staff.invite": "admin",
    "second_factor.reset": "admin",
    "journal.see": "lead admin observer",
    "tickets.see": "agent lead reviewer admin observer",
    "tickets.work": "agent lead admin",
    "tickets.export": "lead admin",
    "desk.set_up": "admin",
    "desk.automate": "lead admin",
    "reviews.decide": "reviewer",
    "articles.write": "agent lead editor admin",
    "articles.publish": "editor admin",
    "insights.see": "lead admin observer",
    "orders.see": "agent lead reviewer admin observer",
    "orders.work": "agent lead admin",
    "holds.decide": "lead reviewer admin",
    "money.see": "lead reviewer admin observer",
    "money.look_after": "lead reviewer admin",
    "money.give": "agent lead admin",
    "money.set_up": "admin",
    "store.see": "lead admin observer",
    "store.set_up": "admin",
    "invoices.see": "agent lead reviewer admin observer",
    "invoices.work": "agent lead admin",
    "invoices.correct": "lead reviewer admin",
    "invoices.export": "lead admin",
    "training.give": "agent lead admin",
    "training.see": "lead admin observer",
    "training.set_up": "lead admin",
}


@pytest.mark.parametrize("role", Role.values)
def test_a_role_may_do_what_the_table_says_and_nothing_else(db, role):
    """S22."""
    person = make_staff(role)
    may = {action for action in EXPECTED if access.can(person, action)}

    assert may == {action for action, roles in EXPECTED.items() if role in roles.split()}


def test_every_action_is_in_this_table():
    assert access.ACTIONS.keys() >= EXPECTED.keys()


def test_customers_anonymous_visitors_and_nobody_may_do_nothing(db):
    for person in (make_person(), AnonymousUser(), None):
        assert [action for action in EXPECTED if access.can(person, action)] == []


def test_an_unknown_action_is_a_mistake_and_not_a_right(admin):
    with pytest.raises(KeyError):
        access.can(admin, "everything.change")


def test_an_observer_changes_nothing(observer):
    """Requirement 63."""
    changing = [action for action in access.ACTIONS if not action.endswith(".see")]

    assert [action for action in changing if access.can(observer, action)] == []


def test_an_admin_grants_and_takes_a_role_and_both_are_journalled(admin, agent):
    roles.grant_role(person=agent, role=Role.LEAD, by=admin, now=NOW)
    roles.grant_role(person=agent, role=Role.LEAD, by=admin, now=NOW)
    assert agent.roles == {"agent", "lead"}

    roles.revoke_role(person=agent, role=Role.LEAD, by=admin, now=NOW)

    assert agent.roles == {"agent"}
    assert list(JournalEntry.objects.order_by("number").values_list("action", "by_id", "subject", "data")) == [
        ("accounts.grant_role", admin.pk, f"accounts.person:{agent.pk}", {"role": "lead"}),
        ("accounts.revoke_role", admin.pk, f"accounts.person:{agent.pk}", {"role": "lead"}),
    ]


@pytest.mark.parametrize("verb", [roles.grant_role, roles.revoke_role])
@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD, Role.REVIEWER, Role.EDITOR, Role.OBSERVER, None])
def test_nobody_but_an_admin_changes_roles_and_the_try_is_journalled(db, agent, verb, role):
    """S27: changes nothing, and leaves a row."""
    by = make_staff(role) if role else make_person()

    with pytest.raises(access.NotAllowed):
        verb(person=agent, role=Role.ADMIN, by=by, now=NOW)

    assert list(agent.grants.values_list("role", "revoked_at")) == [("agent", None)]
    entry = JournalEntry.objects.get()
    assert (entry.action, entry.by, entry.data) == ("accounts.refused", by, {"tried": "roles.change"})


@pytest.mark.parametrize("verb", [roles.grant_role, roles.revoke_role])
def test_an_admin_does_not_change_their_own_roles(admin, verb):
    """S27: a second admin has to."""
    with pytest.raises(access.NotAllowed):
        verb(person=admin, role=Role.ADMIN, by=admin, now=NOW)

    assert admin.grants.count() == 1


def test_somebody_unproven_or_gone_is_given_no_role(admin):
    for person in (make_person(verified=False), make_person(is_active=False, deactivated_at=NOW)):
        with pytest.raises(roles.CannotChangeRole):
            roles.grant_role(person=person, role=Role.AGENT, by=admin, now=NOW)

    assert Grant.objects.count() == 1


def test_a_role_that_was_taken_is_gone_on_the_next_request(client, admin, agent):
    """S28: the session was made while the role was held."""
    client.force_login(agent)
    assert client.get("/me/").context["request"].user.is_staff_member

    roles.revoke_role(person=agent, role=Role.AGENT, by=admin, now=NOW)

    assert not client.get("/me/").context["request"].user.is_staff_member


def test_deactivation_ends_sessions_roles_and_passwords_on_the_next_request(client, admin, agent):
    """S28."""
    people.set_password(person=agent, password="a quiet river bends", by=agent, now=NOW)
    client.post("/sign-in/", {"email": agent.email, "password": "a quiet river bends"})
    assert client.get("/me/").status_code == 200

    people.deactivate_person(person=agent, by=admin, now=NOW)

    assert client.get("/me/").status_code == 302
    assert client.post("/sign-in/", {"email": agent.email, "password": "a quiet river bends"}).status_code == 422
    gone = Person.objects.get(pk=agent.pk)
    assert (gone.roles, access.can(gone, "tickets.work")) == (frozenset(), False)


def test_a_session_of_somebody_inactive_is_worthless_however_that_came_about(client, agent):
    """S28: set in the database, without any action."""
    client.force_login(agent)

    Person.objects.filter(pk=agent.pk).update(is_active=False, deactivated_at=NOW)

    assert client.get("/me/").status_code == 302


def test_a_session_from_before_does_not_come_back_to_life(client, admin, agent):
    """S28: not even where no list of it was kept."""
    client.force_login(agent)
    people.deactivate_person(person=agent, by=admin, now=NOW)

    people.reactivate_person(person=Person.objects.get(pk=agent.pk), by=admin, now=NOW)

    assert client.get("/me/").status_code == 302
    assert Person.objects.get(pk=agent.pk).roles == {"agent"}


def test_a_lead_deactivates_customers_but_not_staff(lead, agent, customer):
    people.deactivate_person(person=customer, by=lead, now=NOW)
    with pytest.raises(access.NotAllowed):
        people.deactivate_person(person=agent, by=lead, now=NOW)

    assert not Person.objects.get(pk=customer.pk).is_active
    assert Person.objects.get(pk=agent.pk).is_active


def test_nobody_deactivates_themselves(admin):
    with pytest.raises(access.NotAllowed):
        people.deactivate_person(person=admin, by=admin, now=NOW)


def test_preferences_and_passwords_are_ones_own(agent, customer):
    """S26: what is not a preference is not set, whoever asks."""
    for wish in ({"is_active": False}, {"email": "x@y.example"}, {"session_version": 9}):
        with pytest.raises(access.NotAllowed):
            people.set_preferences(person=customer, by=customer, now=NOW, **wish)
    with pytest.raises(access.NotAllowed):
        people.set_preferences(person=customer, by=agent, now=NOW, signature="x")
    with pytest.raises(access.NotAllowed):
        people.set_password(person=customer, password="x" * 20, by=agent, now=NOW)


def test_a_sender_does_not_rename_somebody_we_know(customer):
    found = people.find_or_create_person(email="CARA@robotics.example", name="Evil\r\nBcc: x", now=NOW)

    assert (found.pk, found.name) == (customer.pk, "Cara Customer")


def test_a_new_sender_gets_a_tidy_name_and_no_rights(db):
    """S10, S14."""
    found = people.find_or_create_person(email="new@x.example", name=" Nora\r\n\x00 \u202eNew ", now=NOW)

    assert (found.name, found.email_verified_at, found.has_usable_password()) == ("Nora New", None, False)
    assert not found.is_staff_member


@pytest.mark.django_db(transaction=True)
def test_two_mails_at_once_from_a_new_sender_are_one_person():
    found, errors = [], []

    def work(number: int) -> None:
        try:
            found.append(people.find_or_create_person(email="New@x.example", name=f"N{number}", now=NOW).pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert len(set(found)) == Person.objects.count() == 1


def test_organisations_are_kept_by_staff(agent, customer, stranger):
    company = organisations.create_organisation(name="Else Ltd.", domain="Elsewhere.example.", by=agent, now=NOW)
    organisations.add_member(organisation=company, person=stranger, by=agent, now=NOW)
    organisations.add_member(organisation=company, person=stranger, by=agent, now=NOW, sees_colleagues_tickets=True)
    assert (company.domain, Membership.objects.get(person=stranger).sees_colleagues_tickets) == (
        "elsewhere.example", True,
    )  # fmt: skip

    with pytest.raises(organisations.DomainTaken):
        organisations.create_organisation(name="Other", domain="ELSEWHERE.example", by=agent, now=NOW)
    with pytest.raises(access.NotAllowed):
        organisations.add_member(organisation=company, person=customer, by=customer, now=NOW)
    organisations.remove_member(organisation=company, person=stranger, by=agent, now=NOW)

    assert not Membership.objects.filter(organisation=company).exists()


def test_the_first_admin_is_made_once(db):
    first, second = make_person(), make_person()

    roles.appoint_first_admin(person=first, now=NOW)
    with pytest.raises(roles.CannotChangeRole):
        roles.appoint_first_admin(person=second, now=NOW)

    assert list(Grant.objects.values_list("person_id", "role")) == [(first.pk, "admin")]
