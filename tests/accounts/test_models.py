"""Facts that the database keeps about people."""

import pytest
from django.db import IntegrityError, transaction

from accounts.addresses import NotAnAddress, normalise
from accounts.choices import Role
from accounts.models import Grant, Person
from tests.factories.accounts import LONG_AGO, make_person, make_staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("written", "kept"),
    [("  Cara@Robotics.Example ", "cara@robotics.example"), ("jos\u00c9@x.example", "jos\u00e9@x.example")],
)
def test_an_address_has_one_spelling(written, kept):
    assert normalise(written) == kept


@pytest.mark.parametrize("text", ["", "@", "a@", "@b", "a b@c.example", "a@b@c", "a\r\nBcc:x@y", "a@b\x00", "<a@b.c>"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(NotAnAddress):
        normalise(text)


@pytest.mark.parametrize("text", ["mar\u212a@x.example", "mar\u212a\u00e9@x.example", "\u0130@x.example"])
def test_an_address_that_becomes_somebody_elses_when_lowered_is_refused(text):
    """The Kelvin sign becomes k in str.lower()."""
    with pytest.raises(NotAnAddress):
        Person.objects.by_address(text)


def test_one_mailbox_is_one_person_whatever_the_case():
    make_person(email="cara@x.example")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_person(email="Cara@X.example")
    with pytest.raises(IntegrityError, match="an address is kept in lower case"), transaction.atomic():
        Person.objects.create(email="CARA@x.example")


def test_nobody_grants_themselves_a_role(agent):
    """S27, below every view and action."""
    with pytest.raises(IntegrityError, match="nobody grants themselves a role"), transaction.atomic():
        Grant.objects.create(person=agent, role=Role.ADMIN, granted_by=agent)


def test_a_role_is_held_once_and_a_revoked_one_does_not_count(agent):
    with pytest.raises(IntegrityError, match="a person holds a role once"), transaction.atomic():
        Grant.objects.create(person=agent, role=Role.AGENT)
    agent.grants.update(revoked_at=LONG_AGO)

    assert Person.objects.get(pk=agent.pk).roles == frozenset()
    assert not Person.objects.staff().filter(pk=agent.pk).exists()


def test_somebody_deactivated_holds_no_role(agent):
    """S28."""
    Person.objects.filter(pk=agent.pk).update(is_active=False, deactivated_at=LONG_AGO)

    assert Person.objects.get(pk=agent.pk).roles == frozenset()
    assert not Person.objects.with_role(Role.AGENT).exists()


def test_roles_come_with_the_person_in_one_query(django_assert_num_queries):
    make_staff(Role.AGENT, Role.LEAD)
    make_person()

    with django_assert_num_queries(1):
        found = [person.roles for person in Person.objects.with_roles().order_by("pk")]

    assert found == [frozenset({"agent", "lead"}), frozenset()]
