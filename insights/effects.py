"""Whether a fix helped: contacts per customer in 28 days after it against those of 56 days before. Plain arithmetic.

Numbers of days differ and customers come and go, so both sides are divided by customer-days: customers summed over the
days of each side. Where nobody counted customers, by days alone.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

AFTER_DAYS = 28
BEFORE_DAYS = 56
HALF_OF_A_MONTH = 15
# Half of the contacts or less are left.
VERIFIED_AT = Fraction(1, 2)


@dataclass(frozen=True)
class Side:
    """Contacts of some days, and customers summed over those days (0: nobody knows)."""

    contacts: int
    days: int
    customer_days: int = 0


def before_days(fixed_on: date) -> tuple[date, date]:
    """The first and the last of the 56 days before a fix."""
    return fixed_on - timedelta(days=BEFORE_DAYS), fixed_on - timedelta(days=1)


def after_days(fixed_on: date) -> tuple[date, date]:
    """The first and the last of the 28 days from a fix on."""
    return fixed_on, fixed_on + timedelta(days=AFTER_DAYS - 1)


def effect(before: Side, after: Side) -> Fraction | None:
    """What is left of the contacts: 1 is all of them. None where nobody asked before."""
    if not before.contacts:
        return None
    return after.contacts / expected(before, after)


def expected(before: Side, after: Side) -> Fraction:
    """How many contacts the days after would have had at the rate of before."""
    weight_before, weight_after = _weights(before, after)
    return Fraction(before.contacts * weight_after, weight_before)


def saved(before: Side, after: Side, cents_a_contact: Fraction) -> int:
    """Cents a month (28 days) that the contacts which are no longer made would have cost, at today's customers."""
    return round((expected(before, after) - after.contacts) * cents_a_contact * AFTER_DAYS / after.days)


def is_verified(left: Fraction | None) -> bool:
    """A fix is verified when half of the contacts or less are left. Of nothing, nothing can be left."""
    return left is not None and left <= VERIFIED_AT


def is_back(left: Fraction | None) -> bool:
    """There are more contacts than before the fix."""
    return left is not None and left > 1


def _weights(before: Side, after: Side) -> tuple[int, int]:
    if before.customer_days and after.customer_days:
        return before.customer_days, after.customer_days
    return before.days, after.days


def customer_days(by_month: dict[date, int], first: date, last: date, *, today: date) -> int:
    """Customers summed over the days from `first` to `last`; 0 where a month of them is not known.

    The month of `today` has not seen all its customers until half of it is over: till then it counts as many as the
    month before, or its own where they are more.
    """
    total, day = 0, first
    while day <= last:
        month = day.replace(day=1)
        following = (month + timedelta(days=32)).replace(day=1)
        days = (min(last, following - timedelta(days=1)) - day).days + 1
        here = by_month.get(month, 0)
        if month == today.replace(day=1) and today.day < HALF_OF_A_MONTH:
            here = max(here, by_month.get((month - timedelta(days=1)).replace(day=1), 0))
        if not here:
            return 0
        total, day = total + here * days, following
    return total
