"""Do a bulk job and take it back: batch by batch, each in a transaction with the items that it settles.

Killed anywhere, a batch has either happened with its items or not at all, and the job's timer wakes the next worker.
One worker at a time holds the job; tickets are locked in the order of their keys, so that two jobs on the same
tickets wait for each other and never for ever.
"""

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction

import timers
from accounts.access import can
from accounts.journal import record_all
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.live import announce
from tickets.actions import deeds
from tickets.actions.bulk.verbs import VERBS, Batch, Verb
from tickets.actions.keeping import Line
from tickets.actions.many import keep_many, locked_many, write_events
from tickets.choices import BulkState, ItemState
from tickets.models import BulkItem, BulkJob, Ticket
from tickets.refusals import Refused

KIND = "tickets.bulk"
# How long a worker may be missing before it is woken again.
PATIENCE = timedelta(seconds=15)
BATCH = 100
# Of a verb that keeps its tickets one by one: others wait for the journal until the batch is through.
FEW = 10
# A worker goes on to other work after this, and comes back: a mail never waits behind 100,000 tickets.
SECONDS = 10.0
# So few are done before the page answers.
AT_ONCE = 25
# The strip offers an undo as long as for one ticket; the job's own page for so long.
UNDO_FOR = timedelta(hours=1)

SETTLE = """
update tickets_bulkitem as item set state = now_is.state, why = now_is.why, changes = now_is.changes::jsonb
from unnest(%(ids)s::bigint[], %(states)s::text[], %(why)s::text[], %(changes)s::text[])
    as now_is (id, state, why, changes)
where item.id = now_is.id
"""


class CannotBegin(Refused):
    """The job was begun already, or what it needs is missing."""


class CannotUndo(Refused):
    """It is too late, or the job was taken back already."""


def begin(*, job: BulkJob, verb: str, arguments: dict, by, now: datetime) -> BulkJob:
    """Start what was chosen. A small job is done when this returns. Begun twice, it is done once.

    Raises CannotBegin.
    """
    if verb not in VERBS:
        raise CannotBegin("Choose what to do with the tickets.")
    _announce_work(job, verb, arguments, by, now)
    if job.total <= AT_ONCE:
        run(job_id=job.pk, now=now)
    return job


@transaction.atomic
def _announce_work(job: BulkJob, verb: str, arguments: dict, by, now: datetime) -> None:
    did = VERBS[verb].did(VERBS[verb].load(arguments))
    begun = BulkJob.objects.filter(pk=job.pk, by=by, state=BulkState.CHOSEN).update(
        state=BulkState.RUNNING, verb=verb, arguments=arguments, words=did[:200], began_at=now
    )
    if not begun:
        raise CannotBegin("This was begun already.")
    _wake_worker(job.pk, now)


@transaction.atomic
def undo(*, job: BulkJob, by, now: datetime) -> None:
    """Take everything back that nobody changed since, once; a job that still runs stops first. Raises CannotUndo."""
    row = BulkJob.objects.select_for_update().get(pk=job.pk)
    if row.by_id != by.pk or row.state in (BulkState.CHOSEN, BulkState.UNDOING, BulkState.UNDONE):
        raise CannotUndo("That was taken back already.")
    if row.ended_at is not None and row.ended_at + UNDO_FOR <= now:
        raise CannotUndo("It is too late to take that back.")
    row.state, row.undone_at, row.ended_at = BulkState.UNDOING, now, None
    row.save(update_fields=["state", "undone_at", "ended_at"])
    row.items.filter(state=ItemState.WAITING).update(state=ItemState.LEFT, why="Taken back before it was done.")
    _wake_worker(row.pk, now)


def undo_now(*, job: BulkJob, by, now: datetime) -> None:
    """As `undo`; a small job is as it was when this returns."""
    undo(job=job, by=by, now=now)
    if job.total <= AT_ONCE:
        run(job_id=job.pk, now=now)


def run(*, job_id: int, now: datetime) -> bool:
    """Work on a job until it is done or SECONDS are over; answers whether it is done. Any number may call it."""
    started = time.monotonic()
    while True:
        left = step(job_id=job_id, now=now)
        if not left:
            return True
        if time.monotonic() - started > SECONDS:
            enqueue_on_commit("tickets.run_bulk", job_id=job_id)
            return False


@transaction.atomic
def step(*, job_id: int, now: datetime) -> bool:
    """One batch; False when nothing is left, or another worker has the job."""
    job = (
        BulkJob.objects.select_for_update(skip_locked=True, of=("self",)).select_related("by").filter(pk=job_id).first()
    )
    if job is None or job.state not in _STEPS:
        return False
    todo, act = _STEPS[job.state]
    size = FEW if VERBS[job.verb].alone and job.state == BulkState.RUNNING else BATCH
    items = list(job.items.filter(state=todo).order_by("ticket_id")[:size])
    if not items:
        _end(job, now)
        return False
    act(job, items, now)
    announce(f"bulk:{job.pk}")
    failpoint("tickets.bulk.before_commit")
    return True


def _do(job: BulkJob, items: list[BulkItem], now: datetime) -> None:
    verb, batch = VERBS[job.verb], Batch(job.by, now)
    rows, by_ticket = locked_many(item.ticket_id for item in items), {item.ticket_id: item for item in items}
    try:
        given = _given(job)
    except Refused as refusal:
        _settle(items, {item.ticket_id: (ItemState.REFUSED, str(refusal)) for item in items})
        return
    if verb.alone:
        settled = {row.pk: _do_alone(verb, row, given, batch, by_ticket[row.pk]) for row in rows}
        _settle(items, settled)
        return
    lines: list[tuple[Ticket, Line]] = []
    settled = {}
    for row in rows:
        settled[row.pk] = _act(verb, row, given, batch, lines)
    changed = [row for row, _ in lines]
    keep_many(changed, promises=batch.promises, now=now)
    for row in changed:
        by_ticket[row.pk].changes = deeds.changes_of(row, verb.parts)
    write_events([(row, line) for row, line in lines if line.kind], by=job.by, now=now)
    _settle(items, settled)
    _journal(job, f"tickets.bulk_{verb.name}", changed, {"job": job.pk, **job.arguments}, now)


def _given(job: BulkJob):
    if not can(job.by, "tickets.work"):
        raise Refused("Your role does not let you change tickets any more.")
    return VERBS[job.verb].load(job.arguments)


def _act(verb: Verb, row: Ticket, given, batch: Batch, lines: list[tuple[Ticket, Line]]) -> tuple[str, str]:
    try:
        line = verb.act(row, given, batch)
    except Refused as refusal:
        return ItemState.REFUSED, str(refusal)
    if line is None:
        return ItemState.SAME, ""
    lines.append((row, line))
    return ItemState.DONE, ""


def _do_alone(verb: Verb, row: Ticket, given, batch: Batch, item: BulkItem) -> tuple[str, str]:
    try:
        with transaction.atomic():
            parts = verb.alone(row, given, batch, f"bulk:{item.job_id}") if verb.alone else None
    except Refused as refusal:
        return ItemState.REFUSED, str(refusal)
    as_locked = row.__dict__["_as_locked"]
    row.refresh_from_db()
    row.__dict__["_as_locked"] = as_locked
    if parts is None:
        return ItemState.SAME, ""
    item.changes = deeds.changes_of(row, parts)
    return ItemState.DONE, ""


def _take_back(job: BulkJob, items: list[BulkItem], now: datetime) -> None:
    batch, by_ticket = Batch(job.by, now), {item.ticket_id: item for item in items}
    settled: dict[int, tuple[str, str]] = {}
    restored: list[Ticket] = []
    for row in locked_many(by_ticket):
        if row.merged_into_id:
            settled[row.pk] = (ItemState.LEFT, f"It was merged into ticket {row.merged_into_id} since.")
            continue
        outcome = deeds.restore(row, by_ticket[row.pk].changes, promise_of=batch.promises, now=now)
        if outcome.restored:
            restored.append(row)
        settled[row.pk] = (ItemState.UNDONE, "") if outcome.restored else (ItemState.LEFT, _why_left(outcome))
    keep_many(restored, promises=batch.promises, now=now)
    lines = [(row, Line("undone", *deeds.undone_line(row, job.by))) for row in restored]
    write_events(lines, by=job.by, now=now)
    _settle(items, settled)
    _journal(job, "tickets.bulk_undo", restored, {"job": job.pk}, now)


def _why_left(outcome: deeds.Outcome) -> str:
    if not outcome.left:
        return "What was written on it stays: a note cannot be taken back."
    return f"Somebody changed {' and '.join(outcome.left)} since."


_Act = Callable[[BulkJob, list[BulkItem], datetime], None]
_STEPS: dict[str, tuple[str, _Act]] = {
    BulkState.RUNNING: (ItemState.WAITING, _do),
    BulkState.UNDOING: (ItemState.DONE, _take_back),
}


def _settle(items: list[BulkItem], settled: dict[int, tuple[str, str]]) -> None:
    gone = (ItemState.REFUSED, "The ticket is not here any more.")
    found = [settled.get(item.ticket_id, gone) for item in items]
    with connection.cursor() as cursor:
        cursor.execute(
            SETTLE,
            {
                "ids": [item.pk for item in items],
                "states": [str(state) for state, _ in found],
                "why": [why[:300] for _, why in found],
                "changes": [json.dumps(item.changes) for item in items],
            },
        )


def _journal(job: BulkJob, action: str, rows: list[Ticket], data: dict, now: datetime) -> None:
    record_all(by=job.by, action=action, subjects=rows, data=data, now=now)


def _end(job: BulkJob, now: datetime) -> None:
    job.state = BulkState.DONE if job.state == BulkState.RUNNING else BulkState.UNDONE
    job.ended_at = now
    job.save(update_fields=["state", "ended_at"])
    timers.cancel(kind=KIND, subject=job.pk)
    announce(f"bulk:{job.pk}")


def _wake_worker(job_id: int, now: datetime) -> None:
    """The timer is the job's promise; the wake-up only makes it quick."""
    timers.schedule(kind=KIND, subject=job_id, visit=int(now.timestamp() * 1_000_000), due_at=now + PATIENCE)
    announce(f"bulk:{job_id}")
    enqueue_on_commit("tickets.run_bulk", job_id=job_id)


def wake_again(*, job_id: int, now: datetime) -> datetime | None:
    """The job's timer fell due: wake a worker if it is not done, and answer when to ask again."""
    if not BulkJob.objects.filter(pk=job_id, state__in=_STEPS).exists():
        return None
    enqueue_on_commit("tickets.run_bulk", job_id=job_id)
    return now + PATIENCE
