"""What stands beside an article: who leads to it, what of it is broken, what its readers said."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, QuerySet, When

from accounts.models import Person
from knowledgebase.access import articles_for
from knowledgebase.choices import LinkStatus
from knowledgebase.models import Article, Link, Vote
from knowledgebase.querysets import VoteQuerySet

MOST = 20
MOST_LINKS = 1000
LATELY = timedelta(days=7)


@dataclass(frozen=True)
class Said:
    """How many readers one text helped, and how many it did not."""

    yes: int = 0
    no: int = 0

    def __bool__(self) -> bool:
        return bool(self.yes or self.no)


def backlinks(person, article: Article) -> list[Article]:
    """The pages that lead to `article`, those alone that `person` reads (A4)."""
    sources = Link.objects.filter(target=article).exclude(article=article).values("article")
    return list(articles_for(person).current().filter(pk__in=sources).order_by("title", "pk")[:MOST])


def broken_links(article: Article) -> QuerySet[Link]:
    """What in its published text leads nowhere."""
    return Link.objects.filter(article=article, status=LinkStatus.BROKEN).order_by("pk")


def links_of(person, article: Article) -> list[Link]:
    """Where its published text leads, what is broken first. A page that `person` does not read stays unnamed."""
    rank = Case(When(status=LinkStatus.BROKEN, then=0), When(status=LinkStatus.REDIRECTED, then=1), default=2)
    rows = list(Link.objects.filter(article=article).select_related("target").order_by(rank, "pk")[:MOST_LINKS])
    readable = set(articles_for(person).filter(pk__in=[row.target_id for row in rows]).values_list("pk", flat=True))
    for row in rows:
        if row.target_id not in readable:
            row.target = None
    return rows


def said_of(article: Article) -> Said:
    """What readers said of the text that they see now."""
    if article.published_id is None:
        return Said()
    return _said(Vote.objects.filter(revision=article.published_id))


def said_lately(article: Article, now: datetime) -> Said:
    """The same, within the last seven days."""
    if article.published_id is None:
        return Said()
    return _said(Vote.objects.filter(revision=article.published_id, created_at__gt=now - LATELY))


def _said(votes: VoteQuerySet) -> Said:
    counts = next(iter(votes.counted("revision")), None)
    return Said(counts["yes"], counts["no"]) if counts else Said()


def reasons_of(person: Person, article: Article) -> list[Vote]:
    """What those whom it did not help wrote, newest first. Staff alone read it."""
    if article.published_id is None or not person.is_staff_member:
        return []
    rows = Vote.objects.filter(revision=article.published_id, helpful=False).exclude(reason="")
    return list(rows.order_by("-created_at")[:MOST])
