"""Who has a stage: its role, or another one where nobody active is left in it (D7)."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.access import can
from accounts.choices import NotificationKind, Role
from accounts.models import Person, WorkRole
from accounts.notifications import wanting
from accounts.work_roles import Lanes, lanes
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox
from tickets.actions.flows.rows import locked_case, note, settle, tell_ticket
from tickets.flow_choices import LIVE
from tickets.models import Case, CaseTask, Stage

CHANGED = "tickets.roles_changed"
A_PAGE = 100


def members_of(role: WorkRole | None) -> list[Person]:
    """Active staff who act for a role; leads and admins where there is none, or nobody is left in it."""
    people = lanes().people(role.pk) if role is not None else []
    if people:
        return list(Person.objects.filter(pk__in=people).with_roles().order_by("name", "pk"))
    return list(Person.objects.with_role(Role.LEAD, Role.ADMIN).with_roles().order_by("name", "pk"))


def owner_of(stage: Stage, *, slow: bool = False) -> tuple[WorkRole | None, str]:
    """The role that has a stage now, and why it is not the stage's own. `slow`: the stage's own role took too long.

    First the stage's role, then whom the stage escalates to, then whom these escalate to. None, where nobody is left
    in any of them: leads and admins have it.
    """
    now, wanted = lanes(), stage.owner_role
    for role_id in _chain(stage, now):
        if not now.members.get(role_id) or (slow and wanted is not None and role_id == wanted.pk):
            continue
        if wanted is None or role_id == wanted.pk:
            return now.roles[role_id], ""
        return now.roles[role_id], f"{wanted} took too long" if slow else f"Nobody is left in {wanted}"
    if wanted is None:
        return None, ""
    return None, f"{wanted} took too long" if slow else f"Nobody is left in {wanted}, so leads and admins have it"


def _chain(stage: Stage, now: Lanes) -> list[int]:
    found: list[int] = []
    waiting = [role_id for role_id in (stage.owner_role_id, stage.escalate_role_id) if role_id is not None]
    while waiting:
        role_id = waiting.pop(0)
        if role_id not in found:
            found.append(role_id)
            above = now.roles[role_id].escalates_to_id
            waiting += [above] if above is not None else []
    return found


def acting_role(role: WorkRole | None) -> WorkRole | None:
    """Who does what a role should do: itself, or whom it escalates to while it is empty; None where all are empty."""
    now = lanes()
    acting = now.acting(role.pk) if role is not None else None
    return now.roles[acting] if acting is not None else None


def may_act(person: Person, case: Case) -> bool:
    """Whether somebody moves this case: people of the role that has it, leads and admins."""
    if not can(person, "tickets.work"):
        return False
    if not person.roles.isdisjoint({Role.LEAD, Role.ADMIN}):
        return True
    return case.role_id is not None and person.pk in lanes().people(case.role_id)


def look_again(*, now: datetime, after: int = 0) -> int | None:
    """Somebody came into a role or left one: the next A_PAGE live cases after number `after` go where their people are.

    The number to go on from, None where these were the last: thousands of cases are no one transaction.
    """
    now_in = lanes()
    empty = [role_id for role_id in now_in.roles if not now_in.members.get(role_id)]
    changed = Q(role__in=empty) | Q(role=None) | ~Q(moved_why="") | Q(owner__isnull=False) | Q(tasks__role__in=empty)
    live = Case.objects.filter(changed, pk__gt=after, state__in=LIVE).order_by("pk").distinct()
    page = list(live.values_list("pk", "ticket_id")[:A_PAGE])
    for pk, _ in sorted(page, key=lambda row: (row[1], row[0])):
        _look_at(pk, now)
    return page[-1][0] if len(page) == A_PAGE else None


@transaction.atomic
def _look_at(pk: int, now: datetime) -> bool:
    row, case = locked_case(pk)
    if not case.is_live:
        return False
    is_slow = case.events.filter(kind="escalated", visit=case.visit).exists()
    role, why = owner_of(case.stage, slow=is_slow)
    _move_tasks(case)
    if case.owner_id and not Person.objects.staff().filter(pk=case.owner_id).exists():
        case.owner = None
        case.save(update_fields=["owner"])
    if role == case.role or (role is None and is_slow):
        return False
    case.role, case.moved_why, case.owner = role, why, None
    words = f"{case.stage.name} is now with {role or 'leads and admins'}. {why}".strip()
    note(case, "moved", words, now=now)
    tell_ticket(row, case, words, now=now)
    tell_role(case, words, now=now)
    settle(row, case, now=now)
    return True


def _move_tasks(case: Case) -> None:
    """Tasks of an empty role go to whom it escalates to."""
    for task in CaseTask.objects.filter(case=case, done_at__isnull=True, dropped_at__isnull=True).select_related(
        "role"
    ):
        role = acting_role(task.role)
        if role != task.role:
            CaseTask.objects.filter(pk=task.pk).update(role=role)


def tell_role(case: Case, words: str, *, now: datetime, role: WorkRole | None = None) -> None:
    """Mail whoever has the case, or `role`, that it is theirs. The words hold nothing that a customer wrote."""
    people = wanting(members_of(role or case.role), NotificationKind.ASSIGNED)
    mailbox = Mailbox.objects.default()
    for person in people:
        queue_mail(
            kind=Kind.NOTIFICATION,
            mailbox=mailbox,
            to=Address(person.email, person.name),
            subject=f"{case.flow.name}, case {case.pk}: {words}",
            text=f"{words}\n\nThe case is here:\n{settings.SITE_URL}/flows/cases/{case.pk}/\n",
            now=now,
        )
