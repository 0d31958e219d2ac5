"""Days on which the desk opens, from midnight to midnight: in them the promise counts that nothing lies for a day.

Friday 16:00 and 24 hours is Monday 16:00 where the desk is closed on weekends. A desk without hours never closes.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from supportdesk.lib.business_hours import Calendar, NeverOpens, add_business_time
from tickets import open_hours

NEARLY = timedelta(hours=20)
LEFT = timedelta(hours=24)
WHOLE_DAY = ((0, 24 * 60),)
FURTHEST_DAYS = 366


@lru_cache(maxsize=64)
def whole_days(calendar: Calendar) -> Calendar:
    """The same days, open from midnight to midnight wherever a shift begins."""
    return Calendar(calendar.zone, tuple(WHOLE_DAY if day else () for day in calendar.week), calendar.holidays)


def after(calendar: Calendar | None, due_at: datetime, span: timedelta) -> datetime:
    """The end of `span` since `due_at`, of which only open days count."""
    if calendar is None:
        return due_at + span
    try:
        return add_business_time(whole_days(calendar), due_at, span.total_seconds())
    except NeverOpens:
        return due_at + span


@dataclass(frozen=True)
class DeskClock:
    """The wall clock and the open days of the desk: those of its default service level."""

    calendar: Calendar | None

    @property
    def zone(self) -> tzinfo:
        """Where the desk stands."""
        return self.calendar.zone if self.calendar else UTC

    def day_of(self, now: datetime) -> date:
        """The date on the desk's wall."""
        return now.astimezone(self.zone).date()

    def opens_on(self, on: date) -> bool:
        """Whether the desk opens on this day at all."""
        if self.calendar is None:
            return True
        return bool(self.calendar.week[on.weekday()]) and on not in self.calendar.holidays

    def at(self, on: date, minute: int = 0) -> datetime:
        """So many minutes after midnight by the wall clock, in UTC."""
        wall = datetime.combine(on, time(minute // 60, minute % 60), tzinfo=self.zone)
        return wall.astimezone(UTC)

    def ends(self, on: date) -> datetime:
        """The next midnight, in UTC: 23 or 25 hours after the last one twice a year."""
        return self.at(on + timedelta(days=1))

    def open_day_after(self, on: date) -> date:
        """The next day on which the desk opens; the day after `on` where it never does."""
        following = (on + timedelta(days=number) for number in range(1, FURTHEST_DAYS))
        return next((day for day in following if self.opens_on(day)), on + timedelta(days=1))


def desk_clock() -> DeskClock:
    """As it is set up now. Four queries."""
    hours = open_hours.read()
    return DeskClock(hours.calendars.get(hours.of_level.get(hours.default_level or 0, 0)))
