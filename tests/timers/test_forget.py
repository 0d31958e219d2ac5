"""Done timers go after 45 days; nothing that is undone ever does."""

from datetime import timedelta

import pytest
from django.db import transaction

import timers
from tests.timers.conftest import NOON
from timers.actions.forget import KEPT_FOR, forget_done
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db

OLD = NOON - KEPT_FOR - timedelta(seconds=1)


def subjects() -> list[int]:
    return list(Timer.objects.order_by("subject").values_list("subject", flat=True))


@pytest.fixture
def timed(kind):
    """Five done long ago, two done lately, one that waits since long ago, one that failed ever since."""
    name = kind("tests.forgotten", lambda timer, now: None)
    for subject in range(9):
        timers.schedule(kind=name, subject=subject, due_at=OLD)
    Timer.objects.filter(subject__lt=5).update(done_at=OLD)
    Timer.objects.filter(subject__in=[5, 6]).update(done_at=NOON - KEPT_FOR)
    Timer.objects.filter(subject=8).update(attempts=9, last_error="It fails")
    return name


def test_timers_that_were_done_long_ago_go_in_batches_and_a_second_run_changes_nothing(timed):
    assert forget_done(now=NOON, size=2) == 5
    assert forget_done(now=NOON, size=2) == 0

    assert subjects() == [5, 6, 7, 8]
    assert sweep(now=NOON).done == 2


def test_what_is_left_when_the_time_is_over_goes_the_next_time(timed):
    assert forget_done(now=NOON, size=2, seconds=0.0) == 0
    assert len(subjects()) == 9


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_left_for_the_next_time_and_nobody_waits(timed, elsewhere):
    with transaction.atomic():
        list(Timer.objects.select_for_update().filter(subject=0))
        assert elsewhere(lambda: forget_done(now=NOON)) == 4

    assert subjects() == [0, 5, 6, 7, 8]
    assert forget_done(now=NOON) == 1
