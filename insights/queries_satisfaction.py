"""What customers said: shares always with how many answered, and the newest comments."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from insights.choices import Dimension, SurveyState
from insights.models import Survey
from insights.queries_reports import Scope
from insights.scales import CES, CSAT, EASY, FEW, HAPPY

PAGE = 20


@dataclass(frozen=True)
class Rated:
    """Answers of a period. A share of few is shown grey: it says little."""

    asked: int = 0
    answered: int = 0
    happy: int = 0
    easy: int = 0
    effort: int = 0
    solved: int = 0
    solved_said: int = 0
    marks: tuple[tuple[int, str, int], ...] = ()
    ces_marks: tuple[tuple[int, str, int], ...] = ()

    @property
    def happy_share(self) -> tuple[int, int]:
        """CSAT: 4 and 5 of all answers."""
        return self.happy, self.answered

    @property
    def easy_share(self) -> tuple[int, int]:
        """CES: 5, 6 and 7 of those who said."""
        return self.easy, self.effort

    @property
    def solved_share(self) -> tuple[int, int]:
        """Confirmed solved, of all who answered: who did not say has not confirmed it (R65)."""
        return self.solved, self.answered

    @property
    def response_share(self) -> tuple[int, int]:
        """Answers to the questions of this period."""
        return min(self.answered, self.asked), self.asked

    @property
    def is_few(self) -> bool:
        """Too few to say much."""
        return self.answered < FEW


def asked_in(scope: Scope) -> QuerySet[Survey]:
    """The questions that were mailed in the period. Their answers count here whenever they came."""
    rows = Survey.objects.exclude(state=SurveyState.SKIPPED)
    rows = rows.filter(asked_on__range=(scope.period.since, scope.period.until))
    return rows.filter(team_id=scope.team) if scope.team else rows


def summary(scope: Scope) -> Rated:
    """Everything counted. One query."""
    marks = {f"csat{mark}": Count("pk", filter=Q(csat=mark)) for mark, _ in CSAT}
    efforts = {f"ces{mark}": Count("pk", filter=Q(ces=mark)) for mark, _ in CES}
    sums = asked_in(scope).aggregate(asked=Count("pk"), **_SUMS, **marks, **efforts)
    return Rated(
        **{name: sums[name] for name in ("asked", *_SUMS)},
        marks=tuple((mark, words, sums[f"csat{mark}"]) for mark, words in CSAT),
        ces_marks=tuple((mark, words, sums[f"ces{mark}"]) for mark, words in CES),
    )


def by_key(scope: Scope, dimension: str) -> dict[str, Rated]:
    """The same by team or by the person who answered last. One query."""
    column = {Dimension.TEAM: "team_id", Dimension.PERSON: "answered_by_id"}[Dimension(dimension)]
    rows = asked_in(scope).values(grouped=F(column)).annotate(asked=Count("pk"), **_SUMS).order_by("-asked", column)
    listed = rows.values_list("grouped", "asked", *_SUMS)[:200]
    return {str(key or ""): Rated(**dict(zip(("asked", *_SUMS), sums, strict=True))) for key, *sums in listed}


def newest(scope: Scope, *, before: tuple[datetime, int] | None = None) -> list[Survey]:
    """Answers, the newest first, one more than a page holds. One query."""
    rows = asked_in(scope).filter(state=SurveyState.ANSWERED)
    if before:
        at, pk = before
        rows = rows.filter(Q(answered_at__lt=at) | Q(answered_at=at, pk__lt=pk))
    rows = rows.select_related("ticket", "person", "answered_by").order_by("-answered_at", "-pk")
    return list(rows[: PAGE + 1])


_SUMS = {
    "answered": Count("pk", filter=Q(state=SurveyState.ANSWERED)),
    "happy": Count("pk", filter=Q(csat__gte=HAPPY)),
    "easy": Count("pk", filter=Q(ces__gte=EASY)),
    "effort": Count("pk", filter=Q(ces__isnull=False)),
    "solved": Count("pk", filter=Q(is_solved=True)),
    "solved_said": Count("pk", filter=Q(is_solved__isnull=False)),
}
