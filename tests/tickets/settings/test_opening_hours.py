"""Hours and durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.forms.durations import LONGEST_MINUTES, UnreadableDuration, format_minutes, parse_minutes
from tickets.forms.opening_hours import UnreadableHours, check_week, format_day, parse_day


@pytest.mark.parametrize(
    ("text", "intervals"),
    [
        ("", []),
        ("closed", []),
        ("9-17", [(540, 1020)]),
        ("09:00–12:00, 13:00–17:30", [(540, 720), (780, 1050)]),
        ("13:00-17:30; 9.00 to 12.00", [(540, 720), (780, 1050)]),
        ("00:00–24:00", [(0, 1440)]),
        ("22:00–06:00", [(1320, 1800)]),
        ("17:00–00:00", [(1020, 1440)]),
        ("09:00–12:00, 12:00–13:00", [(540, 720), (720, 780)]),
    ],
)
def test_a_day_is_read_as_people_write_it(text, intervals):
    """Complaint 10: several intervals, lunch breaks and nights can be entered."""
    assert parse_day(text) == intervals


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nine to five", "Write hours like"),
        ("9", "Write hours like"),
        ("25:00-26:00", "There is no 25:00 on a clock"),
        ("09:70-10:00", "There is no 09:70 on a clock"),
        ("24:00-25:00", "There is no 25:00 on a clock"),
        ("24:00-06:00", "A day opens before 24:00"),
        ("08:00-08:00", "Write 00:00–24:00 for the whole day"),
        ("09:00-12:00, 11:00-13:00", "11:00 lies inside the hours before it"),
        ("٠٩:٠٠-١٢:٠٠", "Write hours like"),
        ("9-17\x00", "Write hours like"),
    ],
)
def test_unreadable_hours_say_what_to_write_instead(text, words):
    with pytest.raises(UnreadableHours, match=words):
        parse_day(text)


def test_a_night_shift_collides_with_the_next_morning_and_sunday_night_with_monday():
    night, early = [(1320, 1800)], [(300, 720)]

    assert check_week({0: night, 1: early}) == (1, "The shift of the day before is still open at 05:00")
    assert check_week({6: night, 0: early}) == (0, "The shift of the day before is still open at 05:00")
    assert check_week({0: night, 1: [(360, 720)]}) is None
    assert check_week({0: [(0, 1440)], 1: [(0, 1440)]}) is None
    assert check_week({}) is None


@given(
    st.lists(st.integers(0, 1439), min_size=0, max_size=8, unique=True).map(
        lambda minutes: [tuple(pair) for pair in zip(sorted(minutes)[::2], sorted(minutes)[1::2], strict=False)]
    )
)
def test_what_is_shown_reads_back_to_the_same_hours(intervals):
    assert parse_day(format_day(intervals)) == intervals


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader_of_hours(text):
    try:
        intervals = parse_day(text)
    except UnreadableHours:
        return
    assert all(0 <= opens < 1440 and opens < closes <= opens + 1440 for opens, closes in intervals)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("", None), ("30 min", 30), ("4h", 240), ("4 hours", 240), ("1 h 30 min", 90), ("90m", 90), ("1H30MIN", 90)],
)
def test_a_duration_is_read_as_people_write_it(text, minutes):
    assert parse_minutes(text) == minutes


@pytest.mark.parametrize("text", ["30", "4 days", "-4 h", "0 min", "99999 h", "4,5 h", "h"])
def test_a_duration_that_could_mean_two_things_is_refused(text):
    with pytest.raises(UnreadableDuration):
        parse_minutes(text)


@given(st.integers(1, LONGEST_MINUTES))
def test_a_shown_duration_reads_back(minutes):
    assert parse_minutes(format_minutes(minutes)) == minutes
