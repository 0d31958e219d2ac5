"""Where a merged ticket goes on, and what went on in one. Reads only."""

from collections.abc import Sequence

from django.db import connection

from tickets.models import Ticket

MERGED_INTO = """
with recursive gone(id) as (
  select %s::bigint union select row.id from tickets_ticket as row join gone on row.merged_into_id = gone.id
)
select id from gone
"""

SURVIVORS = """
with recursive goes_on(id, at, depth) as (
  select id, merged_into_id, 1 from tickets_ticket where id = any(%s) and merged_into_id is not null
  union all
  select goes_on.id, row.merged_into_id, depth + 1 from goes_on join tickets_ticket as row on row.id = goes_on.at
  where row.merged_into_id is not null and depth < 50
)
select distinct on (id) id, at from goes_on order by id, depth desc
"""


def survivors_of(keys: Sequence[int]) -> dict[int, int]:
    """Where each of these tickets goes on, for those that were merged. One query."""
    with connection.cursor() as cursor:
        cursor.execute(SURVIVORS, [list(keys)])
        return dict(cursor.fetchall())


def survivor_of(ticket: Ticket) -> int:
    """The key of the ticket that took this one in, itself when it was never merged."""
    seen = {ticket.pk}
    while ticket.merged_into and ticket.merged_into_id not in seen:
        ticket = ticket.merged_into
        seen.add(ticket.pk)
    return ticket.pk


def with_merged(ticket: Ticket) -> list[int]:
    """The keys of a ticket and of every one that was merged into it, directly or not. One query."""
    with connection.cursor() as cursor:
        cursor.execute(MERGED_INTO, [ticket.pk])
        return [pk for (pk,) in cursor.fetchall()]
