"""People to test with. Every call makes somebody new."""

import time
from datetime import UTC, datetime
from itertools import count

from accounts.choices import Role
from accounts.models import Grant, Membership, Organisation, Person

LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_numbers = count(1)


def make_person(*, email: str = "", name: str = "", verified: bool = True, **fields) -> Person:
    """A customer whose address is proven, unless `verified` is False."""
    number = next(_numbers)
    return Person.objects.create_user(
        email or f"person{number}@customer{number}.example",
        fields.pop("password", None),
        name=name or f"Person {number}",
        email_verified_at=LONG_AGO if verified else None,
        **{"created_at": LONG_AGO, **fields},
    )


def make_staff(*roles: Role, email: str = "", **fields) -> Person:
    """A member of staff with these roles; an agent when none is named."""
    person = make_person(email=email or f"staff{next(_numbers)}@desk.example", **fields)
    for role in roles or (Role.AGENT,):
        Grant.objects.create(person=person, role=role, granted_at=LONG_AGO)
    return person


def make_organisation(*, name: str = "", domain: str = "", notes: str = "") -> Organisation:
    """A customer's company."""
    return Organisation.objects.create(name=name or f"Organisation {next(_numbers)}", domain=domain, notes=notes)


def make_member(*, organisation: Organisation, sees_colleagues_tickets: bool = False, **fields) -> Person:
    """A customer who belongs to an organisation."""
    person = make_person(**fields)
    Membership.objects.create(person=person, organisation=organisation, sees_colleagues_tickets=sees_colleagues_tickets)
    return person


def sign_in(client, person: Person) -> None:
    """`client.force_login`, and proven just now: pages that ask again (accounts.proof) let them through."""
    client.force_login(person)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
