"""The public page “What we support”, read from the rules and judged by the very function that judges tickets."""

from dataclasses import dataclass
from datetime import date, datetime

from billing.actions.numbering import local_day
from knowledgebase.models import Article
from tickets.models import ScopeRule
from tickets.scope import Facts, Judged, in_words, judge, rules_on, verdict_words
from tickets.support_choices import ForWhom


@dataclass(frozen=True)
class Line:
    """A rule as everybody reads it."""

    rule: ScopeRule

    @property
    def about(self) -> str:
        return in_words(self.rule)

    @property
    def verdict(self) -> str:
        return verdict_words(self.rule)

    @property
    def for_whom(self) -> str:
        return str(ForWhom(self.rule.for_whom).label) if self.rule.for_whom else ""

    @property
    def article(self) -> Article | None:
        """Only while everybody may read it."""
        article = self.rule.article
        return article if article is not None and article.is_public else None


@dataclass(frozen=True)
class Supported:
    """What holds on a day, in order, and what begins or ends later."""

    day: date
    lines: list[Line]
    coming: list[Line]

    def answer(self, facts: Facts) -> tuple[Line | None, Judged]:
        """What the rules of the day say of one thing."""
        judged = judge([line.rule for line in self.lines], facts)
        return (Line(judged.rule) if judged.rule else None), judged


def supported_on(now: datetime) -> Supported:
    """Three queries, however many rules."""
    day = local_day(now)
    rows = ScopeRule.objects.filter(withdrawn_at=None, starts_on__gt=day).select_related("article__space")
    coming = rows.order_by("starts_on", "position", "pk")
    return Supported(day, [Line(rule) for rule in rules_on(day)], [Line(rule) for rule in coming])
