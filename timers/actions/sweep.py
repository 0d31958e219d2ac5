"""Take what is due and let its owners answer, each exactly once.

A claim is a lease, committed before any handler runs: it counts the attempt and moves `try_at` ahead. What a
killed process held is therefore seen again when the lease ends, and what kills a process every time is met
alone and ever more seldom, never in front of others. The lease only saves work. Exactly once comes from
`_finish`: a handler's effects and the condition "still undone, still due at the time I saw" commit together.

No row of ours is locked while a handler runs. A request locks a ticket and then moves its timers; handlers
lock the ticket too, and holding the timer first would be the other order, a deadlock.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from timers.answering import Answer, answering
from timers.models import Timer
from timers.registry import UnknownKind, registered

logger = logging.getLogger(__name__)

BATCH = 200
TRIED_A_ROUND = 20
BATCH_SECONDS = 1.0  # effects of a batch hold their locks until it commits
ALONE_SECONDS = 5.0  # well inside the first lease
SWEEP_SECONDS = 20.0
LOCK_TIMEOUT = "2s"
ERROR_LENGTH = 500

# The lease doubles with each attempt: 10 s, 20 s, 40 s ... up to an hour. Chosen once, before anything is updated: as a
# subquery it may be asked again for each row, and each time skips what it locked and finds others beyond the limit.
CLAIM = """
with chosen as materialized (
    select id from timers_timer where done_at is null and {which} and try_at <= %(now)s
    order by try_at, id limit %(size)s for update skip locked
)
update timers_timer as timer set attempts = attempts + 1,
    try_at = %(leased_from)s + least(interval '10 s' * power(2, least(attempts, 12)), interval '1 hour')
from chosen where timer.id = chosen.id returning timer.*
"""
CLAIM_FRESH = CLAIM.format(which="attempts = 0")
CLAIM_TRIED = CLAIM.format(which="attempts > 0")

FINISH = """
update timers_timer as timer set
    done_at = case when seen.again_at is null then %(now)s end,
    due_at = coalesce(seen.again_at, timer.due_at),
    try_at = coalesce(seen.again_at, timer.try_at),
    attempts = case when seen.again_at is null then timer.attempts else 0 end,
    last_error = ''
from unnest(%(ids)s::bigint[], %(due)s::timestamptz[], %(again)s::timestamptz[]) as seen (id, due_at, again_at)
where timer.id = seen.id and timer.due_at = seen.due_at and timer.done_at is null
"""


@dataclass(frozen=True)
class Swept:
    """What one sweep did. A timer that was moved or done elsewhere meanwhile counts nowhere."""

    done: int = 0
    again: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """Timers that were answered, well or not."""
        return self.done + self.again + self.failed

    def __add__(self, other: "Swept") -> "Swept":
        return Swept(self.done + other.done, self.again + other.again, self.failed + other.failed)


class AnswerInPast(ValueError):
    """A handler asked to be called again at a time that is not later than now, which would never end."""


class _Overtaken(Exception):
    """The timer was done, moved or cancelled elsewhere while its handler ran; the effects roll back."""


def sweep(*, now: datetime, limit: int = 100_000) -> Swept:
    """Answer what is due at `now`, at most about `limit` timers, for about 20 seconds. No window: nothing is too old.

    Any number may run at once. Everything due is answered in batches of one transaction each; a batch in which
    anything goes wrong is rolled back and its timers are taken one by one. An error is written on the row and
    the row is tried later; rows behind it are not held up.
    """
    started = time.monotonic()
    swept = Swept()
    while swept.total < limit and (elapsed := time.monotonic() - started) < SWEEP_SECONDS:
        leased_from = now + timedelta(seconds=elapsed)
        fresh = _claim(CLAIM_FRESH, now=now, leased_from=leased_from, size=min(BATCH, limit - swept.total))
        swept += _answer_together([timer for timer in fresh if not _is_alone(timer)], now)
        swept += _answer_one_by_one([timer for timer in fresh if _is_alone(timer)], now)
        tried = 0
        while tried < TRIED_A_ROUND and swept.total < limit:
            alone = _claim(CLAIM_TRIED, now=now, leased_from=leased_from, size=1)
            if not alone:
                break
            swept += _answer_alone(alone[0], now)
            tried += 1
        if not fresh and not tried:
            break
    return swept


def _claim(sql: str, *, now: datetime, leased_from: datetime, size: int) -> list[Timer]:
    claimed = Timer.objects.raw(sql, {"now": now, "leased_from": leased_from, "size": size})
    return sorted(claimed, key=_place)


def _place(timer: Timer) -> tuple:
    """By the thing that handlers lock, so that two sweeps lock in one order; then as the owner ordered its kinds."""
    try:
        order = registered(timer.kind).order
    except UnknownKind:
        order = 0
    return timer.kind.partition(".")[0], timer.subject, order, timer.due_at, timer.pk


def _answer_together(timers: list[Timer], now: datetime) -> Swept:
    if not timers:
        return Swept()
    deadline = time.monotonic() + BATCH_SECONDS
    answers: list[Answer] = []
    try:
        with _handlers_transaction():
            for timer in timers:
                answers.append(_ask(timer, now))
                if time.monotonic() > deadline:
                    break
            _finish(answers, now)
    except Exception:  # whatever it was, the timer that caused it meets it again alone and says so on its row
        logger.info("A batch of %d timers is taken one by one", len(timers))
        return sum((_answer_alone(timer, now) for timer in timers), Swept())
    _give_back(timers[len(answers) :])
    return _count(answers)


def _is_alone(timer: Timer) -> bool:
    try:
        return registered(timer.kind).alone
    except UnknownKind:
        return False


def _answer_one_by_one(timers: list[Timer], now: datetime) -> Swept:
    deadline = time.monotonic() + ALONE_SECONDS
    swept = Swept()
    for number, timer in enumerate(timers):
        if time.monotonic() > deadline:
            _give_back(timers[number:])
            break
        swept += _answer_alone(timer, now)
    return swept


def _answer_alone(timer: Timer, now: datetime) -> Swept:
    try:
        with _handlers_transaction():
            answer = _ask(timer, now)
            _finish([answer], now)
    except _Overtaken:
        return Swept()
    except Exception as error:
        _write_error(timer, error)
        return Swept(failed=1)
    return _count([answer])


class _handlers_transaction(transaction.Atomic):
    """One transaction of its own, in which nobody waits long for a lock."""

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=True)

    def __enter__(self) -> None:
        super().__enter__()
        with connection.cursor() as cursor:
            cursor.execute("select set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])


def _ask(timer: Timer, now: datetime) -> Answer:
    handler = registered(timer.kind).handler
    with answering(timer) as answer:
        again_at = handler(timer, now)
    answer.again_at = again_at or answer.again_at
    if answer.again_at and answer.again_at <= now:
        raise AnswerInPast(f"{timer.kind} asked to be called again at {answer.again_at}, which is not after {now}.")
    return answer


def _finish(answers: Iterable[Answer], now: datetime) -> None:
    answers = list(answers)
    ids = [answer.timer.pk for answer in answers]
    due = [answer.timer.due_at for answer in answers]
    again = [answer.again_at for answer in answers]
    with connection.cursor() as cursor:
        cursor.execute(FINISH, {"now": now, "ids": ids, "due": due, "again": again})
        if cursor.rowcount != len(answers):
            raise _Overtaken


def _give_back(timers: list[Timer]) -> None:
    """Undo the claim of timers that the batch had no time for."""
    if timers:
        sql = "update timers_timer set attempts = 0, try_at = due_at where id = any(%s) and done_at is null"
        with connection.cursor() as cursor:
            cursor.execute(sql, [[timer.pk for timer in timers]])


def _write_error(timer: Timer, error: Exception) -> None:
    logger.warning("Timer %s (%s) failed, attempt %d", timer.pk, timer.kind, timer.attempts, exc_info=error)
    words = f"{type(error).__name__}: {error}"[:ERROR_LENGTH].replace("\x00", "")
    sql = "update timers_timer set last_error = %s where id = %s and due_at = %s and done_at is null"
    with connection.cursor() as cursor:
        cursor.execute(sql, [words, timer.pk, timer.due_at])


def _count(answers: list[Answer]) -> Swept:
    again = sum(answer.again_at is not None for answer in answers)
    return Swept(done=len(answers) - again, again=again)
