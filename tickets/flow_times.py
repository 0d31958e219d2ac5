"""When things of a stage fall due, in the open hours of a calendar; without one every hour is open. Arithmetic only."""

from datetime import UTC, date, datetime, time, timedelta

from supportdesk.lib.business_hours import Calendar
from tickets import open_hours
from tickets.flow_choices import CountsFrom, ReminderFrom
from tickets.models import Stage, StageReminder

# A calendar that is closed for longer never opens.
LONGEST_CLOSED = 366


def due_of(stage: Stage, hours: Calendar | None, entered_at: datetime, date_on: date | None) -> datetime | None:
    """When a stage is due that was entered at `entered_at`; None where it has no date, or its date is not known."""
    if stage.due_from == CountsFrom.DATE:
        return closing_after(hours, date_on, stage.due_days) if date_on else None
    return after(hours, entered_at, stage.due_minutes)


def reminder_at(
    reminder: StageReminder, hours: Calendar | None, entered_at: datetime, due_at: datetime | None
) -> datetime | None:
    """When a reminder comes; None where it counts from a date that is not there."""
    start = due_at if reminder.counts_from == ReminderFrom.DUE else entered_at
    return after(hours, start, reminder.after_minutes) if start else None


def after(hours: Calendar | None, start: datetime, minutes: int | None) -> datetime | None:
    """So many open minutes after `start`; None for no minutes at all, or where the desk never opens."""
    return None if minutes is None else open_hours.so_long_after(hours, start, minutes)


def closing_after(hours: Calendar | None, day: date, open_days: int) -> datetime:
    """The end of the `open_days`-th open day after `day`; of the first open day from `day` on for 0."""
    if hours is None or not hours.ever_opens:
        return datetime.combine(day + timedelta(days=open_days + 1), time(), tzinfo=UTC)
    day = _open_day(hours, day)
    for _ in range(open_days):
        day = _open_day(hours, day + timedelta(days=1))
    minutes = max(closes for _, closes in hours.week[day.weekday()])
    return (datetime.combine(day, time(), tzinfo=hours.zone) + timedelta(minutes=minutes)).astimezone(UTC)


def _open_day(hours: Calendar, day: date) -> date:
    for ahead in range(LONGEST_CLOSED):
        found = day + timedelta(days=ahead)
        if hours.week[found.weekday()] and found not in hours.holidays:
            return found
    return day
