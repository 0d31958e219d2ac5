"""Telephones and chat visitors become people, and agents say whose they are."""

import secrets
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts import access, journal
from accounts.actions.people import tidy_name
from accounts.addresses import NO_MAIL
from accounts.choices import HandleSort
from accounts.models import Handle, Person
from accounts.phones import tail_of


@transaction.atomic
def find_or_create_handle(*, sort: str, value: str, name: str = "", now: datetime) -> Handle:
    """The handle with this value, made with a person of its own if nobody came from there before.

    `name` is what the sender calls themselves. It is kept for a new person only, and proves nothing. Two at once get
    the same row.
    """
    found = Handle.objects.select_related("person").filter(sort=sort, value=value).first()
    if found is not None:
        return found
    person = _person_without_mail(tidy_name(name) or _name_of(sort, value), now)
    tail = tail_of(value) if sort == HandleSort.PHONE else ""
    Handle.objects.bulk_create(
        [Handle(sort=sort, value=value, tail=tail, person=person, created_at=now)], ignore_conflicts=True
    )
    handle = Handle.objects.select_related("person").get(sort=sort, value=value)
    if handle.person_id != person.pk:
        person.delete()
    return handle


def link_handle(*, handle: Handle, person: Person, by: Person, now: datetime) -> Handle:
    """Staff say whose a handle is: what comes from it is this person's from now on."""
    access.require(by, "people.change", person, now=now)
    with transaction.atomic():
        handle = Handle.objects.select_for_update().get(pk=handle.pk)
        handle.person, handle.linked_by, handle.linked_at = person, by, now
        handle.save(update_fields=["person", "linked_by", "linked_at"])
        journal.record(by=by, action="accounts.link_handle", subject=person, data={"handle": handle.pk}, now=now)
    return handle


def part_with(*, person: Person, value: str, now: datetime) -> None:
    """A number is this person's no more: what comes from it belongs to somebody of whom nothing is known.

    Belongs in the transaction that gives the person another one. Nothing happens where it is not theirs.
    """
    handle = Handle.objects.filter(sort=HandleSort.PHONE, value=value, person=person).first() if value else None
    if handle:
        handle.person, handle.linked_by, handle.linked_at = _person_without_mail(value, now), None, None
        handle.save(update_fields=["person", "linked_by", "linked_at"])


def _person_without_mail(name: str, now: datetime) -> Person:
    # Nobody can guess the address, so nobody can write in this person's name; and no mail ever goes there.
    return Person.objects.create(
        email=f"{secrets.token_hex(16)}@{NO_MAIL}", name=name, password=make_password(None), created_at=now
    )


def _name_of(sort: str, value: str) -> str:
    return value if sort == HandleSort.PHONE else f"Chat visitor {value[:8]}"
