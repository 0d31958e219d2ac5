"""When a plan renews: arithmetic on days. Short months bend the anchor day, and the next long one restores it."""

from calendar import monthrange
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from billing.choices import Period
from supportdesk.lib import money

MONTHS = {Period.MONTHLY: 1, Period.YEARLY: 12}
HOUR = time(9)  # in the seller's time zone: somebody is there who answers


def next_day(day: date, period: str, anchor: int) -> date:
    """The day of the renewal after `day`, on `anchor` or the last day of a shorter month: 31 January, 28 February,
    31 March."""
    year, month = divmod(day.year * 12 + day.month - 1 + MONTHS[Period(period)], 12)
    return date(year, month + 1, min(anchor, monthrange(year, month + 1)[1]))


def unused(amount: int, *, starts_on: date, ends_on: date, on: date) -> int:
    """The part of `amount` for the days from `starts_on` to before `ends_on` that falls on `on` and after. Minor units.

    What is used and what is not sum to `amount`: what is left over by the division goes to the larger remainder.
    """
    days = (ends_on - starts_on).days
    used = min(max((on - starts_on).days, 0), days)
    return money.split(amount, [used, days - used])[1]


def moment(day: date, zone: ZoneInfo) -> datetime:
    """When on that day something is done."""
    return datetime.combine(day, HOUR, zone)
