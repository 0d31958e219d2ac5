"""F21: open time is right in every zone, over every change of the clocks, for every shape of week."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from supportdesk.lib.business_hours import (
    HORIZON_DAYS,
    MINUTES_A_DAY,
    Calendar,
    NeverOpens,
    add_business_time,
    business_seconds_between,
    is_open,
    next_opening,
)

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
HOUR = 3600


def at(text, zone=UTC):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def weekdays(*spans, zone=UTC, holidays=()):
    return Calendar(zone, (tuple(spans),) * 5 + ((), ()), frozenset(date.fromisoformat(day) for day in holidays))


def every_day(*spans, zone=UTC, holidays=()):
    return Calendar(zone, (tuple(spans),) * 7, frozenset(date.fromisoformat(day) for day in holidays))


NINE_TO_FIVE = (9 * 60, 17 * 60)
ALWAYS = (0, MINUTES_A_DAY)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-06 16:30", 1, "2026-03-09 09:30"),  # requirement 80: Friday 16:30 and one hour is Monday 09:30
        ("2026-03-06 16:00", 8, "2026-03-09 16:00"),  # product.md D3
        ("2026-03-06 16:00", 1, "2026-03-06 17:00"),  # up at the closing time itself
        ("2026-03-07 12:00", 0.5, "2026-03-09 09:30"),
        ("2026-03-07 12:00", 0, "2026-03-07 12:00"),
        ("2026-03-02 08:59:59.5", 2, "2026-03-02 11:00"),
        ("2026-03-02 09:00:00.25", 1, "2026-03-02 10:00:00.25"),
    ],
)
def test_time_is_added_in_open_hours_only(start, hours, due):
    """R80."""
    assert add_business_time(weekdays(NINE_TO_FIVE), at(start), hours * HOUR) == at(due)


def test_a_holiday_is_closed_from_midnight_to_midnight_of_the_zone():
    """Trap of Zammad: holidays off by a day.

    product.md D3, with the Monday off; and the evening shift into the holiday ends at its midnight.
    """
    desk = weekdays(NINE_TO_FIVE, holidays=["2026-03-09"])
    assert add_business_time(desk, at("2026-03-06 16:00"), 8 * HOUR) == at("2026-03-10 16:00")

    nights = every_day((22 * 60, 30 * 60), zone=NEW_YORK, holidays=["2026-07-04"])
    assert is_open(nights, at("2026-07-03 23:59:59", NEW_YORK)) is True
    assert is_open(nights, at("2026-07-04 00:00:00", NEW_YORK)) is False
    assert is_open(nights, at("2026-07-04 23:59:59", NEW_YORK)) is False
    assert is_open(nights, at("2026-07-05 05:59:59", NEW_YORK)) is True


def test_a_lunch_break_and_overlapping_intervals():
    """Complaint 10: a desk that closes for lunch."""
    desk = weekdays((540, 720), (600, 750), (780, 1020))  # 9-12 and 10-12:30 and 13-17

    assert business_seconds_between(desk, at("2026-03-02 00:00"), at("2026-03-03 00:00")) == 7.5 * HOUR
    assert add_business_time(desk, at("2026-03-02 12:00"), HOUR) == at("2026-03-02 13:30")
    assert next_opening(desk, at("2026-03-02 12:30")) == at("2026-03-02 13:00")


def test_a_shift_past_midnight_belongs_to_its_evening():
    """Complaint 10."""
    nights = weekdays((22 * 60, 30 * 60))  # 22:00 to 06:00, Monday to Friday

    assert is_open(nights, at("2026-03-07 05:59")) is True  # the Friday shift
    assert is_open(nights, at("2026-03-02 05:59")) is False  # there is no Sunday shift
    assert add_business_time(nights, at("2026-03-06 23:00"), 8 * HOUR) == at("2026-03-09 23:00")


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-03-30", 24), ("2028-02-29", 24)]
)
def test_round_the_clock_has_no_closed_minute_and_days_of_23_and_25_hours(day, hours):
    """Trap of Zammad: it counted one closed minute at midnight."""
    start = at(day, BERLIN)
    end = at((date.fromisoformat(day) + timedelta(days=1)).isoformat(), BERLIN)

    assert business_seconds_between(every_day(ALWAYS, zone=BERLIN), start, end) == hours * HOUR


def test_office_hours_stay_on_the_wall_clock_when_it_changes():
    """13:00 to 18:00 in New York was offered as 14:00 to 19:00 on 8 March 2026 elsewhere."""
    desk = every_day((13 * 60, 18 * 60), zone=NEW_YORK)

    assert next_opening(desk, at("2026-03-07 06:00", NEW_YORK)) == at("2026-03-07 18:00")
    assert next_opening(desk, at("2026-03-08 06:00", NEW_YORK)) == at("2026-03-08 17:00")
    assert add_business_time(desk, at("2026-03-07 17:00", NEW_YORK), 2 * HOUR) == at("2026-03-08 18:00")


def test_hours_inside_the_gap_do_not_exist_and_inside_the_overlap_pass_twice():
    desk = every_day((150, 180), zone=BERLIN)  # 02:30 to 03:00

    assert business_seconds_between(desk, at("2026-03-29", BERLIN), at("2026-03-30", BERLIN)) == 0
    assert business_seconds_between(desk, at("2026-10-25", BERLIN), at("2026-10-26", BERLIN)) == HOUR
    assert next_opening(desk, at("2026-10-25 00:45")) == at("2026-10-25 00:45")  # the first 02:45
    assert next_opening(desk, at("2026-10-25 01:10")) == at("2026-10-25 01:30")  # the second 02:30


@pytest.mark.parametrize("holidays", [(), ("2026-03-04",)])
def test_a_desk_that_never_opens_says_so_at_once(holidays):
    """Trap of Frappe and of Zammad 2497: they looped for ever."""
    never = Calendar(UTC, ((),) * 7, frozenset(date.fromisoformat(day) for day in holidays))

    with pytest.raises(NeverOpens):
        add_business_time(never, at("2026-03-02"), 1)
    with pytest.raises(NeverOpens):
        next_opening(never, at("2026-03-02"))
    assert business_seconds_between(never, at("2026-03-02"), at("2027-03-02")) == 0
    assert is_open(never, at("2026-03-02")) is False


def test_a_desk_on_holiday_for_eleven_years_says_so_within_a_second():
    days = frozenset(date(2026, 1, 1) + timedelta(days=number) for number in range(11 * 366))
    desk = Calendar(BERLIN, (((540, 541),),) * 7, days)
    started = time.process_time()

    with pytest.raises(NeverOpens):
        next_opening(desk, at("2026-03-02"))

    assert time.process_time() - started < 1


def test_the_end_of_time_is_no_open_time_and_no_crash():
    with pytest.raises(NeverOpens):
        add_business_time(weekdays(NINE_TO_FIVE), at("9999-12-30 12:00"), 10**9)


@pytest.mark.parametrize(
    "week", [((),) * 6, (((0, 0),),) + ((),) * 6, (((1440, 1500),),) + ((),) * 6, (((60, 1501),),) + ((),) * 6]
)
def test_a_week_that_is_none_is_refused(week):
    with pytest.raises(ValueError, match=r"A week has|An interval"):
        Calendar(UTC, week)


def test_naive_times_and_negative_sums_are_refused():
    with pytest.raises(ValueError, match="zone"):
        is_open(every_day(ALWAYS), datetime(2026, 3, 2))
    with pytest.raises(ValueError, match="added"):
        add_business_time(every_day(ALWAYS), at("2026-03-02"), -1)


# Properties, over weeks, zones and moments around every kind of change of the clocks.

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Pacific/Kiritimati",
]
CHANGES = [
    "2026-03-29T01:00",
    "2026-10-25T01:00",
    "2026-03-08T07:00",
    "2026-11-01T06:00",
    "2026-03-08T05:00",
    "2026-11-01T05:00",
    "2018-11-04T03:00",
    "2019-02-17T02:00",
    "2026-02-15T02:00",
    "2026-03-22T02:00",
    "2026-04-23T22:00",
    "2026-10-29T21:00",
    "2026-04-04T15:00",
    "2026-10-03T15:30",
    "2011-12-30T10:00",
    "2011-11-06T04:31",
    "2028-02-29T12:00",
    "2026-12-31T23:59",
]


@st.composite
def intervals(draw):
    opens = draw(st.integers(0, MINUTES_A_DAY - 1))
    return opens, opens + draw(st.integers(1, MINUTES_A_DAY))


moments = st.builds(
    lambda change, away: at(change) + away,
    st.sampled_from(CHANGES),
    st.timedeltas(timedelta(days=-3), timedelta(days=3)),
)


@st.composite
def calendars(draw):
    week = draw(st.tuples(*[st.lists(intervals(), max_size=3).map(tuple)] * 7))
    near = at(draw(st.sampled_from(CHANGES))).date()
    holidays = draw(st.frozensets(st.integers(-4, 4).map(lambda days: near + timedelta(days=days)), max_size=3))
    return Calendar(ZoneInfo(draw(st.sampled_from(ZONES))), week, holidays)


def wall_says_open(calendar, moment):
    """The definition itself, asked of one instant."""
    wall = moment.astimezone(calendar.zone)
    if wall.date() in calendar.holidays:
        return False
    minute = wall.hour * 60 + wall.minute
    today, yesterday = calendar.week[wall.weekday()], calendar.week[wall.weekday() - 1]
    return any(opens <= minute < closes for opens, closes in today) or any(
        opens <= minute + MINUTES_A_DAY < closes for opens, closes in yesterday
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calendars(), moments, st.integers(0, 2 * MINUTES_A_DAY))
@example(every_day((0, 30), (1410, 1440), zone=ZoneInfo("America/Havana")), at("2026-11-01 03:00"), 600)
@example(every_day(ALWAYS, zone=ZoneInfo("Pacific/Apia")), at("2011-12-29 10:00"), 2880)
def test_the_sum_is_what_counting_every_minute_gives(calendar, start, minutes):
    start = start.replace(second=0, microsecond=0)
    counted = sum(wall_says_open(calendar, start + timedelta(minutes=number)) for number in range(minutes))

    assert business_seconds_between(calendar, start, start + timedelta(minutes=minutes)) == counted * 60


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calendars(), moments)
def test_open_is_what_the_wall_clock_says(calendar, moment):
    assert is_open(calendar, moment) is wall_says_open(calendar, moment)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calendars(), moments, st.integers(0, 10**11))
def test_what_was_added_is_found_between_and_not_a_microsecond_sooner(calendar, start, microseconds):
    assume(calendar.ever_opens)
    seconds = microseconds / 10**6
    try:
        due = add_business_time(calendar, start, seconds)
    except NeverOpens:
        assert business_seconds_between(calendar, start, start + timedelta(days=HORIZON_DAYS)) < seconds
        return

    assert due.tzinfo is UTC
    assert round(business_seconds_between(calendar, start, due) * 10**6) == microseconds
    if microseconds:
        sooner = due - timedelta(microseconds=1)
        assert round(business_seconds_between(calendar, start, sooner) * 10**6) == microseconds - 1


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calendars(), moments, moments, st.integers(0, 10**5), st.integers(0, 10**5))
def test_a_later_start_and_a_longer_promise_are_never_due_sooner(calendar, one, other, less, more):
    assume(calendar.ever_opens)
    one, other = sorted([one, other])
    less, more = sorted([less, more])
    assume(business_seconds_between(calendar, other, other + timedelta(days=HORIZON_DAYS)) >= more)

    assert add_business_time(calendar, one, less) <= add_business_time(calendar, one, more)
    assert add_business_time(calendar, one, more) <= max(add_business_time(calendar, other, more), other)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calendars(), moments)
def test_the_next_opening_is_open_and_nothing_before_it_is(calendar, moment):
    assume(calendar.ever_opens)

    opening = next_opening(calendar, moment)

    assert is_open(calendar, opening) is True
    assert business_seconds_between(calendar, moment, opening) == 0


def test_a_year_of_open_time_is_added_in_a_few_milliseconds():
    desk = weekdays((540, 720), (780, 1020), zone=NEW_YORK)
    started = time.process_time()

    add_business_time(desk, at("2026-03-02"), 250 * 7 * HOUR)

    assert time.process_time() - started < 0.05
