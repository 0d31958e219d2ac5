"""The calendar of reading everything once a month: days end where the desk is, not in London."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LONGEST_GAP = 31  # days; more than that and something could have been wrong for over a month
_ALERT_AT = time(9, 0)


def zone_named(name: str) -> ZoneInfo:
    """That zone; UTC when its name is no longer known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day on which `moment` is there."""
    return moment.astimezone(zone).date()


def month_of(moment: datetime, zone: ZoneInfo) -> date:
    """The first day of the month in which `moment` is there."""
    return day_of(moment, zone).replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month + timedelta(days=31)).replace(day=1)


def last_day(month: date) -> date:
    """The last day of the month that begins with `month`."""
    return next_month(month) - timedelta(days=1)


def begins(month: date, zone: ZoneInfo) -> datetime:
    """When its first day begins there."""
    return datetime.combine(month, time(), zone)


def alert_at(month: date, zone: ZoneInfo) -> datetime:
    """09:00 on its last day there: when whoever looks after it hears that it is not done (A7)."""
    return datetime.combine(last_day(month), _ALERT_AT, zone)


def due_after(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The last minute of the day that is `days` after the day of `moment`."""
    return datetime.combine(day_of(moment, zone) + timedelta(days=days), time(23, 59), zone)


def days_between(earlier: datetime, later: datetime, zone: ZoneInfo) -> int:
    """How many days lie between the two days: 1 March to 30 April is 60."""
    return (day_of(later, zone) - day_of(earlier, zone)).days
