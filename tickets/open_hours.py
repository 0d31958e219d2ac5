"""The desk's calendars as arithmetic knows them, and which moment lies so many open minutes back. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from supportdesk.lib.business_hours import (
    Calendar,
    NeverOpens,
    add_business_time,
    business_seconds_between,
    is_open,
    next_opening,
)
from supportdesk.lib.public_holidays import closed_days
from tickets.models import BusinessCalendar, ServiceLevel, Team

# Nobody waits longer: beyond this a moment counts as too far back to ask for.
FURTHEST = timedelta(days=3 * 366)
PRECISE = timedelta(seconds=1)


@dataclass(frozen=True)
class Hours:
    """Each calendar by its key, and which level counts by which. One that never opens counts as none: always open."""

    calendars: dict[int, Calendar]
    of_level: dict[int, int]
    default_level: int | None

    def of_team(self, team: Team) -> Calendar | None:
        """The hours that a team keeps: those of its service level, else of the default one."""
        level = team.service_level_id or self.default_level
        return self.calendars.get(self.of_level.get(level or 0, 0))


def read() -> Hours:
    """All of them. Four queries; a desk has a handful."""
    rows = BusinessCalendar.objects.prefetch_related("intervals", "holidays")
    levels = list(ServiceLevel.objects.values_list("pk", "calendar", "is_default"))
    return Hours(
        calendars={row.pk: calendar for row in rows if (calendar := _calendar(row)).ever_opens},
        of_level={pk: calendar for pk, calendar, _ in levels},
        default_level=next((pk for pk, _, is_default in levels if is_default), None),
    )


def _calendar(row: BusinessCalendar) -> Calendar:
    week: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for one in row.intervals.all():
        week[one.weekday].append((one.opens, one.closes))
    closed = closed_days(row.country, row.subdivision) if row.country else frozenset()
    days = closed.union(day.day_on for day in row.holidays.all())
    return Calendar(ZoneInfo(row.time_zone), tuple(tuple(day) for day in week), days)


def so_long_before(calendar: Calendar | None, now: datetime, minutes: int) -> datetime | None:
    """The last moment since which the desk has been open for `minutes`, to the second; None when there is none.

    Without a calendar every minute counts.
    """
    wanted = minutes * 60
    if calendar is None:
        return now - timedelta(minutes=minutes)
    span = timedelta(minutes=minutes)
    while business_seconds_between(calendar, now - span, now) < wanted:
        span = max(span * 2, timedelta(days=1))
        if span > FURTHEST:
            return None
    early, late = now - span, now
    while late - early > PRECISE:
        middle = early + (late - early) / 2
        if business_seconds_between(calendar, middle, now) >= wanted:
            early = middle
        else:
            late = middle
    return early


def so_long_after(calendar: Calendar | None, start: datetime, minutes: int) -> datetime | None:
    """When the desk will have been open for `minutes` since `start`; None when it never will."""
    if calendar is None:
        return start + timedelta(minutes=minutes)
    try:
        return add_business_time(calendar, start, minutes * 60)
    except NeverOpens:
        return None


def minutes_between(calendar: Calendar | None, start: datetime, end: datetime) -> int:
    """Whole open minutes from `start` to `end`; none where `end` is not later."""
    seconds = (end - start).total_seconds() if calendar is None else business_seconds_between(calendar, start, end)
    return max(0, int(seconds) // 60)


def days_later(calendar: Calendar | None, start: datetime, days: int) -> datetime:
    """`days` days on which the desk opens after `start`, at the same time of day, or at the next opening."""
    at = start
    for _ in range(days):
        at = opening(calendar, at + timedelta(days=1))
    return at


def opening(calendar: Calendar | None, at: datetime) -> datetime:
    """`at` itself while the desk is open, else its next opening."""
    if calendar is None:
        return at
    try:
        return next_opening(calendar, at)
    except NeverOpens:
        return at


def open_now(calendar: Calendar | None, now: datetime) -> bool:
    """Whether the desk is open; without a calendar it always is."""
    return calendar is None or is_open(calendar, now)
