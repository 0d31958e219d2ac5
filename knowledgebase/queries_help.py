"""What the help centre shows before anybody looks for something."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from django.db.models import QuerySet

from knowledgebase.access import articles_for, spaces_for
from knowledgebase.choices import PUBLIC_SIDE, ArticleKind
from knowledgebase.models import Article, Space
from knowledgebase.queries_tree import Branch, branches_of, put_below
from supportdesk.lib.compiled import CompiledRows, Gap

A_SPACE = 12
BELOW = 5
POPULAR = 6
A_PAGE = 50
IN_FEED = 30
IN_SITEMAP = 50_000


def for_readers(person) -> QuerySet[Article]:
    """What the help centre offers to `person`: published pages of the spaces that customers read, to staff too."""
    return (
        articles_for(person)
        .published()
        .filter(space__visibility__in=sorted(PUBLIC_SIDE), space__archived_at=None)
        .exclude(kind=ArticleKind.TEMPLATE)
    )


def help_spaces(person) -> list[Space]:
    """The spaces of the help centre."""
    return [space for space in spaces_for(person) if space.is_public_side and not space.archived_at]


def front(person, now: datetime) -> list[Branch]:
    """Each space with its first pages and what stands below them; an empty one is left out. Three queries."""
    spaces, rows = help_spaces(person), for_readers(person)
    found = branches_of(spaces, rows, now, dict.fromkeys((space.pk for space in spaces), A_SPACE))
    put_below([node for branch in found for node in branch.nodes], rows, BELOW, now)
    return [branch for branch in found if branch.nodes]


def popular(person) -> list[Article]:
    """What was opened most in the last 30 days."""
    rows = for_readers(person).filter(entry__popularity__gt=0)
    return list(rows.order_by("-entry__popularity", "pk").only("slug", "title", "summary")[:POPULAR])


def below(person, article: Article) -> list[Article]:
    """The pages that stand below it, in their order."""
    if not (person and person.is_authenticated):
        return _below_for_strangers().fetch({"above": article.pk})
    return list(_below(for_readers(person), article.pk))


def _below(rows: QuerySet[Article], above: int | Gap) -> QuerySet[Article]:
    return rows.filter(parent_id=above).order_by("position", "title", "pk").only("slug", "title")[:A_PAGE]


@cache
def _below_for_strangers() -> CompiledRows[Article]:
    return CompiledRows(_below(for_readers(None), Gap("above", Article._meta.pk)))


def pages_of(rows: QuerySet[Article], space: Space, after: str) -> tuple[list[Article], str]:
    """A page of a space's articles by title, and where the next one begins ("" for the last)."""
    known = rows.filter(space=space).order_by("title", "pk").select_related("owner")
    title, _, pk = after.rpartition("~")
    if pk.isascii() and pk.isdigit() and len(pk) < 19 and "\0" not in title:
        known = known.extra(where=["(title, knowledgebase_article.id) > (%s, %s)"], params=[title, int(pk)])
    found = list(known[: A_PAGE + 1])
    last = found[A_PAGE - 1] if len(found) > A_PAGE else None
    return found[:A_PAGE], f"{last.title}~{last.pk}" if last else ""


def newest(number: int = IN_FEED) -> Sequence[Article]:
    """What everybody may read, newest first: for the feed."""
    return list(for_readers(None).select_related("space").order_by("-published_at", "-pk")[:number])


def addresses() -> QuerySet:
    """Slug and last change of what everybody may read: for the sitemap."""
    return for_readers(None).order_by("-published_at", "-pk").values_list("slug", "updated_at")[:IN_SITEMAP]
