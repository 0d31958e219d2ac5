"""Customers say themselves who of them may use their entitlement: one who is named names others (R11).

Nobody inherits an entitlement, so nobody names themselves: whoever bought it is its first contact, and hands it on.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts import journal
from accounts.actions.people import find_or_create_person
from accounts.addresses import domain_of, normalise
from accounts.models import Organisation, Person
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox
from tickets.entitlements import shown
from tickets.models import Entitlement, EntitlementContact
from tickets.refusals import Refused


class CannotName(Refused):
    """Nobody was named or taken out. The message says what would help."""


def entitlements_of(person: Person) -> QuerySet[Entitlement]:
    """Those by which they are named, if their address is proven."""
    if not (person.is_active and person.email_verified_at):
        return Entitlement.objects.none()
    return shown(Entitlement.objects.filter(contacts__person=person))


@transaction.atomic
def name_colleague(*, entitlement: Entitlement, address: str, by: Person, now: datetime) -> Person:
    """A contact names a colleague, who is told. Named twice, they are named and told once.

    Raises CannotName, NotAnAddress. Who has an account, and who has none, is not to be learned here.
    """
    row, organisation = _held(entitlement, by)
    email = normalise(address)
    if not _is_colleague(email, organisation):
        raise CannotName(
            f"Only colleagues can be named here: people who belong to {organisation.name} with us, or who have an "
            "address of its domain. Ask us about anybody else."
        )
    person = find_or_create_person(email=email, now=now)
    if row.contacts.filter(person=person).exists():
        return person
    if row.contacts.count() >= row.most_contacts:
        raise CannotName(f"At most {row.most_contacts} people may be named. Take somebody out first.")
    EntitlementContact.objects.create(entitlement=row, person=person, added_by=by, added_at=now)
    if person.is_active and person.has_mail:
        queue_mail(
            kind=Kind.TRANSACTIONAL, mailbox=Mailbox.objects.default(), to=Address(person.email, person.name),
            subject=f"You may use {row.name}", source_key=f"entitlement:{row.pk}", now=now,
            text=f"Hello,\n\n{by.shown_name} named you for {row.name} of {organisation.name}. While you are "
            f"signed in, what you ask us is answered first:\n{settings.SITE_URL}{reverse('customer:help')}\n",
        )  # fmt: skip
    journal.record(by=by, action="tickets.name_contact", subject=row, data={"person": person.pk}, now=now)
    return person


@transaction.atomic
def take_out(*, entitlement: Entitlement, person_id: int, by: Person, now: datetime) -> None:
    """A contact takes somebody out, or leaves; somebody stays. Tickets keep what they had. Raises CannotName."""
    row, _ = _held(entitlement, by)
    named = set(row.contacts.values_list("person", flat=True))
    if person_id not in named:
        return
    if len(named) == 1:
        raise CannotName("Somebody has to be left who may use it. Name a colleague first.")
    EntitlementContact.objects.filter(entitlement=row, person=person_id).delete()
    journal.record(by=by, action="tickets.take_contact_out", subject=row, data={"person": person_id}, now=now)


def _held(entitlement: Entitlement, by: Person) -> tuple[Entitlement, Organisation]:
    """Nobody else names for it meanwhile. Raises CannotName for whoever is named no more."""
    row = Entitlement.objects.select_for_update(no_key=True, of=("self",)).select_related("organisation").get(
        pk=entitlement.pk
    )  # fmt: skip
    if not entitlements_of(by).filter(pk=row.pk).exists():
        raise CannotName("You are not named for this any more. Ask a colleague who is, or us.")
    if row.organisation is None:
        raise CannotName("This is your own, and nobody else's.")
    return row, row.organisation


def _is_colleague(email: str, organisation: Organisation) -> bool:
    has_domain = bool(organisation.domain) and domain_of(email) == organisation.domain
    return has_domain or organisation.memberships.filter(person__email=email).exists()
