"""What the wiki lets the palette find (U8)."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from knowledgebase.access import articles_for
from knowledgebase.queries_search import find
from supportdesk.lib import palette
from supportdesk.lib.palette import A_GROUP, Asked, Found

SHORTEST = 2
PAGES = (
    ("Wiki: new page", "wiki:new", "pen"),
    ("Wiki: what waits for approval", "wiki:waiting", "clock"),
    ("Wiki: what is missing", "wiki:gaps", "search"),
    ("Wiki: what suggestions spare us", "wiki:deflection", "chart"),
    ("Wiki: monthly reading", "wiki:checks", "check"),
)


def register() -> None:
    """Called once the models are there."""
    palette.register("wiki", "Wiki", in_palette, order=35)


def in_palette(person, asked: Asked, now: datetime) -> Iterator[Found]:
    """Pages that this member of staff reads, and the wiki's own ways."""
    if len(asked.words) < SHORTEST or not person.is_staff_member:
        return
    for hit in find(person, asked.words, limit=A_GROUP, gate=articles_for(person), is_quick=True).rows:
        one = hit.article
        is_exact = one.title.casefold() == asked.words.casefold()
        yield Found(one.title, reverse("wiki:article", args=[one.slug]), "book", one.space.name, is_exact=is_exact)
    words = asked.words.casefold()
    yield from (Found(title, reverse(name), icon) for title, name, icon in PAGES if words in title.casefold())
