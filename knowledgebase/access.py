"""The only doors by which an edge reaches an article. Everything goes through `readable_by` (A4)."""

from functools import cache

from django.db.models import QuerySet

from accounts.access import can
from accounts.models import Person
from knowledgebase.choices import RevisionState
from knowledgebase.models import Article, ArticleFile, Redirect, Revision, Space
from knowledgebase.querysets import ArticleQuerySet
from supportdesk.lib.compiled import CompiledRows, Gap


def articles_for(person) -> ArticleQuerySet:
    """What `person`, who may be anonymous, reads."""
    return Article.objects.readable_by(person)


def article_for(person, slug: str) -> Article | None:
    """That article with its space and its published text, or None: strangers do not learn whether there is one."""
    if "\0" in slug:
        return None
    if not (person and person.is_authenticated):
        return next(iter(_for_strangers().fetch({"slug": slug})), None)
    return _whole(articles_for(person)).filter(slug=slug).first()


def _whole(rows: ArticleQuerySet) -> ArticleQuerySet:
    return rows.select_related("space", "published", "owner")


@cache
def _for_strangers() -> CompiledRows[Article]:
    """What strangers read is asked most of all, and always in the same words."""
    gap = Gap("slug", Article._meta.get_field("slug"))
    return CompiledRows(_whole(articles_for(None)).filter(slug=gap))


def slug_now(person, slug: str) -> str | None:
    """The present slug of an article that had `slug` once, or None where `person` reads no such article."""
    if "\0" in slug:
        return None
    rows = Redirect.objects.filter(slug=slug, article__in=articles_for(person))
    return rows.values_list("article__slug", flat=True).first()


def file_for(person, pk: int) -> ArticleFile | None:
    """A file of an article that `person` reads. Who is not of the staff gets what the published text names."""
    if not 0 < pk < 2**63:
        return None
    rows = ArticleFile.objects.filter(pk=pk, article__in=articles_for(person))
    found = rows.select_related("file", "article__published").first()
    if found is None or (person.is_authenticated and person.is_staff_member):
        return found
    shown = found.article.published
    return found if shown and f"/a/files/{pk}/" in shown.html else None


def revision_for(person: Person, article: Article, no: int) -> Revision | None:
    """One saved text of an article that `person` of the staff reads. Nobody else sees any but the published one."""
    if not person.is_staff_member or not 0 < no < 2**31:
        return None
    return Revision.objects.filter(article=article, no=no).select_related("author", "reviewer").first()


def spaces_for(person) -> QuerySet[Space]:
    """The spaces in which `person` reads something, put in order."""
    readable = articles_for(person).values("space")
    if person and person.is_authenticated and person.is_staff_member:
        return Space.objects.filter(archived_at__isnull=True, pk__in=_spaces_of_staff(person)).order_by(
            "position", "name"
        )
    return Space.objects.filter(pk__in=readable).order_by("position", "name")


def _spaces_of_staff(person: Person) -> list[int]:
    rows = Space.objects.only("visibility", "roles")
    return [space.pk for space in rows if reads_space(person, space)]


def reads_space(person: Person, space: Space) -> bool:
    """Whether that member of staff reads the space. The same rule as `readable_by`, for a space without articles."""
    if not person.is_staff_member:
        return False
    return not space.roles or not person.roles.isdisjoint({*space.roles, "admin"})


def named_to(person: Person, article: Article | None) -> Article | None:
    """An article that something else names, where that member of staff reads it. Asks for its space, nothing else."""
    return article if article is not None and reads_space(person, article.space) else None


def may_write(person: Person, space: Space) -> bool:
    """Whether they may write there."""
    return can(person, "articles.write") and reads_space(person, space)


def may_answer(person: Person, space: Space) -> bool:
    """Whether they may say yes or no to suggestions there: editors; where nobody has to approve, all who write."""
    return reads_space(person, space) and can(person, "articles.publish" if space.needs_approval else "articles.write")


def may_publish(person: Person, revision: Revision) -> bool:
    """Whether they may say yes to that text: in a space that wants approval, never to their own words (A3).

    Their own words are in it also where somebody else went on from them before anybody approved them.
    """
    space = revision.article.space
    if revision.state != RevisionState.SUBMITTED or not may_answer(person, space):
        return False
    return not space.needs_approval or person.pk not in {author for _, author in authors_of(revision)}


def may_verify(person: Person, article: Article) -> bool:
    """Whether their word counts that the page was read whole: its verifier, without one its owner, and editors."""
    return person.pk == (article.verifier_id or article.owner_id) or can(person, "articles.publish")


def newest_of(article: Article) -> Revision | None:
    """The text that a writer goes on from: the newest one that was not turned down."""
    rows = article.revisions.exclude(state=RevisionState.REJECTED).select_related("author")
    return rows.order_by("-no").first()


def authors_of(revision: Revision) -> list[tuple[int, int]]:
    """(number, author) of every text that went into this one and that nobody has approved yet, itself first."""
    rows = Revision.objects.filter(article=revision.article_id, no__lte=revision.no).exclude(
        state=RevisionState.APPROVED
    )
    known = {
        no: (author, restores or base)
        for no, author, restores, base in rows.values_list("no", "author", "restores", "base_no")
    }
    found, no = [], revision.no
    while no in known:
        author, before = known.pop(no)
        found.append((no, author))
        no = before
    return found
