"""Customers' companies and who belongs to them."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import access, journal
from accounts.addresses import domain_of
from accounts.models import Membership, Organisation, Person


class DomainTaken(Exception):
    """Another organisation has this domain. The message may be shown."""


def create_organisation(*, name: str, by: Person, now: datetime, domain: str = "", notes: str = "") -> Organisation:
    """Keep a new company. Raises DomainTaken."""
    access.require(by, "organisations.change", now=now)
    try:
        with transaction.atomic():
            organisation = Organisation.objects.create(name=name.strip(), domain=domain_of(domain), notes=notes)
            journal.record(by=by, action="accounts.create_organisation", subject=organisation, now=now)
    except IntegrityError as error:
        if "a domain belongs to one organisation" not in str(error):
            raise
        raise DomainTaken(f"Another organisation has the domain {domain}.") from None
    return organisation


def add_member(
    *, organisation: Organisation, person: Person, by: Person, now: datetime, sees_colleagues_tickets: bool = False
) -> Membership:
    """Put a person into a company, or change what they see there."""
    access.require(by, "organisations.change", organisation, now=now)
    with transaction.atomic():
        member, _ = Membership.objects.update_or_create(
            organisation=organisation,
            person=person,
            defaults={"sees_colleagues_tickets": sees_colleagues_tickets},
        )
        journal.record(
            by=by,
            action="accounts.add_member",
            subject=organisation,
            data={"person": person.pk, "sees_colleagues_tickets": sees_colleagues_tickets},
            now=now,
        )
    return member


def remove_member(*, organisation: Organisation, person: Person, by: Person, now: datetime) -> None:
    """Take a person out of a company. They keep their own tickets."""
    access.require(by, "organisations.change", organisation, now=now)
    with transaction.atomic():
        removed, _ = Membership.objects.filter(organisation=organisation, person=person).delete()
        if removed:
            journal.record(
                by=by, action="accounts.remove_member", subject=organisation, data={"person": person.pk}, now=now
            )
