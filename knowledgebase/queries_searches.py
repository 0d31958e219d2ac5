"""What people look for and do not find, and what suggestions spare us. Staff alone read this."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Count, Max, Q

from accounts.models import Person
from knowledgebase.access import reads_space
from knowledgebase.choices import Outcome, Surface, Visibility
from knowledgebase.models import Article, SearchLog, Space, SuggestSession

LATELY = timedelta(days=30)
MOST = 200
FEW = 10
# Where opening a result is seen. The palette and programs open pages in ways of their own.
SEEN = (Surface.HELP, Surface.FORM, Surface.EMBED, Surface.WIKI)


@dataclass(frozen=True)
class Gap:
    """Something that people look for. `hits` is what the last search found."""

    asked: str
    query: str
    times: int
    people: int
    hits: int
    last_at: datetime
    surfaces: list[str]


def no_hits(now: datetime) -> list[Gap]:
    """Searches of the last 30 days that found nothing, the most frequent first."""
    return _gaps(SearchLog.objects.filter(hits=0), now)


def not_opened(person: Person, now: datetime) -> list[Gap]:
    """Searches that found something, and nobody opened any of it, however often it was looked for.

    What colleagues found who read more than `person` is left out: it would tell what stands there (A4).
    """
    rows = SearchLog.objects.filter(hits__gt=0, surface__in=SEEN)
    return _gaps(rows.exclude(person__in=_who_read_more(person)), now, opened=0)


def _who_read_more(person: Person) -> list[int]:
    """Staff who read a space of roles that `person` does not read. Two queries, three where there is such a space."""
    kept = [space for space in Space.objects.filter(visibility=Visibility.ROLE) if not reads_space(person, space)]
    if not kept:
        return []
    return [one.pk for one in Person.objects.staff().with_roles() if any(reads_space(one, space) for space in kept)]


def _gaps(rows, now: datetime, *, opened: int | None = None) -> list[Gap]:
    found = (
        rows.filter(updated_at__gt=now - LATELY)
        .values("asked")
        .annotate(
            times=Count("pk"), visitors=Count("visitor", distinct=True), looked=Count("opened"),
            last_at=Max("updated_at"), found=Max("hits"), query=Max("query"),
            surfaces=ArrayAgg("surface", distinct=True, default=[]),
        )
        .order_by("-times", "-last_at", "asked")
    )  # fmt: skip
    if opened is not None:
        found = found.filter(looked=opened)
    return [
        Gap(row["asked"], row["query"], row["times"], row["visitors"], row["found"], row["last_at"],
            [Surface(one).label for one in row["surfaces"]])
        for row in found[:MOST]
    ]  # fmt: skip


@dataclass(frozen=True)
class Deflection:
    """Sessions of a span of time in which articles were suggested, by how they ended."""

    sessions: int = 0
    solved: int = 0
    again: int = 0
    sent: int = 0

    @property
    def left(self) -> int:
        """Went away without a word: they count for nothing."""
        return self.sessions - self.solved - self.again - self.sent

    @property
    def share(self) -> int | None:
        """Strict deflection in per cent: said to be solved and not asked again, of all sessions. None without any."""
        return round(100 * self.solved / self.sessions) if self.sessions else None

    @property
    def is_few(self) -> bool:
        """So few that the share says little."""
        return self.sessions < FEW


def deflection(since: datetime, until: datetime) -> Deflection:
    """What began in that span and was shown at least one article."""
    rows = SuggestSession.objects.filter(created_at__gte=since, created_at__lt=until).exclude(shown=[])
    return Deflection(
        **rows.aggregate(
            sessions=Count("pk"),
            solved=Count("pk", filter=Q(outcome=Outcome.SOLVED)),
            again=Count("pk", filter=Q(outcome=Outcome.ASKED_AGAIN)),
            sent=Count("pk", filter=Q(outcome=Outcome.SENT)),
        )
    )


@dataclass(frozen=True)
class Suggested:
    """What an article did for people who were about to write."""

    article: Article
    shown: int
    opened: int
    solved: int
    again: int
    sent: int


_BY_ARTICLE = """
SELECT shown.article, count(*), count(*) FILTER (WHERE shown.article = ANY(session.opened)),
       count(*) FILTER (WHERE session.outcome = 'solved' AND session.solved_by_id = shown.article),
       count(*) FILTER (WHERE session.outcome = 'again' AND session.solved_by_id = shown.article),
       count(*) FILTER (WHERE session.outcome = 'sent' AND shown.article = ANY(session.opened))
FROM knowledgebase_suggestsession AS session, unnest(session.shown) AS shown (article)
WHERE session.created_at >= %s AND session.created_at < %s
GROUP BY shown.article ORDER BY 4 DESC, 2 DESC, 1 LIMIT %s
"""


def by_article(person, since: datetime, until: datetime) -> list[Suggested]:
    """The articles that were suggested in that span, those alone that `person` reads (A4)."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_ARTICLE, [since, until, MOST])
        rows = cursor.fetchall()
    known = Article.objects.readable_by(person).in_bulk([row[0] for row in rows])
    return [Suggested(known[row[0]], *row[1:]) for row in rows if row[0] in known]
