"""What writers look at: what waits for somebody, what they have begun, what a page said before."""

import re
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Person
from knowledgebase.access import articles_for, may_answer
from knowledgebase.choices import ArticleKind
from knowledgebase.differing import Diff, Piece, compare, words
from knowledgebase.models import Article, ArticleDraft, Redirect, Revision
from knowledgebase.queries_process import process_of
from knowledgebase.template_text import problems_in

MOST = 100
A_PAGE = 40
TEMPLATES = "templates"
MOST_NAMED = 500
_ARTICLE = re.compile(r"/a/([a-z0-9_-]{1,120})/(?:#|$)")


@dataclass(frozen=True)
class Waiting:
    """A suggestion in the queue. `theirs_to_answer`: this person may say yes or no, unless it holds their words."""

    revision: Revision
    is_own: bool
    is_owner: bool
    theirs_to_answer: bool


@dataclass(frozen=True)
class Compared:
    """Two versions of a page side by side. `title` is set where the title differs: the old one, the new one."""

    old: Revision | None
    new: Revision
    diff: Diff
    title: tuple[list[Piece], list[Piece]] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not self.diff and self.title is None


def waiting_for(person: Person) -> list[Waiting]:
    """What waits for approval on pages that `person` reads, the oldest first. Two queries."""
    rows = (
        Revision.objects.waiting()
        .filter(article__in=Article.objects.readable_by(person).current())
        .select_related("article__space", "article__owner", "author")
        .defer("markdown", "html", "headings")
        .order_by("submitted_at", "pk")[:MOST]
    )
    return [
        Waiting(
            row,
            row.author_id == person.pk,
            row.article.owner_id == person.pk,
            may_answer(person, row.article.space)
            and not (row.article.space.needs_approval and row.author_id == person.pk),
        )
        for row in rows
    ]


def drafts_of(person: Person) -> list[ArticleDraft]:
    """What `person` has begun and not saved, the newest first; of pages that they still read."""
    rows = ArticleDraft.objects.filter(person=person).select_related("article", "space").defer("markdown")
    readable = set(articles_for(person).filter(drafts__person=person).values_list("pk", flat=True))
    return [
        row for row in rows.order_by("-updated_at", "-pk")[:MOST] if not row.article_id or row.article_id in readable
    ]


def draft_of(person: Person, *, article: Article | None = None, pk: int = 0) -> ArticleDraft | None:
    """One's draft of a page, or of a new page by its key."""
    rows = ArticleDraft.objects.filter(person=person).select_related("space")
    return (rows.filter(article=article) if article else rows.filter(article=None, pk=pk)).first()


def suggestions(article: Article) -> list[Revision]:
    """What waits on a page, the newest first."""
    rows = article.revisions.waiting().select_related("author", "article__space").order_by("-no")
    return list(rows[:MOST])


def history(article: Article, before: int | None = None) -> tuple[list[Revision], int | None]:
    """The versions of a page, the newest first, and the number from which older ones go on."""
    rows = article.revisions.select_related("author", "reviewer").defer("markdown", "html", "headings").order_by("-no")
    if before:
        rows = rows.filter(no__lt=before)
    found = list(rows[: A_PAGE + 1])
    return found[:A_PAGE], found[A_PAGE - 1].no if len(found) > A_PAGE else None


def version(article: Article, no: int) -> Revision | None:
    """One version of a page."""
    if not 0 < no < 2**31:
        return None
    return article.revisions.filter(no=no).select_related("author", "reviewer", "article__space").first()


def compared(old: Revision | None, new: Revision) -> Compared:
    """What changed from one version to another; without an old one everything is new."""
    before = old.title if old else ""
    title = words(before, new.title) if before != new.title else None
    return Compared(old, new, compare(old.markdown if old else "", new.markdown), title)


def problems_of(kind: str, markdown: str) -> list[str]:
    """Why a text cannot be published as what its page is. Empty for pages."""
    if kind == ArticleKind.PROCESS:
        return list(process_of(markdown).problems)
    return problems_in(markdown) if kind == ArticleKind.TEMPLATE else []


def beginnings(person: Person) -> QuerySet[Article]:
    """Pages to begin a new one from: those of the space of templates, and mails."""
    rows = Article.objects.readable_by(person).published()
    return (rows.filter(space__key=TEMPLATES) | rows.filter(kind=ArticleKind.TEMPLATE)).order_by("title", "pk")[:MOST]


def ways_in(person: Person, links: list[str]) -> tuple[dict[str, str], list[str]]:
    """Where the articles that a text names stand now, as `serving.for_reader` wants it, and those that are not there
    for `person`. For texts that nobody has published: at most two queries.
    """
    named = list(dict.fromkeys(found[1] for link in links if (found := _ARTICLE.match(link))))[:MOST_NAMED]
    if not named:
        return {}, []
    ways = {slug: slug for slug in articles_for(person).filter(slug__in=named).values_list("slug", flat=True)}
    if left := [slug for slug in named if slug not in ways]:
        before = Redirect.objects.filter(slug__in=left, article__in=articles_for(person))
        ways |= dict(before.values_list("slug", "article__slug"))
    return ways, [slug for slug in named if slug not in ways]
