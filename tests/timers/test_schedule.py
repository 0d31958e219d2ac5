"""Asking for something later, moving it, dropping it."""

from datetime import UTC, datetime, timedelta

import pytest

import timers
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def reminder(kind):
    return kind("test.reminder", lambda timer, now: None)


def test_scheduling_twice_is_one_timer_in_one_query_each(reminder, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(1):
            timers.schedule(kind=reminder, subject=7, due_at=NOON)

    timer = Timer.objects.get()
    assert (timer.kind, timer.subject, timer.visit, timer.number) == (reminder, 7, 0, 0)
    assert (timer.due_at, timer.try_at, timer.done_at, timer.attempts) == (NOON, NOON, None, 0)


def test_scheduling_at_another_time_moves_it_and_forgets_its_failures(reminder):
    timers.schedule(kind=reminder, subject=7, due_at=NOON)
    Timer.objects.update(attempts=3, last_error="it rained", try_at=NOON + timedelta(hours=1))

    timers.schedule(kind=reminder, subject=7, due_at=NOON - timedelta(minutes=5))

    timer = Timer.objects.get()
    assert (timer.due_at, timer.try_at) == (NOON - timedelta(minutes=5),) * 2
    assert (timer.attempts, timer.last_error) == (0, "")


def test_a_done_timer_stays_done_and_another_visit_is_another_timer(reminder):
    timers.schedule(kind=reminder, subject=7, due_at=NOON)
    assert sweep(now=NOON).done == 1

    timers.schedule(kind=reminder, subject=7, due_at=NOON + timedelta(days=1))
    timers.schedule(kind=reminder, subject=7, due_at=NOON + timedelta(days=1), visit=1)

    assert [(timer.visit, timer.done_at) for timer in Timer.objects.order_by("visit")] == [(0, NOON), (1, None)]


def test_cancel_drops_what_waits_and_says_how_many(reminder):
    for number in range(3):
        timers.schedule(kind=reminder, subject=7, due_at=NOON, number=number)
    timers.schedule(kind=reminder, subject=8, due_at=NOON)

    assert timers.cancel(kind=reminder, subject=7, number=1) == 1
    assert timers.cancel(kind=reminder, subject=7) == 2
    assert timers.cancel(kind=reminder, subject=7) == 0
    assert [timer.subject for timer in Timer.objects.all()] == [8]


def test_cancel_leaves_what_is_done(reminder):
    timers.schedule(kind=reminder, subject=7, due_at=NOON)
    sweep(now=NOON)

    assert timers.cancel(kind=reminder, subject=7) == 0
    assert Timer.objects.get().done_at == NOON


def test_an_unregistered_kind_and_a_naive_time_are_refused_and_write_nothing(reminder):
    with pytest.raises(timers.UnknownKind):
        timers.schedule(kind="test.reminded", subject=7, due_at=NOON)
    with pytest.raises(ValueError, match="time zone"):
        timers.schedule(kind=reminder, subject=7, due_at=datetime(2026, 3, 1))

    assert Timer.objects.count() == 0


def test_a_name_is_registered_once_and_names_its_app(reminder):
    with pytest.raises(ValueError, match="already"):
        timers.register(reminder, lambda timer, now: None)
    with pytest.raises(ValueError, match="app first"):
        timers.register("reminder", lambda timer, now: None)
