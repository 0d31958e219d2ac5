"""Read an import slice by slice: a slice, the place behind it, its counts and its list of refusals commit together.

Killed anywhere, a slice either happened with all of that or not at all, and the import's timer wakes the next worker.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError, connection, transaction

import timers
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint
from tickets.actions.imports.cases import write_cases
from tickets.actions.imports.files import Gone, rows_of
from tickets.actions.imports.mails import write_mails
from tickets.actions.imports.people import write_organisations, write_people
from tickets.actions.imports.taken import Outcome, Taken, refusal
from tickets.import_choices import STAGES, ExportKind, ImportState, RowsAre, Sort
from tickets.import_formats import columns, intercom, zendesk
from tickets.import_formats.records import Record, Row, Unreadable
from tickets.models import ImportFile, ImportRefusal, TicketImport

KIND = "tickets.import"
PATIENCE = timedelta(seconds=20)  # how long a worker may be missing before it is woken again
SECONDS = 10.0  # a worker goes on to other work after this, and comes back
SLICE = 1_000
MOST_MAILS = 200
SLICE_SECONDS = 2.0
SLICE_BYTES = 16 * 1024 * 1024  # and the record that goes beyond: what is held in memory at once
MOST_REFUSALS = 100_000
_WRITERS: dict[Sort, Callable] = {
    Sort.ORGANISATION: write_organisations, Sort.PERSON: write_people, Sort.TICKET: write_cases, Sort.MAIL: write_mails,
}  # fmt: skip
# Classes of SQLSTATE that speak of values: wrong data, a constraint, a text that is too large for an index.
_OF_A_ROW = ("22", "23", "54")
logger = logging.getLogger(__name__)


def stages_of(run: TicketImport) -> tuple[Sort, ...]:
    """What its files are read for, in this order. Each stage reads all of them."""
    if run.kind == ExportKind.MBOX:
        return (Sort.MAIL,)
    if run.kind == ExportKind.TABLE:
        return (Sort.PERSON if run.mapping.get("rows") == RowsAre.PEOPLE else Sort.TICKET,)
    return STAGES


def wake_again(*, run_id: int, now: datetime) -> datetime | None:
    """The timer of an import: until it is done somebody works on it."""
    if not TicketImport.objects.filter(pk=run_id, state=ImportState.RUNNING).exists():
        return None
    enqueue_on_commit("tickets.import_rows", run_id=run_id)
    return now + PATIENCE


def work(
    *, run_id: int, now: Callable[[], datetime], seconds: float = SECONDS, step: Callable[[int], object] | None = None
) -> bool:
    """Read on until the end or until `seconds` are over; whether nothing is left. Any number may call it at once.

    `step` is called after each slice with the bytes that it read.
    """
    until = time.monotonic() + seconds
    while True:
        found = take_slice(run_id=run_id, now=now())
        if step and found.bytes:
            step(found.bytes)
        if found.is_over or found.is_taken:
            return found.is_over
        if time.monotonic() > until:
            enqueue_on_commit("tickets.import_rows", run_id=run_id)
            return False


@dataclass
class Slice:
    """What one slice did. `is_taken`: somebody else is at it. `is_over`: there is nothing left to do."""

    bytes: int = 0
    is_over: bool = False
    is_taken: bool = False


def take_slice(*, run_id: int, now: datetime) -> Slice:
    """The next rows, in a transaction of their own."""
    with transaction.atomic():
        runs = TicketImport.objects.select_for_update(skip_locked=True, of=("self",)).select_related("by", "team")
        run = runs.filter(pk=run_id, state=ImportState.RUNNING).first()
        if run is None:
            is_there = TicketImport.objects.filter(pk=run_id, state=ImportState.RUNNING).exists()
            return Slice(is_over=not is_there, is_taken=is_there)
        file = run.files.filter(is_read=False).order_by("pk").first()
        if file is None:
            return _next_stage(run, now)
        with connection.cursor() as cursor:  # a power cut takes the slice back together with its place
            cursor.execute("set local synchronous_commit = off")
        found = Slice(_read(run, file, now))
        failpoint("tickets.import.before_commit")
    failpoint("tickets.import.after_commit")
    return found


def end(run: TicketImport, state: str, said: str, now: datetime) -> None:
    """No more of a locked run is read."""
    run.state, run.said, run.ended_at = state, said[:500], now
    run.save(update_fields=["state", "said", "ended_at"])
    timers.cancel(kind=KIND, subject=run.pk)
    enqueue_on_commit("insights.gather_all")


def _next_stage(run: TicketImport, now: datetime) -> Slice:
    if run.stage + 1 >= len(stages_of(run)):
        end(run, ImportState.DONE, "", now)
        return Slice(is_over=True)
    run.stage += 1
    run.save(update_fields=["stage"])
    run.files.update(is_read=False, place={})
    wanted = stages_of(run)[run.stage].value  # files that hold nothing of it are not read again
    run.files.exclude(pk__in=[int(key) for key, held in _holds(run).items() if wanted in held]).update(is_read=True)
    return Slice()


def _holds(run: TicketImport) -> dict[str, list[str]]:
    """What each file holds, as its first reading found."""
    return run.mapping.get("holds", {})


def _read(run: TicketImport, file: ImportFile, now: datetime) -> int:
    """One slice of a file; how many bytes it was."""
    before = int(file.place.get("at", 0))
    try:
        with rows_of(run, file) as rows:
            found = _collect(run, file, rows)
    except (Gone, Unreadable) as problem:
        file.is_read = True
        file.save(update_fields=["is_read"])
        if run.stage == 0:
            ImportRefusal.objects.create(run=run, file=file.name, row=0, why=str(problem)[:500])
            run.bad += 1
            run.save(update_fields=["bad"])
        return max(file.size - before, 0)
    if run.stage == 0 and len(stages_of(run)) > 1:
        key = str(file.pk)
        run.mapping["holds"] = _holds(run) | {key: sorted({*_holds(run).get(key, ()), *found.holds})}
    outcome = _write(run, found.sort, found.taken, now)
    outcome.refused += found.refused
    _count(run, outcome)
    file.place, file.is_read = found.place, found.is_end
    file.save(update_fields=["place", "is_read"])
    return max(int(file.place.get("at", 0)) - before, 0)


def _count(run: TicketImport, outcome: Outcome) -> None:
    listed = sorted(outcome.refused, key=lambda one: one.row)[: max(MOST_REFUSALS - run.bad, 0)]
    ImportRefusal.objects.bulk_create(listed, batch_size=500)
    run.made += outcome.made
    run.changed += outcome.changed
    run.same += outcome.same
    run.files_left += outcome.files_left
    run.bad += len(outcome.refused)
    run.save(update_fields=["made", "changed", "same", "files_left", "bad", "mapping"])


@dataclass
class _Found:
    """Rows of a slice that belong to the stage."""

    sort: Sort
    place: dict = field(default_factory=dict)
    is_end: bool = True
    holds: set[str] = field(default_factory=set)
    taken: list[Taken] = field(default_factory=list)
    refused: list[ImportRefusal] = field(default_factory=list)


def _collect(run: TicketImport, file: ImportFile, rows: Iterator[Row]) -> _Found:
    found, until = _Found(stages_of(run)[run.stage], file.place), time.monotonic() + SLICE_SECONDS
    most = MOST_MAILS if found.sort == Sort.MAIL else SLICE
    began = int(file.place.get("at", 0))
    for row in rows:
        found.place = {"at": row.place.at, "row": row.place.row, "inside": row.place.inside}
        if row.why:
            if run.stage == 0:
                found.refused.append(refusal(run, file.name, row.place.row, row.why, row.content))
        elif row.value is not None:
            _sort(run, file, row, found)
        is_much = len(found.taken) + len(found.refused) >= most or row.place.at - began > SLICE_BYTES
        if is_much or time.monotonic() > until:
            found.is_end = False
            break
    return found


def _sort(run: TicketImport, file: ImportFile, row: Row, found: _Found) -> None:
    """The records of a row that this stage takes."""
    for sort, external_id, content, make in _records(run, row):
        found.holds.add(sort.value)
        if sort != found.sort:
            continue
        try:
            found.taken += [Taken(file.name, row.place.row, record, content) for record in make()]
        except Unreadable as problem:
            found.refused.append(refusal(run, file.name, row.place.row, str(problem), content, external_id))
        except Exception:  # a shape that nobody thought of may not keep thousands of rows from coming
            logger.exception("A row could not be read", extra={"run": run.pk, "row": row.place.row})
            why = "It could not be read. The log says more."
            found.refused.append(refusal(run, file.name, row.place.row, why, content, external_id))


def _records(run: TicketImport, row: Row) -> Iterator[tuple[Sort, str, object, Callable[[], Iterator[Record]]]]:
    """Each record of a row: its sort, its number there, how it stood, and a function that makes it."""
    value = row.value
    if isinstance(value, dict):
        reading = zendesk if run.kind == ExportKind.ZENDESK else intercom
        for sort, record, hint in reading.read(value, row.hint):
            yield sort, reading.external_id(record), record, partial(reading.record, sort, record, hint)
    elif isinstance(value, list):
        number = columns.external_id(value, run.mapping)
        yield stages_of(run)[0], number, value, lambda: iter([columns.record(value, run.mapping)])
    else:
        yield Sort.MAIL, "", "", lambda: iter([value])  # type: ignore[list-item] # bytes of a mail


def _write(run: TicketImport, sort: Sort, taken: Sequence[Taken], now: datetime) -> Outcome:
    """All at once. Where the database refuses something, by halves, until the row that it means stands alone."""
    if not taken:
        return Outcome()
    try:
        with transaction.atomic():
            return _WRITERS[sort](run, taken, now)
    except (DatabaseError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        if _is_nobodys_fault(error):
            raise
        outcome = Outcome()
        if len(taken) == 1:
            logger.exception("A row could not be kept", extra={"run": run.pk, "row": taken[0].row})
            outcome.refuse(run, taken[0], "It could not be kept. The log says more.")
            return outcome
    half = len(taken) // 2
    for part in (taken[:half], taken[half:]):
        outcome.add(_write(run, sort, part, now))
    return outcome


def _is_nobodys_fault(error: Exception) -> bool:
    """Whether the database was away or busy, and the same rows may pass the next time."""
    code = getattr(error.__cause__, "pgcode", None) or ""
    return isinstance(error, DatabaseError) and code[:2] not in _OF_A_ROW
