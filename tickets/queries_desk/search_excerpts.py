"""Where in a ticket the words stand: the text of it that has most of them, and a short piece of that."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from supportdesk.lib.excerpts import Lexemes, Piece
from tickets.queries_desk.search_grammar import Words

READ_CHARACTERS = 20_000

SQL = """
SELECT DISTINCT ON (ticket) ticket, source, name, text FROM (
    SELECT ticket_id AS ticket, 'text' AS source, '' AS name, left(text, {most}) AS text, created_at AS at, words
    FROM tickets_message WHERE ticket_id = ANY(%(tickets)s) AND words @@ %(text)s::tsquery
    UNION ALL SELECT ticket_id, 'note', '', left(text, {most}), created_at, words
    FROM tickets_note WHERE ticket_id = ANY(%(tickets)s) AND words @@ %(note)s::tsquery
    UNION ALL SELECT ticket_id, 'file', name, left(text, {most}), '-infinity', words
    FROM tickets_filetext WHERE ticket_id = ANY(%(tickets)s) AND words @@ %(file)s::tsquery
) AS texts ORDER BY ticket, {hits} DESC, at DESC
"""


@dataclass(frozen=True)
class Excerpt:
    """A part of a text. `source` is text, note or file; `name` the file's."""

    source: str
    name: str
    pieces: list[Piece]


def excerpts_of(tickets: Sequence[int], queries: dict[Words, str]) -> dict[int, Excerpt]:
    """For each ticket the text that has the most of what was looked for, the newest of those. One query."""
    if not tickets or not queries:
        return {}
    values: dict[str, list[int] | str] = {"tickets": list(tickets)}
    for source in ("text", "note", "file"):
        values[source] = " | ".join(f"({query})" for leaf, query in queries.items() if leaf.source in ("", source))
    hits = []
    for number, query in enumerate(queries.values()):
        values[f"hit{number}"] = query
        hits.append(f"(words @@ %(hit{number})s::tsquery)::int")
    with connection.cursor() as cursor:
        cursor.execute(SQL.format(most=READ_CHARACTERS, hits=" + ".join(hits)), values)
        rows = cursor.fetchall()
    looked = Lexemes(queries.values())
    return {ticket: Excerpt(source, name, looked.excerpt(text or name)) for ticket, source, name, text in rows}
