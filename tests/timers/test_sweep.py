"""Every due timer has exactly one effect: run twice, two at once, killed in the middle, poisoned in front."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

import timers
from tests.timers.conftest import NOON
from timers.actions import sweep as sweeping
from timers.actions.sweep import Swept, sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_timer_is_answered_when_due_and_not_before(kind, effects, waiting):
    waiting(kind("test.effect", effects.leave), 1)

    assert sweep(now=NOON - timedelta(microseconds=1)) == Swept()
    assert sweep(now=NOON) == Swept(done=1)
    assert effects.subjects() == [0]
    assert Timer.objects.get().done_at == NOON


def test_sweeping_again_and_thirty_days_later_does_nothing_more(kind, effects, waiting):
    """F21: the clock jumps."""
    waiting(kind("test.effect", effects.leave), 450)

    assert sweep(now=NOON) == Swept(done=450)
    assert sweep(now=NOON) == Swept()
    assert sweep(now=NOON + timedelta(days=30)) == Swept()
    assert sweep(now=NOON - timedelta(hours=1)) == Swept()
    assert effects.subjects() == list(range(450))


def test_an_outage_of_a_year_loses_nothing(kind, effects, waiting):
    """No window: one well-known product forgets follow-ups after three days."""
    waiting(kind("test.effect", effects.leave), 3)

    assert sweep(now=NOON + timedelta(days=365)).done == 3


def test_a_batch_of_200_costs_five_queries_besides_the_effects(kind, waiting, django_assert_num_queries):
    waiting(kind("test.nothing", lambda timer, now: None), 200)

    # claim, begin, lock timeout, finish, commit; one look for tried ones; two that find nothing more
    with django_assert_num_queries(5 + 1 + 2):
        assert sweep(now=NOON).done == 200


def test_the_handlers_effect_and_the_done_mark_are_one(kind, effects, waiting):
    def leave_and_fail(timer, now):
        effects.leave(timer)
        raise ValueError("after the effect")

    waiting(kind("test.effect", leave_and_fail), 1)

    assert sweep(now=NOON) == Swept(failed=1)
    assert effects.subjects() == []
    assert Timer.objects.get().done_at is None


def test_a_poisonous_handler_in_front_stops_nobody_and_says_why(kind, effects, waiting):
    """F19 for timers."""

    def fail_at_zero(timer, now):
        effects.leave(timer)
        if timer.subject == 0:
            raise KeyError("rain\x00y")

    waiting(kind("test.effect", fail_at_zero), 250)

    assert sweep(now=NOON) == Swept(done=249, failed=1)
    assert sorted(effects.subjects()) == list(range(1, 250))
    poisoned = Timer.objects.failing().get()
    assert (poisoned.subject, poisoned.due_at, poisoned.attempts) == (0, NOON, 1)
    assert poisoned.last_error == "KeyError: 'rain\\x00y'"
    assert timedelta(seconds=10) <= poisoned.try_at - NOON < timedelta(seconds=15)


def test_a_failing_timer_is_tried_ever_more_seldom_and_for_ever(kind, waiting):
    waiting(kind("test.fails", lambda timer, now: 1 / 0), 1)
    now, waits = NOON, []

    for _ in range(12):
        assert sweep(now=now) == Swept(failed=1)
        try_at = Timer.objects.get().try_at
        waits.append(round((try_at - now).total_seconds()))
        now = try_at

    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]


def test_a_timer_that_failed_is_done_when_its_handler_is_mended(kind, effects, waiting):
    broken = [True]

    def handler(timer, now):
        effects.leave(timer)
        if broken:
            raise ValueError("broken")

    waiting(kind("test.effect", handler), 1)
    sweep(now=NOON)
    broken.clear()

    assert sweep(now=NOON + timedelta(minutes=1)) == Swept(done=1)
    timer = Timer.objects.get()
    assert (timer.last_error, timer.attempts) == ("", 2)
    assert effects.subjects() == [0]


def test_a_broken_statement_of_one_handler_does_not_spoil_the_others(kind, effects, waiting):
    def handler(timer, now):
        if timer.subject == 1:
            with connection.cursor() as cursor:
                cursor.execute("select 1/0")
        effects.leave(timer)

    waiting(kind("test.effect", handler), 3)

    assert sweep(now=NOON) == Swept(done=2, failed=1)
    assert sorted(effects.subjects()) == [0, 2]
    assert Timer.objects.failing().get().last_error.startswith("DataError: division by zero")


def test_a_kind_that_nobody_registered_waits_with_its_reason(effects, waiting, kind):
    waiting("test.from_a_newer_release", 1)

    assert sweep(now=NOON) == Swept(failed=1)
    assert "No handler is registered" in Timer.objects.get().last_error

    kind("test.from_a_newer_release", effects.leave)
    assert sweep(now=NOON + timedelta(minutes=1)) == Swept(done=1)


def test_a_handler_that_answers_a_time_is_asked_again_then(kind, effects, waiting):
    def daily(timer, now):
        effects.leave(timer)
        return now + timedelta(days=1) if now < NOON + timedelta(days=2) else None

    waiting(kind("test.daily", daily), 1)

    assert sweep(now=NOON) == Swept(again=1)
    assert sweep(now=NOON + timedelta(hours=23)) == Swept()
    assert sweep(now=NOON + timedelta(days=1)) == Swept(again=1)
    assert sweep(now=NOON + timedelta(days=2)) == Swept(done=1)
    assert effects.subjects() == [0, 0, 0]
    assert Timer.objects.get().attempts == 1


@pytest.mark.parametrize("answer", [NOON, NOON - timedelta(days=1), datetime(2030, 1, 1)])
def test_an_answer_that_is_not_later_than_now_is_an_error_and_no_endless_loop(answer, kind, waiting):
    waiting(kind("test.endless", lambda timer, now: answer), 1)

    assert sweep(now=NOON) == Swept(failed=1)
    assert Timer.objects.get().due_at == NOON


def test_timers_of_one_subject_run_in_the_order_of_their_kinds(kind):
    seen = []
    kind("test.b_breach", lambda timer, now: seen.append((timer.subject, timer.kind)), order=2)
    kind("test.c_warning", lambda timer, now: seen.append((timer.subject, timer.kind)), order=1)
    for subject in (2, 1):
        timers.schedule(kind="test.b_breach", subject=subject, due_at=NOON - timedelta(hours=1))
        timers.schedule(kind="test.c_warning", subject=subject, due_at=NOON)

    sweep(now=NOON)

    assert seen == [(1, "test.c_warning"), (1, "test.b_breach"), (2, "test.c_warning"), (2, "test.b_breach")]


# What handlers and requests do to timers meanwhile.


def test_a_handler_that_cancels_its_own_timer_leaves_it_done(kind, effects):
    """`wake_ticket` cancels the snooze, whoever woke it."""

    def handler(timer, now):
        effects.leave(timer)
        assert timers.cancel(kind="test.effect", subject=timer.subject) == 1

    kind("test.effect", handler)
    timers.schedule(kind="test.effect", subject=5, due_at=NOON)
    timers.schedule(kind="test.effect", subject=5, due_at=NOON + timedelta(days=1), number=1)

    assert sweep(now=NOON) == Swept(done=1)
    assert sweep(now=NOON + timedelta(days=2)) == Swept()
    assert effects.subjects() == [5]


def test_a_handler_that_schedules_its_own_timer_is_asked_again_then(kind, effects):
    def handler(timer, now):
        effects.leave(timer)
        if now == NOON:
            timers.schedule(kind="test.effect", subject=timer.subject, due_at=NOON + timedelta(days=1))

    kind("test.effect", handler)
    timers.schedule(kind="test.effect", subject=5, due_at=NOON)

    assert sweep(now=NOON) == Swept(again=1)
    assert sweep(now=NOON + timedelta(days=1)) == Swept(done=1)
    assert effects.subjects() == [5, 5]


def test_a_handler_that_cancels_a_neighbour_of_its_batch_keeps_it_from_happening(kind, effects):
    """The breach is handled, so the warning due in the same batch has no effect."""

    def breach(timer, now):
        effects.leave(timer)
        timers.cancel(kind="test.warning", subject=timer.subject)

    kind("test.breach", breach, order=1)
    kind("test.warning", effects.leave, order=2)
    for name in ("test.warning", "test.breach"):
        timers.schedule(kind=name, subject=5, due_at=NOON)

    assert sweep(now=NOON) == Swept(done=1)
    assert effects.subjects() == [5]
    assert [timer.kind for timer in Timer.objects.all()] == ["test.breach"]


@pytest.mark.parametrize("change", ["moved", "cancelled", "done"])
def test_a_timer_changed_by_a_request_while_its_handler_runs_has_no_effect(change, kind, effects, waiting, elsewhere):
    def request():
        if change == "moved":
            timers.schedule(kind="test.effect", subject=0, due_at=NOON + timedelta(days=1))
        elif change == "cancelled":
            timers.cancel(kind="test.effect", subject=0)
        else:
            Timer.objects.update(done_at=NOON)

    def handler(timer, now):
        effects.leave(timer)
        if not changed:
            changed.append(elsewhere(request))

    changed = []
    waiting(kind("test.effect", handler), 1)

    assert sweep(now=NOON) == Swept()
    assert effects.subjects() == []
    assert (
        list(Timer.objects.values_list("due_at", "done_at", "last_error"))
        == {
            "moved": [(NOON + timedelta(days=1), None, "")],
            "cancelled": [],
            "done": [(NOON, NOON, "")],
        }[change]
    )


def test_a_request_that_holds_the_subject_and_moves_the_timer_never_deadlocks_with_the_sweep(
    kind, effects, waiting, elsewhere
):
    """A request locks the ticket and then its timer. The sweep waits for the ticket holding no timer."""
    with connection.cursor() as cursor:
        cursor.execute("insert into test_effects (subject) values (0)")
    lock_ticket = "select 1 from test_effects for update"
    outcome = []

    def handler(timer, now):
        outcome.append(elsewhere(lambda: timers.schedule(kind="test.effect", subject=0, due_at=NOON + timedelta(1))))
        with connection.cursor() as cursor:
            cursor.execute(lock_ticket)

    waiting(kind("test.effect", handler), 1)

    assert sweep(now=NOON) == Swept()
    assert outcome  # the request got the timer's row while the handler ran
    assert Timer.objects.get().due_at == NOON + timedelta(days=1)


def test_a_locked_subject_delays_its_own_timer_only(kind, effects, waiting, elsewhere, monkeypatch):
    monkeypatch.setattr(sweeping, "LOCK_TIMEOUT", "100ms")
    with connection.cursor() as cursor:
        cursor.execute("create temporary table unused (id int)")
        cursor.execute("insert into test_effects (subject) values (1000), (1001), (1002)")

    def handler(timer, now):
        with connection.cursor() as cursor:
            cursor.execute("select 1 from test_effects where subject = %s for update", [1000 + timer.subject])
        effects.leave(timer)

    waiting(kind("test.effect", handler), 3)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select 1 from test_effects where subject = 1001 for update")
        swept = elsewhere(lambda: sweep(now=NOON))

    assert swept == Swept(done=2, failed=1)
    assert Timer.objects.failing().get().subject == 1
    assert "lock timeout" in Timer.objects.failing().get().last_error


def test_a_slow_batch_commits_what_it_has_and_gives_the_rest_back(kind, effects, waiting, monkeypatch):
    monkeypatch.setattr(sweeping, "BATCH_SECONDS", 0.0)
    waiting(kind("test.effect", effects.leave), 5)

    assert sweep(now=NOON) == Swept(done=5)
    assert effects.subjects() == [0, 1, 2, 3, 4]
    assert set(Timer.objects.values_list("attempts", flat=True)) == {1}


def test_the_limit_ends_a_sweep(kind, effects, waiting):
    waiting(kind("test.effect", effects.leave), 300)

    assert sweep(now=NOON, limit=210).done == 210
    assert sweep(now=NOON, limit=210).done == 90


def test_a_claim_holds_no_more_than_it_answers_whatever_way_the_database_takes(kind, effects, waiting):
    """What was claimed and not answered would wait for the end of its lease."""
    waiting(kind("test.effect", effects.leave), 300)
    ways = [f"enable_{way}" for way in ("hashjoin", "hashagg", "mergejoin", "sort", "material", "memoize", "seqscan")]
    with connection.cursor() as cursor:
        cursor.execute(";".join(f"set {way} = off" for way in ways))
    try:
        assert sweep(now=NOON, limit=210).done == 210
    finally:
        with connection.cursor() as cursor:
            cursor.execute(";".join(f"reset {way}" for way in ways))
    assert not Timer.objects.filter(done_at=None, attempts__gt=0).exists()


# Processes.


def test_two_processes_sweeping_500_timers_leave_500_distinct_effects(effects, waiting, sweeper):
    """F2: two at once are harmless."""
    waiting("test.effect", 500)

    sweepers = [sweeper("once"), sweeper("once")]
    done = [int(process.communicate(timeout=60)[0].split()[-1]) for process in sweepers]

    assert sum(done) == 500
    assert sorted(effects.subjects()) == list(range(500))


@pytest.mark.parametrize("nth", [1, 150, 320])
def test_a_process_killed_in_the_middle_of_a_batch_repeats_and_loses_nothing(nth, kind, effects, waiting, sweeper):
    """F1, at a chosen place."""
    waiting("test.effect", 400)

    killed = sweeper("once", FAILPOINT=f"test.after_effect:{nth}")
    assert killed.wait(60) == -9

    full_batches = 200 * ((nth - 1) // 200)
    assert len(effects.subjects()) == full_batches
    kind("test.effect", effects.leave)
    assert sweep(now=datetime.now(UTC) + timedelta(seconds=11)).done == 400 - full_batches
    assert sorted(effects.subjects()) == list(range(400))


def test_sweepers_killed_at_random_leave_each_effect_once(kind, effects, waiting, sweeper):
    """F1: kill -9 again and again."""
    waiting("test.effect", 3000)
    seed = random.randrange(10**6)  # noqa: S311
    chance = random.Random(seed)  # noqa: S311

    for _ in range(3):
        processes = [sweeper("until_killed"), sweeper("until_killed")]
        for process in processes:
            process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.25))
        for process in processes:
            process.kill()
            process.wait()

    kind("test.effect", effects.leave)
    sweep(now=datetime.now(UTC) + timedelta(hours=1))
    assert sorted(effects.subjects()) == list(range(3000)), f"seed {seed}"
    assert Timer.objects.waiting().count() == 0


def test_a_timer_that_kills_its_process_every_time_is_met_alone_and_holds_up_nobody(effects, waiting, sweeper, kind):
    waiting("test.effect", 20)

    assert sweeper("poison").wait(60) == 9
    assert effects.subjects() == []
    Timer.objects.update(try_at=NOON)
    # Alone now, one after the other. The poison is met with whatever stands behind it still waiting ...
    assert sweeper("poison").wait(60) == 9
    # ... and the next process goes on behind it.
    assert sweeper("poison").wait(60) == 0

    assert sorted(effects.subjects()) == [subject for subject in range(20) if subject != 7]
    poison = Timer.objects.waiting().get()
    assert (poison.subject, poison.attempts) == (7, 2)
    assert poison.try_at > datetime.now(UTC) + timedelta(seconds=10)


@pytest.mark.parametrize(("alone", "transactions"), [(False, 1), (True, 3)])
def test_what_journals_has_a_transaction_of_its_own(kind, waiting, alone, transactions):
    """A batch that held the journal while it waits for tickets would lock people out."""
    seen = set()

    def note(timer, now):
        with connection.cursor() as cursor:
            cursor.execute("select txid_current()")
            seen.add(cursor.fetchone()[0])

    waiting(kind("test.note", note, alone=alone), 3)

    assert sweep(now=NOON).done == 3
    assert len(seen) == transactions
