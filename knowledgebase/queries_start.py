"""What a member of staff finds where the wiki begins: what is theirs to do, and what readers miss."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F

from accounts.access import can
from accounts.models import Person
from knowledgebase.access import articles_for
from knowledgebase.choices import LinkStatus
from knowledgebase.models import Article, Link, Vote

A_LIST = 12
LATELY = timedelta(days=7)
# An article with few votes stands near the usual one: as if so many usual votes were added to its own.
USUAL_VOTES = 5
USUAL_YES = 0.7


@dataclass(frozen=True)
class Duty:
    """One page of somebody's, and why it is on their list. `door` is what stands behind its address."""

    article: Article
    why: str
    tone: str
    door: str = ""


@dataclass(frozen=True)
class Unhelpful:
    """A page that more readers call unhelpful than helpful, in the last seven days, and in the seven before."""

    article: Article
    yes: int
    no: int
    yes_before: int
    no_before: int
    share: float


def yours(person: Person, now: datetime) -> list[Duty]:
    """The pages that `person` looks after and that need them: wrong, past their check, with a broken link (U40).

    Whoever may publish also finds every page for which a change is suggested.
    """
    mine = articles_for(person).current().filter(owner=person)
    found = [Duty(row, row.needs_change, "wait") for row in mine.to_mend().order_by("needs_change_at", "pk")[:A_LIST]]
    asked = articles_for(person).current().waiting() if can(person, "articles.publish") else mine.waiting()
    asked = asked.order_by("updated_at", "pk")[:A_LIST]
    found += [Duty(row, "A change is suggested", "wait", "change/") for row in asked]
    late = mine.unverified(now).order_by(F("verify_due_at").asc(nulls_first=True), "pk")[:A_LIST]
    found += [Duty(row, "Check overdue", "bad") for row in late]
    links = Link.objects.filter(status=LinkStatus.BROKEN, article__in=mine.published())
    counts = dict(links.values_list("article").annotate(number=Count("pk"))[:A_LIST])
    rows = {row.pk: row for row in mine.filter(pk__in=counts)} if counts else {}
    found += [Duty(rows[pk], f"{number} broken link{'' if number == 1 else 's'}", "bad")
              for pk, number in counts.items() if pk in rows]  # fmt: skip
    return found


def newest_of(person: Person) -> list[Article]:
    """What was published last."""
    rows = articles_for(person).published().select_related("space")
    return list(rows.order_by("-published_at", "-pk")[:A_LIST])


def unhelpful(person: Person, now: datetime) -> list[Unhelpful]:
    """Where No beats Yes on the text that readers see, the worst by a Bayesian average first (A9)."""
    since, before = now - LATELY, now - 2 * LATELY
    counts = Vote.objects.filter(created_at__gt=since).counted("revision")
    lately = {row["revision"]: row for row in counts.filter(no__gt=F("yes"))}
    earlier = Vote.objects.filter(created_at__gt=before, created_at__lte=since, revision__in=lately)
    was = {row["revision"]: row for row in earlier.counted("revision")}
    rows = articles_for(person).published().filter(published__in=lately).select_related("space", "owner")
    found = [_unhelpful(row, lately[row.published_id], was.get(row.published_id)) for row in rows]
    return sorted(found, key=lambda one: (one.share, -one.no, one.article.pk))


def _unhelpful(article: Article, now: Mapping, was: Mapping | None) -> Unhelpful:
    yes, no = now["yes"], now["no"]
    share = (yes + USUAL_VOTES * USUAL_YES) / (yes + no + USUAL_VOTES)
    return Unhelpful(article, yes, no, was["yes"] if was else 0, was["no"] if was else 0, share)
