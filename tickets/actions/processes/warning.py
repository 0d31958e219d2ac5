"""A step of a process was not done in time: said once, to those who act for its role."""

from datetime import datetime

from django.db import transaction

from accounts import work_roles
from accounts.choices import NotificationKind
from accounts.models import Person
from accounts.notifications import wanting
from supportdesk.lib.failpoints import failpoint
from tickets import clocks
from tickets.actions import notify
from tickets.actions.keeping import keep, locked, write_event
from tickets.actions.processes.running import title_of, words_of
from tickets.choices import SETTLED, Category, ProcessState
from tickets.models import RunStep


@transaction.atomic
def step_due(*, step_id: int, now: datetime) -> None:
    """The date of a step has come. Done, moved, told before, on a closed ticket: nothing happens."""
    found = RunStep.objects.filter(pk=step_id).values_list("run__ticket", flat=True).first()
    if found is None:
        return
    row = locked(found)
    one = (
        RunStep.objects.select_for_update(of=("self",)).select_related("step", "role", "run__revision").get(pk=step_id)
    )
    over = one.state in SETTLED or not one.is_current or one.run.state != ProcessState.RUNNING
    if over or one.due_at is None or one.due_at > now or one.warned_at or row.category == Category.CLOSED:
        return
    one.warned_at = now
    one.save(update_fields=["warned_at"])
    row.came_back, row.is_unread = f"Step {one.step.no} of a process is overdue", True
    row.snoozed_until = None
    keep(row, promise=clocks.promise_for(row), now=now)
    words = f"In {title_of(one.run)}, {words_of(one.run, one.step)} is overdue."
    write_event(row, kind="step_overdue", text=words, by=None, now=now)
    what = f"Step {one.step.no} of {title_of(one.run)} is overdue since {one.due_at:%d %B %Y, %H:%M} UTC"
    notify.tell(_people(one) or notify.escalation_of(row), row, what, now)
    failpoint("tickets.process.warned")


def _people(one: RunStep) -> list[Person]:
    """Who took it, else those who act for its role. Who wants no such mails gets none, unless nobody would be left."""
    if one.person is not None and one.person.is_active:
        people = [one.person]
    else:
        keys = work_roles.lanes().people(one.role_id)
        people = list(Person.objects.filter(pk__in=keys).order_by("pk"))
    return wanting(people, NotificationKind.DUE) or people
