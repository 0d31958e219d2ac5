"""Roles are given and taken by an admin, never by oneself (S27)."""

from datetime import datetime

from django.db import transaction

import timers
from accounts import access, journal
from accounts.choices import Role
from accounts.models import Grant, Person


class CannotChangeRole(Exception):
    """The role stays as it is. The message may be shown."""


def grant_role(*, person: Person, role: Role, by: Person, now: datetime) -> Grant:
    """Give `person` a role. Giving it twice changes nothing."""
    access.require(by, "roles.change", person, now=now)
    with transaction.atomic():
        locked = Person.objects.select_for_update().get(pk=person.pk)
        if not locked.is_active:
            raise CannotChangeRole(f"{person} is deactivated.")
        if not locked.email_verified_at:
            raise CannotChangeRole(f"{person} has not proven this address yet. Send an invitation.")
        grant = Grant.objects.filter(person=locked, role=role, revoked_at__isnull=True).first()
        if grant is None:
            grant = Grant.objects.create(person=locked, role=role, granted_by=by, granted_at=now)
            journal.record(by=by, action="accounts.grant_role", subject=person, data={"role": role}, now=now)
    person.forget_roles()
    return grant


def revoke_role(*, person: Person, role: Role, by: Person, now: datetime) -> None:
    """Take a role from `person`. It counts from the next request on (S28)."""
    access.require(by, "roles.change", person, now=now)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        taken = Grant.objects.filter(person=person, role=role, revoked_at__isnull=True).update(revoked_at=now)
        if taken:
            timers.schedule(kind="tickets.person_left", subject=person.pk, visit=int(now.timestamp()), due_at=now)
            journal.record(by=by, action="accounts.revoke_role", subject=person, data={"role": role}, now=now)
    person.forget_roles()


def appoint_first_admin(*, person: Person, now: datetime) -> Grant:
    """Make the first admin, from the server's own command line. Raises once there is one."""
    with transaction.atomic():
        entry = journal.record(by=None, action="accounts.appoint_first_admin", subject=person, now=now)
        if Grant.objects.filter(role=Role.ADMIN, revoked_at__isnull=True, person__is_active=True).exists():
            raise CannotChangeRole("There is an admin already. Ask them for the role.")
        grant = Grant.objects.create(person=person, role=Role.ADMIN, granted_at=entry.at)
    person.forget_roles()
    return grant
