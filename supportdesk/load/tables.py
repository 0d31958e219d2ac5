"""Keys in one piece, and tables without their indexes while rows come by COPY."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, models

from supportdesk.lib.copying import NULL, Copy, escape, value

__all__ = ["NULL", "Copy", "escape", "reserve", "value", "without_indexes"]

FOREIGN_KEYS_AND_INDEXES = """
select format('alter table %%s drop constraint %%I', conrelid::regclass, conname),
    format('alter table %%s add constraint %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
from pg_constraint where conrelid = any(%(tables)s::regclass[]) and contype in ('f', 'u')
union all
select format('drop index %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
from pg_index where indrelid = any(%(tables)s::regclass[]) and not indisprimary
    and not exists (select from pg_constraint where conindid = indexrelid)
"""


RESERVE = "select setval(pg_get_serial_sequence(%s, 'id'), nextval(pg_get_serial_sequence(%s, 'id')) + %s - 1) - %s + 1"


def reserve(model: type[models.Model], count: int) -> int:
    """Take `count` keys from the table's sequence for ourselves, while nobody else works, and answer the first."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, [table, table, count, count])
        return cursor.fetchone()[0]


@contextmanager
def without_indexes(*tables: type[models.Model], memory: str = "256MB") -> Iterator[list[str]]:
    """Drop secondary indexes and foreign keys for the block and build them again at its end, checked.

    Belongs in one transaction with the rows: an error or a kill leaves everything as it was, indexes included.
    Nobody else reaches these tables meanwhile. Yields the statements that will build.
    """
    names = [table._meta.db_table for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEYS_AND_INDEXES, {"tables": names})
        found = cursor.fetchall()
        # Keys first to go and last to come: a key may rest on an index.
        for drop, _ in sorted(found, key=lambda pair: pair[0].startswith("drop index")):
            cursor.execute(drop)
        build = [make for _, make in sorted(found, key=lambda pair: "FOREIGN KEY" in pair[1])]
        yield build
        cursor.execute("select set_config('maintenance_work_mem', %s, true)", [memory])
        for statement in build:
            cursor.execute(statement)
