"""The rows of a case: lock it, write its history, give and take its tasks."""

from collections.abc import Iterator
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models.expressions import RawSQL

from accounts.models import Person, WorkRole
from supportdesk.lib.live import announce
from tickets import clocks
from tickets.actions.keeping import keep, locked_survivor, write_event
from tickets.flow_choices import LIVE
from tickets.merged import MERGED_INTO
from tickets.models import Case, CaseEvent, CaseTask, Ticket


def locked_case(case: Case | int) -> tuple[Ticket, Case]:
    """The ticket that a case lives on, or its survivor, and the case: both locked, the ticket first.

    Raises Case.DoesNotExist.
    """
    pk = case if isinstance(case, int) else case.pk
    ticket = Case.objects.values_list("ticket_id", flat=True).get(pk=pk)
    row = locked_survivor(ticket)
    return row, read_locked(pk)


def read_locked(pk: int) -> Case:
    """A case, locked alone and then read with what belongs to it."""
    Case.objects.select_for_update().only("pk").get(pk=pk)
    return with_everything().get(pk=pk)


def with_everything():
    """Cases with what moving them needs."""
    return Case.objects.select_related(
        "flow", "version__after_template__published", "stage__owner_role", "stage__escalate_role",
        "stage__template__published", "stage__child_flow", "role", "owner", "person", "customer", "order",
        "ticket__organisation",
    )  # fmt: skip


def live_cases_on(row: Ticket, *, only: int | None = None) -> Iterator[Case]:
    """The cases that run on a locked ticket, or on one that was merged into it, locked, in the order in which they
    began; of the ticket `only` alone, where it is given. One query where there is none.

    Each is read when its turn comes: what is done to one may have ended or moved the next, as a child of it.
    """
    here = RawSQL(MERGED_INTO, [row.pk])  # noqa: S611 - a constant statement with one parameter
    found = Case.objects.filter(ticket_id__in=here, state__in=LIVE).order_by("pk").values_list("pk", flat=True)
    for pk in list(found if only is None else found.filter(ticket=only)):
        case = read_locked(pk)
        if case.is_live:
            yield case


def note(
    case: Case,
    kind: str,
    text: str,
    *,
    now: datetime,
    by: Person | None = None,
    key: str = "",
    message_id: int | None = None,
) -> bool:
    """Write a line of a case's history. With a `key` it is written once; False where it stood there already."""
    row = CaseEvent(
        case=case, kind=kind, text=text[:300], by=by, visit=case.visit, message_id=message_id, key=key, at=now
    )
    if not key:
        row.save(force_insert=True)
        return True
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def add_task(
    case: Case,
    *,
    key: str,
    words: str,
    role: WorkRole | None,
    due_at: datetime | None,
    now: datetime,
    follows_up: bool = False,
) -> CaseTask | None:
    """Give somebody of `role` something to do. None where the task of that key was made before in this visit."""
    task = CaseTask(
        case=case, visit=case.visit, key=key[:40], words=words[:300], role=role, due_at=due_at, made_at=now,
        follows_up=follows_up,
    )  # fmt: skip
    made = CaseTask.objects.bulk_create([task], ignore_conflicts=True)
    if not CaseTask.objects.filter(case=case, visit=case.visit, key=task.key, made_at=now).exists():
        return None
    note(case, "task", f"To do for {role or 'whoever is there'}: {task.words}", now=now)
    return made[0]


def drop_tasks(case: Case, *, now: datetime) -> int:
    """What was to be done in the stage that is left need not be done any more."""
    waiting = CaseTask.objects.filter(case=case, done_at__isnull=True, dropped_at__isnull=True)
    return waiting.update(dropped_at=now)


def tell_ticket(row: Ticket, case: Case, text: str, *, now: datetime, by: Person | None = None) -> None:
    """A line in the thread, for staff."""
    write_event(row, kind="flow", text=f"{case.flow.name}: {text}", by=by, now=now)


def settle(row: Ticket, case: Case, *, now: datetime) -> None:
    """Save both, let the ticket come back when the case is due, and tell open screens."""
    case.save()
    if case.due_at and case.is_live and (row.follow_up_at is None or row.follow_up_at > case.due_at):
        row.follow_up_at = case.due_at
    keep(row, promise=clocks.promise_for(row), now=now)
    announce(f"case:{case.pk}")
