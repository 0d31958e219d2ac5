"""People and organisations over the API."""

import pytest

from accounts.actions.rules import rules
from accounts.models import JournalEntry, Membership, Organisation, Person, ProfileReading, ReadingDay
from mail.models import OutgoingMail
from tests.factories.accounts import make_member, make_organisation, make_person

pytestmark = pytest.mark.django_db


def test_a_person_says_who_they_are_and_no_secret_of_theirs(program, agent, customer):
    said = program(agent).get(f"people/{customer.pk}/").json()

    assert said == {
        "id": customer.pk,
        "url": f"http://127.0.0.1:8000/api/people/{customer.pk}/",
        "email": "cara@robotics.example",
        "name": "Cara Customer",
        "email_verified_at": "2026-01-05T09:00:00Z",
        "is_active": True,
        "roles": [],
        "time_zone": "UTC",
        "language": "en",
        "memberships": [
            {
                "organisation": {"id": Organisation.objects.get().pk, "name": "Example Robotics Ltd."},
                "sees_colleagues_tickets": False,
            }
        ],
        "created_at": "2026-01-05T09:00:00Z",
    }


def test_adding_a_person_twice_finds_the_same_one_in_any_spelling(program, agent):
    who = program(agent)

    first = who.post("people/", {"email": "Nora@New.example", "name": "Nora"})
    again = who.post("people/", {"email": " nora@new.EXAMPLE", "name": "Somebody Else"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first.json()["name"], first.json()["email_verified_at"]) == ("Nora", None)


def test_people_are_found_by_address_and_by_organisation(program, agent, customer):
    make_person()
    who, organisation = program(agent), customer.memberships.get().organisation_id

    def found(query: str) -> list[int]:
        return [row["id"] for row in who.get(f"people/?{query}").json()["results"]]

    assert found("email=CARA@robotics.example") == [customer.pk]
    assert found("email=robotics.example") == found("email=nobody@robotics.example") == []
    assert found(f"organisation={organisation}") == [customer.pk]


def test_a_new_name_is_journalled(program, agent, customer):
    answer = program(agent).patch(f"people/{customer.pk}/", {"name": " Cara \n Next "})

    assert answer.json()["name"] == "Cara Next"
    assert JournalEntry.objects.get(action="accounts.rename_person").by == agent


@pytest.mark.parametrize("name", ["email", "is_active", "roles", "password", "is_staff", "email_verified_at"])
def test_nothing_but_the_name_of_a_person_can_be_changed_s26_s27(program, admin, customer, name):
    before = Person.objects.values().get(pk=customer.pk)

    assert program(admin).patch(f"people/{customer.pk}/", {"name": "X", name: True}).status_code == 400

    assert Person.objects.values().get(pk=customer.pk) == before


def test_an_organisation_has_a_domain_that_no_other_has(program, agent):
    who = program(agent)

    made = who.post("organisations/", {"name": " Lakeside ", "domain": "Lakeside.example."})
    taken = who.post("organisations/", {"name": "Other", "domain": "lakeside.EXAMPLE"})
    plain = [who.post("organisations/", {"name": "Plain"}).status_code for _ in range(2)]

    assert (made.status_code, made.json()["name"], made.json()["domain"]) == (201, "Lakeside", "lakeside.example")
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "taken")
    assert list(taken.json()["error"]["fields"]) == ["domain"]
    assert plain == [201, 201]
    assert who.get(made.json()["url"].partition("/api/")[2]).json() == made.json()
    found = who.get("organisations/?domain=LAKESIDE.example").json()["results"]
    assert [row["id"] for row in found] == [made.json()["id"]]


def test_members_come_change_and_go(program, agent, customer):
    who, organisation = program(agent), make_organisation()
    path = f"organisations/{organisation.pk}/members/"

    assert who.post(path, {"person": customer.pk}).json()["sees_colleagues_tickets"] is False
    assert who.post(path, {"person": customer.pk, "sees_colleagues_tickets": True}).json()["sees_colleagues_tickets"]
    assert [row["person"]["id"] for row in who.get(path).json()["results"]] == [customer.pk]
    gone = who("DELETE", f"{path}{customer.pk}/")
    assert (gone.status_code, gone.content) == (204, b"")
    assert who("DELETE", f"{path}{customer.pk}/").status_code == 404
    assert who.get(path).json()["results"] == []


def test_a_member_of_another_organisation_is_not_removed_here(program, agent):
    other = make_member(organisation=make_organisation())

    assert program(agent)("DELETE", f"organisations/{make_organisation().pk}/members/{other.pk}/").status_code == 404
    assert Membership.objects.filter(person=other).count() == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "  "}, {"name": 5}, {"name": "x" * 256}, {"name": "x", "domain": None},
     {"name": "x", "domain": "x" * 256}, {"name": "x", "notes": "x" * 10_001}, {"name": "x", "owner": 1}],
)  # fmt: skip
def test_an_organisation_that_cannot_be_is_refused(program, agent, body):
    assert program(agent).post("organisations/", body).status_code == 400
    assert not Organisation.objects.exists()


def test_profiles_that_a_program_lists_count_each_once_and_many_are_told(agent, lead, customer, stranger, program):
    """No way round the budget: the list of people, a person, the page of the settings."""
    who = program(agent, "people:read")
    for _ in range(2):
        assert len(who.get("people/").json()["results"]) == 4
        assert who.get(f"people/{customer.pk}/").status_code == 200
    assert ReadingDay.objects.get(by=agent).profiles == ProfileReading.objects.filter(by=agent).count() == 2
    assert [one.data for one in JournalEntry.objects.filter(action="accounts.list_profiles")] == [{"profiles": 2}]
    ReadingDay.objects.filter(by=agent).update(profiles=rules().profiles_a_day)
    make_person()
    who.get("people/")
    assert OutgoingMail.objects.get(subject__contains="profiles").to_address == lead.email
