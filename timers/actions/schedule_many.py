"""The same as `schedule` and `cancel`, for many subjects in one statement each. Not for handlers of the same kind."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from timers.registry import registered

SCHEDULE = """
insert into timers_timer as timer (kind, subject, visit, number, due_at, try_at, attempts, last_error)
select %(kind)s, subject, visit, 0, due_at, due_at, 0, ''
from unnest(%(subjects)s::bigint[], %(visits)s::bigint[], %(due)s::timestamptz[]) as wanted (subject, visit, due_at)
on conflict (kind, subject, visit, number) do update
set due_at = excluded.due_at, try_at = excluded.try_at, attempts = 0, last_error = ''
where timer.done_at is null and timer.due_at <> excluded.due_at
"""
CANCEL = "delete from timers_timer where done_at is null and kind = %s and subject = any(%s)"


def schedule_many(*, kind: str, timers: Sequence[tuple[int, int, datetime]]) -> None:
    """Let `kind` fall due for each (subject, visit, due_at), in the caller's transaction. Raises UnknownKind."""
    registered(kind)
    if not timers:
        return
    subjects, visits, due = zip(*timers, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(SCHEDULE, {"kind": kind, "subjects": list(subjects), "visits": list(visits), "due": list(due)})


def cancel_many(*, kind: str, subjects: Sequence[int]) -> None:
    """Drop whatever waits of `kind` for these subjects."""
    with connection.cursor() as cursor:
        cursor.execute(CANCEL, [kind, list(subjects)])
