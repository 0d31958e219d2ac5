"""Who has to read a process, and who has (R93).

Those have to whose role one of its steps names; where no step names a role, everybody on the staff who does steps.
A version that only changes wording asks nobody again.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Max, OuterRef, QuerySet, Subquery

from accounts.access import ACTIONS
from accounts.models import Person
from accounts.work_roles import lanes
from knowledgebase.access import reads_space
from knowledgebase.choices import ArticleKind, RevisionState, Significance
from knowledgebase.models import Article, Receipt, Revision, Step

WORK = "processes.work"


@dataclass(frozen=True)
class Reading:
    """A published process: who has to read it, and when each of them said that they did."""

    article: Article
    must: list[Person]
    read_at: dict[int, datetime]

    @property
    def missing(self) -> list[Person]:
        """Who has not."""
        return [person for person in self.must if person.pk not in self.read_at]

    @property
    def done(self) -> int:
        """How many have."""
        return len(self.must) - len(self.missing)


def readings(person: Person, *, article: Article | None = None) -> list[Reading]:
    """Every process that `person` reads, or one. Six queries, however many there are."""
    rows = Article.objects.readable_by(person).published().filter(kind=ArticleKind.PROCESS)
    rows = rows.filter(pk=article.pk) if article else rows
    found = list(_with_asked(rows).select_related("space", "published").order_by("title", "pk"))
    staff = list(Person.objects.staff().with_roles().order_by("name", "pk"))
    workers = [one for one in staff if not ACTIONS[WORK].isdisjoint(one.roles)]
    roles = _roles_of([one.published_id for one in found if one.published_id])
    members = lanes().members
    said = _said(found)
    lines = []
    for one in found:
        named = {key for role in roles.get(one.published_id or 0, ()) for key in members.get(role, ())}
        has_roles = bool(roles.get(one.published_id or 0))
        must = [who for who in workers if reads_space(who, one.space) and (who.pk in named if has_roles else True)]
        lines.append(Reading(one, must, said.get(one.pk, {})))
    return lines


def unread_by(person: Person) -> list[Article]:
    """Processes that this person has to read and has not."""
    return [line.article for line in readings(person) if person in line.missing]


def _with_asked(rows: QuerySet[Article]) -> QuerySet[Article]:
    """Each with `asked_no`, the oldest version whose readers need not read again."""
    changed = Revision.objects.filter(article=OuterRef("pk"), state=RevisionState.APPROVED)
    latest = changed.exclude(significance=Significance.TYPO).order_by("-no").values("no")[:1]
    return rows.annotate(asked_no=Subquery(latest))


def _roles_of(revisions: list[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    rows = Step.objects.filter(revision__in=revisions, role__isnull=False).values_list("revision", "role").distinct()
    for revision, role in rows:
        found.setdefault(revision, set()).add(role)
    return found


def _said(articles: list[Article]) -> dict[int, dict[int, datetime]]:
    asked = {one.pk: one.asked_no or 0 for one in articles}  # type: ignore[attr-defined]  # annotated
    rows = Receipt.objects.filter(revision__article__in=articles).values("revision__article", "person")
    found: dict[int, dict[int, datetime]] = {}
    for row in rows.annotate(no=Max("revision__no"), last=Max("at")).annotate(article=F("revision__article")):
        if row["no"] >= asked[row["article"]]:
            found.setdefault(row["article"], {})[row["person"]] = row["last"]
    return found
