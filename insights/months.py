"""Months as dates: each is its first day, cut in the desk's time zone."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def month_of(now: datetime, zone: ZoneInfo) -> date:
    """The month in which `now` lies there."""
    return now.astimezone(zone).date().replace(day=1)


def shift(month: date, by: int) -> date:
    """So many months later, or earlier where `by` is negative."""
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)


def back(last: date, count: int) -> list[date]:
    """`count` months in order, the last of them `last`."""
    return [shift(last, number - count + 1) for number in range(count)]


def last_day(month: date) -> date:
    """The day before the next month."""
    return date.fromordinal(shift(month, 1).toordinal() - 1)
