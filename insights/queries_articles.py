"""Whether an article works: how often agents send it, how often it spared a ticket, and what leans on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from insights.effects import AFTER_DAYS
from insights.models import Problem, ReasonCover
from insights.queries_problems import read_counts
from knowledgebase.choices import Outcome
from knowledgebase.models import Article, SuggestSession
from tickets.choices import Author
from tickets.models import Message

# The newest messages are looked through, so that the answer costs the same on a desk of any size.
LOOKED_THROUGH = 50_000


@dataclass(frozen=True)
class Use:
    """The last 28 days of an article. `asked` counts contacts of the reasons that it answers."""

    tickets: int
    is_partly: bool
    solved: int
    asked_again: int
    reasons: tuple[tuple[int, str], ...]
    asked: int
    problems: tuple[Problem, ...]


def use_of(article: Article, *, now: datetime) -> Use:
    """Eleven queries, whatever the size of the desk."""
    since = now - timedelta(days=AFTER_DAYS)
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    first = newest - LOOKED_THROUGH
    said = Message.objects.standing().filter(pk__gt=first, author=Author.AGENT, created_at__gte=since)
    tickets = said.filter(text__contains=f"/articles/{article.slug}/").values_list("ticket", flat=True).distinct()
    sessions = SuggestSession.objects.filter(solved_by=article, ended_at__gte=since)
    outcomes = list(sessions.values_list("outcome", flat=True)[:LOOKED_THROUGH])
    counts = read_counts(now)
    chosen = set(ReasonCover.objects.filter(article=article).values_list("reason", flat=True))
    problems = tuple(Problem.objects.filter(workaround=article).select_related("owner").order_by("-pk")[:10])
    reasons = sorted(chosen | {problem.driver_id for problem in problems})
    below = {key for reason in reasons for key in counts.tree.below.get(reason, {reason})}
    return Use(
        tickets=len(tickets),
        is_partly=Message.objects.filter(pk=first, created_at__gte=since).exists(),
        solved=outcomes.count(Outcome.SOLVED),
        asked_again=outcomes.count(Outcome.ASKED_AGAIN),
        reasons=tuple((reason, counts.tree.names.get(reason, "")) for reason in reasons),
        asked=counts.lately(below).contacts,
        problems=problems,
    )
