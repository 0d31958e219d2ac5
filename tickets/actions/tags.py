"""The words that tickets are tagged with: known once used, offered, and renamed on every ticket that carries them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

import timers
from tickets.models import Tag, Ticket

RENAME = "tickets.rename_tag"
AT_ONCE = 500
SOON = timedelta(milliseconds=1)
SOMEBODY_WORKS_ON_ONE = timedelta(seconds=2)

# A ticket that carries both words keeps one. Rows that somebody holds are met the next time.
CARRY = """
update tickets_ticket set updated_at = %(now)s, tags = case when %(new)s = any(tags)
  then array_remove(tags, %(old)s::varchar) else array_replace(tags, %(old)s::varchar, %(new)s::varchar) end
where id in (
  select id from tickets_ticket where tags @> array[%(old)s]::varchar(60)[] limit %(most)s for update skip locked
)
"""
IS_CARRIED = "select exists(select from tickets_ticket where tags @> array[%(old)s]::varchar(60)[])"
KNOW = "insert into tickets_tag (name, becomes, made_at) select unnest(%s::varchar[]), '', %s on conflict do nothing"


def notice(tickets: Iterable[Ticket], *, now: datetime) -> None:
    """Called where every verb ends, on rows that were locked: tags that are new on them are known from now on.

    One query when a tag was added, else none.
    """
    added = {
        tag for row in tickets for tag in row.tags if tag not in row.__dict__.get("_as_it_was", {}).get("tags", ())
    }
    know(added, now=now)


def know(names: set[str], *, now: datetime) -> None:
    """These tags are offered from now on. One query, none for no names."""
    if names:
        with connection.cursor() as cursor:
            cursor.execute(KNOW, [sorted(names), now])


def start_carrying(tag: Tag, *, now: datetime) -> None:
    """Let every ticket with `tag` get the word that it becomes, in the background."""
    timers.schedule(kind=RENAME, subject=tag.pk, due_at=now)


@transaction.atomic
def carry(*, tag_id: int, now: datetime) -> datetime | None:
    """Rename a tag on the next AT_ONCE tickets; answers when to go on, None when no ticket carries it any more.

    Runs in its timer's transaction: killed in the middle, that batch has not happened and is done again.
    """
    tag = Tag.objects.select_for_update().filter(pk=tag_id).exclude(becomes="").first()
    if tag is None:
        return None
    values: dict[str, str | int | datetime] = {"old": tag.name, "new": tag.becomes, "now": now, "most": AT_ONCE}
    with connection.cursor() as cursor:
        cursor.execute(CARRY, values)
        if cursor.rowcount:
            return now + SOON
        cursor.execute(IS_CARRIED, values)
        if cursor.fetchone()[0]:
            return now + SOMEBODY_WORKS_ON_ONE
    tag.delete()
    return None
