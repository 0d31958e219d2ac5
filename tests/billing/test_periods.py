"""Days of renewals and parts of a period, as arithmetic (R39)."""

from datetime import date, timedelta

import pytest

from billing import periods
from billing.choices import Period


def days_of(start: date, period: Period, times: int) -> list[str]:
    found, anchor = [start], start.day
    for _ in range(times):
        found.append(periods.next_day(found[-1], period, anchor))
    return [day.isoformat() for day in found]


def test_the_31st_bends_to_the_end_of_short_months_and_comes_back():
    assert days_of(date(2027, 1, 31), Period.MONTHLY, 4) == [
        "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31",
    ]  # fmt: skip
    assert days_of(date(2027, 12, 30), Period.MONTHLY, 3)[1:] == ["2028-01-30", "2028-02-29", "2028-03-30"]


def test_a_year_from_a_leap_day_ends_on_the_28th_until_the_next_leap_year():
    assert days_of(date(2028, 2, 29), Period.YEARLY, 4)[1:] == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


@pytest.mark.parametrize("amount", [0, 1, 2_400, 99_999_999])
def test_used_and_unused_days_never_lose_a_cent(amount):
    start, end = date(2027, 1, 31), date(2027, 2, 28)
    day, before = start, amount
    assert periods.unused(amount, starts_on=start, ends_on=end, on=start - timedelta(days=9)) == amount
    while day <= end:
        left = periods.unused(amount, starts_on=start, ends_on=end, on=day)
        assert 0 <= left <= before
        exact = amount * (end - day).days / 28
        assert abs(left - exact) < 1
        day, before = day + timedelta(days=1), left
    assert before == 0
