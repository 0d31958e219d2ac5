"""Words among millions of texts, in bounded time: what each means to the database, and which tickets have it.

Every text that is searched keeps its words in the column `words`, together with the blocks of ticket numbers that it
stands in (docs/decisions/search.md). So "this word among the newest 16,384 tickets" is one look at one index.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from tickets.queries_desk.search_grammar import Words

# source: (table, the column that names its ticket)
TABLES = {
    "subject": ("tickets_ticket", "id"),
    "text": ("tickets_message", "ticket_id"),
    "note": ("tickets_note", "ticket_id"),
    "file": ("tickets_filetext", "ticket_id"),
}
WHOLE = "desk_query(%s, false)"
# The open word as it begins, and as a whole by its stem: `batteries*` finds battery too.
OPEN = "desk_query(%s, true) || desk_query(%s, false)"
OPEN_PHRASE = f"phraseto_tsquery('desk', desk_parts(desk_plain(%s))) <-> ({OPEN})"
DATED = ("subject", "text")
EARLIEST = 1970
BLOCKS = (11, 14, 17)
MOST_BLOCKS = 24


@dataclass(frozen=True)
class Span:
    """Ticket numbers from `low` to below `high`."""

    low: int
    high: int

    @property
    def blocks(self) -> str:
        """The words of the blocks that cover it, "" when those would be too many to help."""
        for bits in BLOCKS:
            first, last = self.low >> bits, (self.high - 1) >> bits
            if last - first < MOST_BLOCKS:
                return " | ".join(f"'~{bits}:{number}'" for number in range(first, last + 1))
        return ""


@dataclass(frozen=True)
class Meanings:
    """What the leaves of a search are to the database, and the highest ticket number there is."""

    queries: dict[Words, str]
    newest: int


def meanings_of(leaves: Iterable[Words]) -> Meanings:
    """Ask the database for the query of each leaf; one that holds no word of any kind is "". One query."""
    asked = list(dict.fromkeys(leaves))
    columns, values = "", []
    for leaf in asked:
        head, _, last = leaf.text.rpartition(" ") if leaf.is_open else ("", "", leaf.text)
        columns += f", ({OPEN_PHRASE if head else OPEN if leaf.is_open else WHOLE})::text"
        values += [head, last, last] if head else [last, last] if leaf.is_open else [last]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT (SELECT max(id) FROM tickets_ticket){columns}", values)  # noqa: S608 - our own words
        newest, *queries = cursor.fetchone()
    return Meanings(dict(zip(asked, queries, strict=True)), newest or 0)


def expected(leaves: Sequence[Words], meanings: Meanings) -> dict[Words, int]:
    """In how many texts the planner expects each leaf, by its statistics, without looking at a row. One query."""
    if not leaves:
        return {}
    sql, values = [], []
    for leaf in leaves:
        for table, _ in _tables(leaf):
            sql.append(f"SELECT 1 FROM {table} WHERE words @@ %s::tsquery")  # noqa: S608 - our own names
            values.append(meanings.queries[leaf])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {' UNION ALL '.join(sql)}", values)
        (found,) = cursor.fetchone()
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    rows = iter([part["Plan Rows"] for part in plan["Plans"]] if len(sql) > 1 else [plan["Plan Rows"]])
    return {leaf: sum(next(rows) for _ in _tables(leaf)) for leaf in leaves}


def months_before(moment: datetime) -> str:
    """The words of the months in which a text before `moment` was written."""
    at = moment.astimezone(UTC)
    years = [f"'~y:{year}'" for year in range(EARLIEST, at.year)]
    months = [f"'~m:{at.year * 12 + month}'" for month in range(1, at.month + 1)]
    return " | ".join([*years, *months])


def having_any(
    leaves: Sequence[Words], meanings: Meanings, span: Span | None, *, limit: int, before: datetime | None = None
) -> list[int]:
    """The newest tickets within `span` that have one of the leaves somewhere, at most `limit`. One query.

    `before`: subjects and messages of later months need not be found.
    """
    sql, values = [], []
    for source, (table, ticket) in TABLES.items():
        queries = [f"({meanings.queries[leaf]})" for leaf in leaves if leaf.source in ("", source)]
        if not queries:
            continue
        query, within = " | ".join(queries), ""
        if before is not None and source in DATED:
            query = f"({query}) & ({months_before(before)})"
        if span is not None:
            query = f"({query}) & ({span.blocks})" if span.blocks else query
            # `+ 0`: only the index of words is to be used. Its cost follows the matches, that of a range all its texts.
            within = f" AND {ticket} + 0 >= %s AND {ticket} + 0 < %s"
        sql.append(f"SELECT {ticket} AS ticket FROM {table} WHERE words @@ %s::tsquery{within}")  # noqa: S608
        values += [query, *((span.low, span.high) if span is not None else ())]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT ticket FROM ({' UNION ALL '.join(sql)}) AS found ORDER BY ticket DESC LIMIT {int(limit)}",  # noqa: S608
            values,
        )
        return [row[0] for row in cursor.fetchall()]


def marks_of(tickets: Sequence[int], leaves: Sequence[Words], meanings: Meanings) -> dict[int, tuple[bool, ...]]:
    """For each ticket, which of the leaves stand somewhere in it. One query; it reads all texts of these tickets."""
    tests, values = [], []
    for leaf in leaves:
        here = " AND source = %s" if leaf.source else ""
        tests.append(f"bool_or(words @@ %s::tsquery{here})")
        values += [meanings.queries[leaf], *([leaf.source] if leaf.source else [])]
    wanted = {leaf.source for leaf in leaves}
    sources = TABLES if "" in wanted else {source: TABLES[source] for source in TABLES if source in wanted}
    parts = [f"SELECT {ticket} AS ticket, '{source}' AS source, words FROM {table} WHERE {ticket} = ANY(%s)"  # noqa: S608
             for source, (table, ticket) in sources.items()]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ticket, {', '.join(tests)} FROM ({' UNION ALL '.join(parts)}) AS texts GROUP BY ticket",  # noqa: S608
            [*values, *[list(tickets)] * len(parts)],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return {ticket: tuple(marks) for ticket, *marks in rows}


def _tables(leaf: Words) -> list[tuple[str, str]]:
    return [TABLES[leaf.source]] if leaf.source else list(TABLES.values())
