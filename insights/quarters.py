"""The calendar of Customer Day: a quarter is its first day. Invited on that day, reminded on the 15th, proposed a date
in the third month, and missed once the quarter is over (B7).
"""

from datetime import date, timedelta

REMINDED_AFTER = timedelta(days=14)
# Somebody who began and forgot to end the day may still do so in the first days of the next quarter.
GRACE = timedelta(days=7)


def quarter_of(day: date) -> date:
    """The first day of its quarter."""
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def last_day(quarter: date) -> date:
    """The last day of the quarter that begins with `quarter`."""
    return quarter_of(quarter + timedelta(days=100)) - timedelta(days=1)


def previous(quarter: date) -> date:
    """The quarter before."""
    return quarter_of(quarter - timedelta(days=1))


def proposed_on(quarter: date) -> date:
    """The first day of its third month: whoever has no date by then is given one."""
    return quarter.replace(month=quarter.month + 2)


def in_words(quarter: date) -> str:
    """“July to September 2026”."""
    return f"{quarter:%B} to {last_day(quarter):%B %Y}"
