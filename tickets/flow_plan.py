"""A dry run: what a flow would do, and when, for a case that begins at a given moment. Reads only, mails nobody (R73).

It supposes that every stage is left when it is due, and that a date that is asked for lies a week ahead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from supportdesk.lib.business_hours import Calendar
from tickets import flow_times
from tickets.flow_choices import WANTS_DATE, OnExhausted, ReminderSort
from tickets.flow_words import last_words, words_of
from tickets.models import FlowVersion, Stage

AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Planned:
    """One thing that would happen. `who` is a role, “Customer”, or empty."""

    at: datetime
    stage: str
    what: str
    who: str = ""


def plan(version: FlowVersion, *, start: datetime, hours: Calendar | None) -> list[Planned]:
    """Everything in order; of the same moment as the flow does it."""
    found: list[tuple[datetime, int, Planned]] = []
    places, at, date_on = count(), start, None
    stages = version.stages.select_related("owner_role", "escalate_role", "template").prefetch_related(
        "reminders__role", "reminders__template"
    )  # fmt: skip
    for stage in stages.order_by("no"):
        due_at = flow_times.due_of(stage, hours, at, date_on)
        found += [(one.at, next(places), one) for one in _of_stage(stage, at, due_at, hours)]
        if stage.exit_on in WANTS_DATE:
            date_on = ((due_at or at) + AHEAD).date()
        at = due_at or at
    words = last_words(version)
    if words:
        end = flow_times.after(hours, at, version.after_minutes or 0) or at
        found.append((end, next(places), Planned(end, "Done", f"Mail: {words.name}", "Customer")))
    return [one for _, _, one in sorted(found, key=lambda row: row[:2])]


def _of_stage(stage: Stage, at: datetime, due_at: datetime | None, hours: Calendar | None) -> Iterator[Planned]:
    owner = stage.owner_role.name if stage.owner_role else "Leads and admins"
    yield Planned(at, stage.name, f"Begins; ends when {stage.get_exit_on_display().lower()}", owner)
    if words_of(stage):
        yield Planned(at, stage.name, f"Mail: {words_of(stage).name}", "Customer")
    for reminder in sorted(stage.reminders.all(), key=lambda one: one.no):
        when = flow_times.reminder_at(reminder, hours, at, due_at)
        if when is not None:
            is_mail = reminder.sort == ReminderSort.MAIL
            role = reminder.role.name if reminder.role else owner
            words = words_of(reminder).name
            what = f"{'Mail' if is_mail else 'Task'}: {words}"
            yield Planned(when, stage.name, what, "Customer" if is_mail else role)
    if due_at is not None:
        yield Planned(due_at, stage.name, "Due", owner)
    when = flow_times.after(hours, at, stage.escalate_minutes)
    if when is not None:
        role = stage.escalate_role.name if stage.escalate_role else "Leads and admins"
        yield Planned(when, stage.name, "Goes to another role, if it is not done by then", role)
    when = flow_times.after(hours, at, stage.exhausted_minutes)
    if when is not None:
        what = OnExhausted(stage.on_exhausted).label
        yield Planned(when, stage.name, f"Nobody answered: {what[0].lower()}{what[1:]}")
