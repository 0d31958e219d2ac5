"""What `keeping` does to one ticket, for many at once: locked in one order, kept in a few statements."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

import timers
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.live import announce_all
from tickets import clocks
from tickets.actions import closings, happenings, left_behind, publishing, tags
from tickets.actions.keeping import LOOK, Line, has_new_reason, next_look, remember, settle
from tickets.choices import Category
from tickets.models import Ticket, TicketEvent


class Promises:
    """The promises that hold for many tickets, each read once: `promises(row)`."""

    def __init__(self) -> None:
        self._known: dict[tuple[int | None, str], clocks.Promise | None] = {}

    def __call__(self, row: Ticket) -> clocks.Promise | None:
        key = (row.promised_level_id, row.priority)
        if key not in self._known:
            self._known[key] = clocks.promise_for(row)
        row.__dict__["_promise"] = (key, self._known[key])
        return self._known[key]


def locked_many(keys: Iterable[int]) -> list[Ticket]:
    """The rows that exist, locked and in the order of their keys: whoever locks several does it in this order."""
    keys = sorted(set(keys))
    list(Ticket.objects.filter(pk__in=keys).order_by("pk").select_for_update().values_list("pk", flat=True))
    related = ("team__service_level", "status", "requester", "assignee", "service_level__calendar")
    rows = list(publishing.with_listeners(Ticket.objects.select_related(*related)).filter(pk__in=keys).order_by("pk"))
    for row in rows:
        remember(row)
    return rows


def keep_many(rows: Sequence[Ticket], *, promises: Promises, now: datetime) -> None:
    """As `keeping.keep`, for locked rows."""
    if not rows:
        return
    timers.cancel_many(kind=LOOK, subjects=[row.pk for row in rows])
    for row in rows:
        settle(row, promises(row), now)
    left_behind.note([(row, promises(row)) for row in rows], now=now)
    _save(rows)
    due = [(row.pk, row.visit, next_look(row, promises(row), now)) for row in rows if row.category != Category.CLOSED]
    timers.schedule_many(kind=LOOK, timers=due)
    learned = [row.pk for row in rows if has_new_reason(row)]
    if learned:
        enqueue_on_commit("tickets.learn_reasons", ticket_ids=learned)
    closings.note_all(rows, now=now)
    tags.notice(rows, now=now)
    waiting: happenings.Waiting = {}
    for row in rows:
        publishing.tell(row, now=now)
        happenings.notice(row, now=now, known=waiting)
    announce_all([row.subject_key for row in rows])


def write_events(lines: Iterable[tuple[Ticket, Line]], *, by, now: datetime) -> None:
    """A line in the thread of each."""
    TicketEvent.objects.bulk_create(
        TicketEvent(ticket=row, kind=line.kind, text=line.text[:300], by=by, created_at=now, is_public=line.is_public)
        for row, line in lines
    )


def _save(rows: Sequence[Ticket]) -> None:
    """Write the columns that changed on any of the rows, in one statement."""
    columns = [
        column
        for column in Ticket._meta.concrete_fields
        if not column.primary_key
        and any(row.__dict__[column.attname] != row.__dict__["_as_locked"][column.attname] for row in rows)
    ]
    names = ", ".join(f'"{column.column}"' for column in columns)
    sets = ", ".join(f'"{column.column}" = new."{column.column}"' for column in columns)
    one = ", ".join(["%s::bigint", *(f"%s::{column.db_type(connection)}" for column in columns)])
    values: list = []
    for row in rows:
        values.append(row.pk)
        values += [column.get_db_prep_save(row.__dict__[column.attname], connection) for column in columns]
    every = ", ".join([f"({one})"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"update tickets_ticket as old set {sets} from (values {every}) as new (id, {names}) "  # noqa: S608 - columns
            "where old.id = new.id",
            values,
        )
