"""Business calendars: when the desk is open, and on which days it is not."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from accounts import journal
from accounts.models import Person
from tickets.actions.setup.door import by_admin
from tickets.actions.setup.recompute import ask_to_recompute
from tickets.models import BusinessCalendar, CalendarHoliday, CalendarInterval, ServiceLevel
from tickets.refusals import Refused

# Minutes from midnight; a shift past midnight closes beyond 1,440.
Interval = tuple[int, int]
Week = Mapping[int, Sequence[Interval]]
OwnDays = Mapping[date, str]


class CannotChangeCalendar(Refused):
    """The message may be shown to the admin who asked."""


@by_admin
def create_calendar(
    *,
    name: str,
    time_zone: str,
    country: str,
    subdivision: str,
    week: Week,
    own_days: OwnDays,
    by: Person,
    now: datetime,
) -> BusinessCalendar:
    """Make a calendar. `week` maps 0 (Monday) to 6 to intervals; `own_days` are closed besides public holidays."""
    _check(name, week, None)
    calendar = BusinessCalendar.objects.create(name=name, time_zone=time_zone, country=country, subdivision=subdivision)
    _put(calendar, week, own_days)
    _record(calendar, "tickets.create_calendar", week, own_days, by, now)
    return calendar


@by_admin
def change_calendar(
    *,
    calendar: BusinessCalendar,
    name: str,
    time_zone: str,
    country: str,
    subdivision: str,
    week: Week,
    own_days: OwnDays,
    by: Person,
    now: datetime,
) -> BusinessCalendar:
    """Set everything about a calendar, and recompute the open tickets it counts for in the background."""
    calendar = BusinessCalendar.objects.select_for_update().get(pk=calendar.pk)
    _check(name, week, calendar)
    calendar.name, calendar.time_zone = name, time_zone
    calendar.country, calendar.subdivision = country, subdivision
    calendar.save(update_fields=["name", "time_zone", "country", "subdivision"])
    calendar.intervals.all().delete()
    calendar.holidays.all().delete()
    _put(calendar, week, own_days)
    _record(calendar, "tickets.change_calendar", week, own_days, by, now)
    for level_id in calendar.servicelevel_set.order_by("pk").values_list("pk", flat=True):
        ask_to_recompute(level_id=level_id, now=now)
    return calendar


@by_admin
def remove_calendar(*, calendar: BusinessCalendar, by: Person, now: datetime) -> None:
    """Remove a calendar that no service level counts by. Raises CannotChangeCalendar."""
    calendar = BusinessCalendar.objects.select_for_update().get(pk=calendar.pk)
    level = ServiceLevel.objects.filter(calendar=calendar).order_by("name").first()
    if level is not None:
        raise CannotChangeCalendar(f"{level.name} counts by this calendar. Give it another one first.")
    journal.record(
        by=by,
        action="tickets.remove_calendar",
        subject=f"tickets.calendar:{calendar.pk}",
        data={"name": calendar.name},
        now=now,
    )
    calendar.delete()


def _check(name: str, week: Week, calendar: BusinessCalendar | None) -> None:
    if BusinessCalendar.objects.filter(name__iexact=name).exclude(pk=calendar.pk if calendar else 0).exists():
        raise CannotChangeCalendar(f"There is already a calendar called {name}")
    if not any(week.values()):
        raise CannotChangeCalendar("Enter hours for at least one day: a desk that never opens can promise nothing.")


def _put(calendar: BusinessCalendar, week: Week, own_days: OwnDays) -> None:
    CalendarInterval.objects.bulk_create(
        CalendarInterval(calendar=calendar, weekday=weekday, opens=opens, closes=closes)
        for weekday, intervals in sorted(week.items())
        for opens, closes in intervals
    )
    CalendarHoliday.objects.bulk_create(
        CalendarHoliday(calendar=calendar, day_on=day_on, name=name) for day_on, name in sorted(own_days.items())
    )


def _record(calendar: BusinessCalendar, action: str, week: Week, own_days: OwnDays, by: Person, now: datetime) -> None:
    data = {
        "name": calendar.name,
        "time_zone": calendar.time_zone,
        "country": calendar.country,
        "subdivision": calendar.subdivision,
        "week": {str(weekday): [list(each) for each in intervals] for weekday, intervals in sorted(week.items())},
        "own_days": {day_on.isoformat(): name for day_on, name in sorted(own_days.items())},
    }
    journal.record(by=by, action=action, subject=f"tickets.calendar:{calendar.pk}", data=data, now=now)
