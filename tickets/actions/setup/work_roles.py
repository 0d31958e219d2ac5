"""Work roles: who does what in processes and flows, and where work goes when nobody is left. They give no rights."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import ProtectedError
from django.utils.text import slugify

import timers
from accounts import journal
from accounts.models import Person, WorkRole, WorkRoleMember
from tickets.actions.flows.owners import CHANGED
from tickets.actions.setup.door import by_lead
from tickets.refusals import Refused


class CannotChangeRole(Refused):
    """The message may be shown to whoever asked. `field` is where it belongs."""

    def __init__(self, words: str, field: str = "name") -> None:
        super().__init__(words)
        self.field = field


@by_lead
def create_role(
    *,
    name: str,
    about: str,
    escalates_to: WorkRole | None,
    members: Collection[Person],
    by: Person,
    now: datetime,
) -> WorkRole:
    """Make a role. Its key, by which process texts may name it, comes from its name and stays. Raises
    CannotChangeRole.
    """
    _check(name, None, escalates_to)
    role = WorkRole.objects.create(key=_key(name), name=name, about=about, escalates_to=escalates_to)
    _put_members(role, members)
    _tell(role, now)
    journal.record(by=by, action="tickets.create_work_role", subject=role, data=_data(role, members), now=now)
    return role


@by_lead
def change_role(
    *,
    role: WorkRole,
    name: str,
    about: str,
    escalates_to: WorkRole | None,
    members: Collection[Person],
    by: Person,
    now: datetime,
) -> WorkRole:
    """Set everything about a role. What it owns falls to others in this moment if nobody is left in it (D7)."""
    role = WorkRole.objects.select_for_update().get(pk=role.pk)
    _check(name, role, escalates_to)
    role.name, role.about, role.escalates_to = name, about, escalates_to
    role.save(update_fields=["name", "about", "escalates_to"])
    _put_members(role, members)
    _tell(role, now)
    journal.record(by=by, action="tickets.change_work_role", subject=role, data=_data(role, members), now=now)
    return role


@by_lead
def remove_role(*, role: WorkRole, by: Person, now: datetime) -> None:
    """Remove a role that no process and no flow names. Raises CannotChangeRole."""
    subject, name = journal.name_of(role), role.name
    try:
        role.delete()
    except ProtectedError:
        raise CannotChangeRole(
            f"Processes or flows name {name}. Take its people out instead: then its work goes where it escalates to."
        ) from None
    _tell(None, now)
    journal.record(by=by, action="tickets.remove_work_role", subject=subject, data={}, now=now)


def _check(name: str, role: WorkRole | None, escalates_to: WorkRole | None) -> None:
    others = WorkRole.objects.exclude(pk=role.pk) if role else WorkRole.objects.all()
    if others.filter(name__iexact=name).exists() or others.filter(key__iexact=name).exists():
        raise CannotChangeRole(f"There is a role “{name}” already.")
    if role and escalates_to and _leads_to(escalates_to, role):
        raise CannotChangeRole(
            f"{escalates_to.name} would lead back to {role.name}. Choose another role.", "escalates_to"
        )


def _leads_to(start: WorkRole, wanted: WorkRole) -> bool:
    above = dict(WorkRole.objects.values_list("pk", "escalates_to"))
    at: int | None = start.pk
    for _ in range(len(above) + 1):
        if at is None or at == wanted.pk:
            break
        at = above.get(at)
    return at == wanted.pk


def _key(name: str) -> str:
    base = slugify(name)[:36] or "role"
    taken = set(WorkRole.objects.filter(key__startswith=base).values_list("key", flat=True))
    return next(key for key in (base, *(f"{base}-{number}" for number in range(2, 999))) if key not in taken)


def _put_members(role: WorkRole, members: Collection[Person]) -> None:
    kept = {person.pk for person in members}
    WorkRoleMember.objects.filter(role=role).exclude(person__in=kept).delete()
    known = set(WorkRoleMember.objects.filter(role=role).values_list("person", flat=True))
    WorkRoleMember.objects.bulk_create(WorkRoleMember(role=role, person_id=key) for key in sorted(kept - known))


def _tell(role: WorkRole | None, now: datetime) -> None:
    """Whatever moves by roles looks again, in a transaction of its own."""
    timers.schedule(kind=CHANGED, subject=role.pk if role else 0, visit=int(now.timestamp()), due_at=now)


def _data(role: WorkRole, members: Collection[Person]) -> dict:
    return {"key": role.key, "escalates_to": role.escalates_to_id, "members": sorted(person.pk for person in members)}
