"""Ask for something to happen later, or no longer."""

from datetime import datetime

from django.db import connection

from timers.answering import current_answer
from timers.registry import registered

# Plain SQL: Django's upsert knows no condition, and a done timer has to stay done.
SCHEDULE = """
insert into timers_timer as timer (kind, subject, visit, number, due_at, try_at, attempts, last_error)
values (%s, %s, %s, %s, %s, %s, 0, '')
on conflict (kind, subject, visit, number) do update
set due_at = excluded.due_at, try_at = excluded.try_at, attempts = 0, last_error = ''
where timer.done_at is null and timer.due_at <> excluded.due_at
"""
CANCEL = """
delete from timers_timer
where done_at is null and kind = %(kind)s and subject = %(subject)s
    and (%(visit)s::bigint is null or visit = %(visit)s) and (%(number)s::integer is null or number = %(number)s)
    and (%(answering)s::bigint is null or id <> %(answering)s)
"""


def schedule(*, kind: str, subject: int, due_at: datetime, visit: int = 0, number: int = 0) -> None:
    """Let `kind` fall due for `subject` at `due_at`, once, as part of the caller's transaction.

    Asking again with another time moves it. A timer that is done stays done: a second life of the same thing
    takes another `visit` or `number`. A handler that schedules the very timer it is answering is asked again
    at that time. Raises UnknownKind, and ValueError for a naive time.
    """
    registered(kind)
    if due_at.tzinfo is None:
        raise ValueError("due_at needs a time zone.")
    answer = current_answer()
    if answer and answer.key == (kind, subject, visit, number):
        answer.again_at = due_at
        return
    with connection.cursor() as cursor:
        cursor.execute(SCHEDULE, [kind, subject, visit, number, due_at, due_at])


def cancel(*, kind: str, subject: int, visit: int | None = None, number: int | None = None) -> int:
    """Drop what is still waiting, and answer how many it was. No `visit` or `number` means all of them.

    The timer that the calling handler is answering is not counted: it ends as done, with its effects.
    """
    answer = current_answer()
    if answer and _covers(answer.key, (kind, subject, visit, number)):
        answer.again_at = None
    answering = answer.timer.pk if answer else None
    with connection.cursor() as cursor:
        cursor.execute(
            CANCEL, {"kind": kind, "subject": subject, "visit": visit, "number": number, "answering": answering}
        )
        return cursor.rowcount


def _covers(key: tuple, wanted: tuple) -> bool:
    return all(want is None or want == have for want, have in zip(wanted, key, strict=True))
