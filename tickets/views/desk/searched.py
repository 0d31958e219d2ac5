"""What the list says about a search beside its rows: where the words stand, how many there are, what might help."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from supportdesk.lib.excerpts import Lexemes, Piece
from tickets.models import Ticket
from tickets.queries_desk import search as searching
from tickets.queries_desk.inbox import shown_count
from tickets.queries_desk.search_excerpts import Excerpt, excerpts_of
from tickets.queries_desk.search_spelling import Hint, hint_for
from tickets.querysets import TicketQuerySet

WHERE = {"note": "Note", "file": "File"}


@dataclass(frozen=True)
class Searched:
    """A page of a search."""

    search: searching.Search
    found: searching.Found
    excerpts: dict[int, Excerpt]
    lexemes: Lexemes
    hint: Hint | None = None

    @property
    def total(self) -> str:
        """How many tickets match: "8", "1,000+", "312+" when the search did not come to the end."""
        number = len(self.found.tickets)
        if number > searching.MOST or self.found.is_whole:
            return shown_count(number)
        return f"{number}+"

    @property
    def looked_at(self) -> str:
        """Down to which ticket was looked, "" when all were."""
        return "" if self.found.is_whole else f"#{self.found.looked_to}"

    def marked(self, ticket: Ticket) -> dict[str, SafeString]:
        """The subject and the excerpt of a row, escaped, with marks."""
        excerpt = self.excerpts.get(ticket.pk)
        return {
            "subject": markup(self.lexemes.marked(ticket.subject)),
            "excerpt": _with_source(excerpt) if excerpt else SafeString(""),
        }

    def with_hint(self, base: TicketQuerySet, *, person, now: datetime) -> "Searched":
        """With what might help. A few more queries."""
        if self.search.is_empty or not self.found.is_whole:  # there may be more: looking further comes first
            return self
        return replace(self, hint=hint_for(base, self.search, person=person, now=now))


def searched_of(search: searching.Search, found: searching.Found, tickets: list[Ticket]) -> Searched:
    """One query for the excerpts of the tickets that are shown."""
    excerpts = excerpts_of([ticket.pk for ticket in tickets], search.queries)
    return Searched(search, found, excerpts, Lexemes(search.queries.values()))


def markup(pieces: list[Piece]) -> SafeString:
    """Escaped, then marked (S28)."""
    return format_html_join(
        "", "{}{}{}",
        ((SafeString("<mark>"), piece.text, SafeString("</mark>")) if piece.is_match else ("", piece.text, "")
         for piece in pieces),
    )  # fmt: skip


def _with_source(excerpt: Excerpt) -> SafeString:
    if excerpt.source not in WHERE:
        return markup(excerpt.pieces)
    return format_html(
        '<span class="src">{}{}</span> {}', WHERE[excerpt.source], f" {excerpt.name}" if excerpt.name else "",
        markup(excerpt.pieces),
    )  # fmt: skip
