"""When a session can begin: wall clocks, buffers, notice, exceptions."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.training.factory import NOW, book, hours, make_trainer, make_type
from training import slots
from training.actions import times
from training.models import DateException, Leave, Rule
from training.refusals import JustTaken

pytestmark = pytest.mark.django_db
TORONTO, LONDON = ZoneInfo("America/Toronto"), ZoneInfo("Europe/London")


def starts_on(type, day: date, now: datetime) -> list[datetime]:
    """What is offered on one day of the trainer's calendar."""
    zone = ZoneInfo(type.trainers.get().time_zone)
    return [start for start in slots.free_starts(type, now) if start.astimezone(zone).date() == day]


def test_c2_one_o_clock_stays_one_o_clock_when_clocks_change():
    """C2: 13:00–18:00 Toronto is another instant the day after, 02:30 of the night that skips it is never offered,
    and a visitor reads it on their own wall."""
    trainer = make_trainer(zone="America/Toronto", opens=13, closes=18, days=range(7))
    type = make_type(trainer, after_buffer=0)
    for now, day, first in (
        (datetime(2026, 3, 1, tzinfo=UTC), date(2026, 3, 7), "2026-03-07T18:00Z"),
        (datetime(2026, 3, 1, tzinfo=UTC), date(2026, 3, 8), "2026-03-08T17:00Z"),
        (datetime(2026, 10, 20, tzinfo=UTC), date(2026, 10, 31), "2026-10-31T17:00Z"),
        (datetime(2026, 10, 20, tzinfo=UTC), date(2026, 11, 1), "2026-11-01T18:00Z"),
    ):
        offered = starts_on(type, day, now)
        assert offered[0] == datetime.fromisoformat(first)
        assert offered[-1] - offered[0] == hours(4)
    march = slots.free_starts(type, datetime(2026, 3, 1, tzinfo=UTC))
    for day, shown in ((9, "18:00"), (30, "19:00")):
        start = datetime(2026, 3, day, 14, tzinfo=TORONTO)
        assert start.astimezone(UTC) in march
        assert f"{start.astimezone(UTC).astimezone(LONDON):%H:%M}" == shown

    Rule.objects.all().update(opens=60, closes=300)
    nights = {
        day: [f"{one.astimezone(TORONTO):%H:%M}" for one in starts_on(type, day, datetime(2026, month, 1, tzinfo=UTC))]
        for month, day in ((3, date(2026, 3, 8)), (10, date(2026, 11, 1)))
    }
    assert "02:30" not in nights[date(2026, 3, 8)]
    assert nights[date(2026, 3, 8)] == [  # three hours are open: 01:00 to 02:00, 03:00 to 05:00
        "01:00", "01:15", "01:30", "01:45", "03:00", "03:15", "03:30", "03:45", "04:00",
    ]  # fmt: skip
    assert nights[date(2026, 11, 1)].count("01:30") == 2, "an hour that comes twice is offered twice"
    assert len(set(starts_on(type, date(2026, 11, 1), datetime(2026, 10, 1, tzinfo=UTC)))) == 17


def test_c6_the_buffer_lies_after_a_session_and_neighbours_touch():
    """C6: booked at 10:00 for an hour and a quarter after it: 11:00 is refused, 11:15 accepted."""
    type = make_type()
    ten = NOW.replace(hour=10) + timedelta(days=2)
    book(type, ten)
    offered = slots.free_starts(type, NOW)
    assert ten + hours(1) not in offered
    assert ten - hours(1) not in offered, "its own buffer would reach into the one at ten"
    assert ten - hours(1.25) not in offered, "before nine nobody is there"
    with pytest.raises(JustTaken) as refused:
        book(type, ten + hours(1))
    assert refused.value.nearest[0] == ten + hours(1.25)
    assert len(refused.value.nearest) == 3
    assert book(type, ten + hours(1.25)).session.starts_at == ten + hours(1.25)
    last = max(start for start in offered if start.date() == ten.date())
    assert last == ten.replace(hour=16), "the session ends with the rule, the buffer may lie behind it"


def test_c7_notice_and_horizon_bound_what_is_offered_and_what_is_posted():
    """C7: 23 h 59 min ahead is hidden, and refused to whoever sends it anyway; so is the day after the horizon."""
    type = make_type()
    start = NOW + hours(24)
    assert start in slots.free_starts(type, NOW)
    assert start not in slots.free_starts(type, NOW + timedelta(minutes=1))
    with pytest.raises(JustTaken):
        book(type, start, now=NOW + timedelta(minutes=1))
    far = NOW.replace(hour=9) + timedelta(days=61)
    with pytest.raises(JustTaken):
        book(type, far)
    for wrong in (start + timedelta(minutes=7), start + timedelta(seconds=1), start.replace(hour=3), NOW - hours(24)):
        with pytest.raises(JustTaken):
            book(type, wrong)
    assert book(type, start).session.starts_at == start


def test_exceptions_leave_and_rules_with_dates_shape_the_days_ahead():
    """A day off, other hours, leave, and a rule that begins later; what was booked stays whatever rules say (R19)."""
    trainer = make_trainer()
    type = make_type(trainer)
    days = [NOW.date() + timedelta(days=ahead) for ahead in (2, 3, 6, 7)]
    kept = book(type, datetime(2026, 11, 26, 10, tzinfo=UTC))
    DateException.objects.create(trainer=trainer, day_on=days[0])
    DateException.objects.create(trainer=trainer, day_on=days[1], opens=19 * 60, closes=20 * 60)
    leave = datetime(2026, 11, 30, 12, tzinfo=UTC)
    Leave.objects.create(trainer=trainer, starts_at=leave, ends_at=leave + hours(30), by=trainer.person, at=NOW)
    clock = [[f"{one:%H:%M}" for one in starts_on(type, day, NOW)] for day in days]
    assert clock[0] == []
    assert clock[1] == ["19:00"]
    assert (clock[2][0], clock[2][-1]) == ("09:00", "10:45"), "session and buffer end before the leave"
    assert clock[3] == []
    trainer.rules.update(last_on=days[2])
    assert max(slots.free_starts(type, NOW)).date() == days[2]
    kept.refresh_from_db()
    assert kept.state == "confirmed"


def test_what_is_free_is_fair_and_costs_five_queries_whoever_teaches(django_assert_num_queries):
    """The one with fewer sessions ahead is asked first; two trainers offer an hour twice; queries do not grow."""
    first, second = make_trainer(), make_trainer()
    type = make_type(first, second)
    start = NOW + hours(48)
    booked = [book(type, start).session.trainer_id for _ in range(2)]
    assert set(booked) == {first.pk, second.pk}
    with pytest.raises(JustTaken):
        book(type, start)
    with django_assert_num_queries(5):
        slots.free_starts(type, NOW)
    for _ in range(4):
        type.trainers.add(make_trainer())
    with django_assert_num_queries(5):
        slots.free_starts(type, NOW)
    session = times.block(type=type, trainer_id=first.pk, starts_at=start + hours(-5), seats=1, now=NOW)
    assert session.starts_at in slots.free_starts(type, NOW), "the others are free"
    assert first.pk not in slots.free_trainers(type, session.starts_at, NOW)
