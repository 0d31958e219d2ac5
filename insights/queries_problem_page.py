"""What the pages of problems and drivers show beside the ranking."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Prefetch, QuerySet, Sum, Value

from insights import months as calendar
from insights.charts import Spark, spark
from insights.choices import TurnKind
from insights.desk import desk_zone
from insights.effects import AFTER_DAYS, BEFORE_DAYS
from insights.models import Announcement, DriverMonth, Problem, ProblemTicket, ReasonCover, Told, Turn
from insights.problem_choices import FIXED, Telling
from insights.queries_problems import Tree, read_tree
from knowledgebase.models import Article
from tickets.choices import Category
from tickets.models import Closing, ContactReason, ReasonModel, Ticket
from tickets.reason_words import stems

MOST_LISTED = 200
MOST_TOLD = 5_000
OFTEN = 5
MOST_READ = 2_000
GROUPS, GROUP_FROM = 12, 3


@dataclass(frozen=True)
class Friction:
    """A driver's last whole month: public replies, hand-offs, and how many of its contacts there were."""

    driver: int
    name: str
    contacts: int
    replies_p50: float
    replies_p90: float
    hand_offs: float


@dataclass(frozen=True)
class Coverage:
    """Drivers with five contacts or more in the last whole month, and those of them that a verified article answers."""

    often: int
    covered: int

    @property
    def share(self) -> float | None:
        """None where nobody asks anything often."""
        return self.covered / self.often if self.often else None


@dataclass(frozen=True)
class Group:
    """Contacts of “other” that share a word: what may be a reason of its own."""

    word: str
    tickets: tuple[Ticket, ...]
    count: int


def trained_guess() -> ReasonModel | None:
    """The guess at close, and how often it is right. One query."""
    rows = ReasonModel.objects.filter(is_current=True).defer("start")
    return rows.first()


def last_whole_month(now: datetime) -> date:
    """The month before the one in which `now` lies."""
    return calendar.shift(calendar.month_of(now, desk_zone()), -1)


def friction(month: date, tree: Tree) -> list[Friction]:
    """What each driver took in a month, the hardest first (R4). One query."""
    rows = DriverMonth.objects.filter(month=month, tickets__gt=0, reason_id__in=tree.below)
    found = [
        Friction(
            row.reason_id, tree.names[row.reason_id], row.tickets, row.replies_p50, row.replies_p90,
            row.hand_offs / row.tickets,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.replies_p90, -one.hand_offs, one.name))


def coverage(month: date, tree: Tree, covering: dict[int, Article]) -> Coverage:
    """How many drivers people ask about often, and how many of them an article answers. One query."""
    rows = DriverMonth.objects.filter(month=month, contacts__gte=OFTEN, reason_id__in=tree.below)
    often = [key for key in rows.values_list("reason_id", flat=True) if not tree.is_other(key)]
    covered = [key for key in often if any(one in covering for one in [key, *tree.above[key]])]
    return Coverage(len(often), len(covered))


def covering_articles() -> dict[int, Article]:
    """Verified articles by the driver that they answer: workarounds, else those chosen for it. Two queries."""
    chosen = ReasonCover.objects.filter(article__isnull=False).values_list(Value(0), "reason", "article")
    helping = Problem.objects.filter(workaround__isnull=False).values_list(Value(1), "driver", "workaround")
    named = sorted(chosen.union(helping, all=True))
    verified = Article.objects.published().filter(verified_at__isnull=False, pk__in={article for *_, article in named})
    rows = {article.pk: article for article in verified.select_related("space").only("pk", "title", "slug", "space")}
    return {reason: rows[article] for _, reason, article in named if article in rows}


def problem_of(pk: int) -> Problem | None:
    """A problem with whom and what it names."""
    rows = Problem.objects.select_related("owner", "driver", "workaround__space", "opened_by")
    return rows.filter(pk=pk).first() if 0 < pk < 2**63 else None


def linked(problem: Problem) -> list[ProblemTicket]:
    """The newest linked tickets, with what became of them. One query."""
    rows = ProblemTicket.objects.filter(problem=problem).select_related("ticket__status", "ticket__requester", "by")
    return list(rows.order_by("-pk")[:MOST_LISTED])


def announcements(problem: Problem) -> list[Announcement]:
    """What was announced, newest first, and to whom. Two queries."""
    told = Told.objects.select_related("ticket__requester").order_by("-was_reopened", "pk")
    rows = Announcement.objects.filter(problem=problem).select_related("by").order_by("-pk")
    return list(rows.prefetch_related(Prefetch("told", told))[:20])


def waiting_to_hear(problem: Problem) -> list[int]:
    """Linked tickets, each where its words are now, that were not told since the fix; in order. Three queries."""
    linked = ProblemTicket.objects.filter(problem=problem).order_by("ticket")
    keys = dict.fromkeys(_survivors(list(linked.values_list("ticket", flat=True)[:MOST_TOLD])))
    told = Told.objects.filter(announcement__problem=problem, announcement__at__gte=problem.moved_at)
    known = set(told.exclude(state=Telling.FAILED).values_list("ticket", flat=True))
    return sorted(key for key in keys if key not in known)


def needs_a_person(ticket: Ticket) -> bool:
    """Whether it was opened again after a closing, or somebody waits for an answer: no announcement closes it."""
    if ticket.category == Category.CLOSED:
        return False
    return ticket.waiting_since is not None or Closing.objects.filter(ticket=ticket, reopened_at__isnull=False).exists()


def _survivors(keys: list[int]) -> list[int]:
    """Where the words of merged tickets are now. A query for each length of a chain of merges."""
    rows = Ticket.objects.filter(pk__in=keys, merged_into__isnull=False).values_list("pk", "merged_into_id")
    merged = {key: into for key, into in rows if into is not None}
    return _survivors([merged.get(key, key) for key in keys]) if merged else keys


@dataclass(frozen=True)
class Hearing:
    """Whom an announcement would reach: how many in all, and those that stay open for a person."""

    count: int
    for_a_person: tuple[Ticket, ...]


def who_would_hear(problem: Problem) -> Hearing:
    """Before it is sent. Five queries."""
    keys = waiting_to_hear(problem)
    tickets = Ticket.objects.filter(pk__in=keys).select_related("requester").order_by("pk")
    reopened = set(Closing.objects.filter(ticket__in=keys, reopened_at__isnull=False).values_list("ticket", flat=True))
    kept = [one for one in tickets if one.waiting_since is not None or one.pk in reopened]
    return Hearing(len(keys), tuple(one for one in kept if needs_a_person(one)))


def not_linked(problem: Problem, *, now: datetime) -> QuerySet[Ticket]:
    """Tickets of the driver in the last 84 days that nobody has linked, newest first."""
    reasons = read_tree().below.get(problem.driver_id, {problem.driver_id})
    since = now - timedelta(days=AFTER_DAYS + BEFORE_DAYS)
    rows = Turn.objects.filter(kind=TurnKind.OPENED, reason_id__in=reasons, at__gte=since)
    known = ProblemTicket.objects.filter(problem=problem).values("ticket")
    return Ticket.objects.filter(pk__in=rows.values("ticket"), merged_into=None).exclude(pk__in=known).order_by("-pk")


def groups_of_other(*, now: datetime) -> list[Group]:
    """Words that closed “other” tickets of the last 28 days share, the commonest first (R61). Three queries.

    Each ticket counts for the commonest of its words, so that groups are apart.
    """
    tree = read_tree()
    keys = [key for key in tree.below if tree.is_other(key)]
    closed = Turn.objects.filter(kind=TurnKind.CLOSED, at__gte=now - timedelta(days=AFTER_DAYS))
    which = closed.filter(reason_id__in=keys) | closed.filter(reason_id__isnull=True)
    rows = Ticket.objects.filter(pk__in=which.order_by("-at").values("ticket")[:MOST_READ])
    tickets = list(rows.only("pk", "subject", "snippet").order_by("-pk"))
    words = {ticket.pk: set(stems(f"{ticket.subject} {ticket.snippet}")) for ticket in tickets}
    often = Counter(word for mine in words.values() for word in mine)
    grouped: dict[str, list[Ticket]] = {}
    for ticket in tickets:
        best = max(words[ticket.pk], key=lambda word: (often[word], word), default="")
        grouped.setdefault(best, []).append(ticket)
    found = [
        Group(word, tuple(mine[:5]), len(mine)) for word, mine in grouped.items() if word and len(mine) >= GROUP_FROM
    ]
    return sorted(found, key=lambda one: (-one.count, one.word))[:GROUPS]


def problems_of_ticket(ticket: Ticket) -> list[ProblemTicket]:
    """The problems that a ticket asks about. One query."""
    rows = ProblemTicket.objects.filter(ticket=ticket).select_related("problem__owner", "problem__workaround__space")
    return list(rows.order_by("pk"))


def suggested_problem(ticket: Ticket) -> Problem | None:
    """The unsolved problem of a ticket's reason, or of one above it. Two queries."""
    if ticket.contact_reason_id is None:
        return None
    reasons = [ticket.contact_reason_id, *read_tree().above.get(ticket.contact_reason_id, [])]
    rows = {row.driver_id: row for row in Problem.objects.filter(driver__in=reasons).order_by("pk")}
    return next((rows[key] for key in reasons if key in rows), None)


def reason_of(pk: int) -> ContactReason | None:
    """A contact reason, with the one above it."""
    return ContactReason.objects.select_related("parent").filter(pk=pk).first() if 0 < pk < 2**63 else None


@dataclass(frozen=True)
class Bars:
    """Contacts of a problem by month, drawn and in words."""

    drawing: Spark
    months: list[tuple[date, int]]


def bars(problem: Problem, months: list[date], tree: Tree) -> Bars:
    """Contacts of a problem's driver and all below it, by month. One query."""
    reasons = tree.below.get(problem.driver_id, {problem.driver_id})
    rows = DriverMonth.objects.filter(month__in=months, reason_id__in=reasons).values("month")
    known = dict(rows.annotate(sum=Sum("contacts")).values_list("month", "sum"))
    values = [known.get(month, 0) for month in months]
    fixed_on = problem.fixed_on if problem.state in FIXED else None
    fixed = next((number for number, month in enumerate(months) if fixed_on and month > fixed_on), None)
    drawing = spark(values, fixed_before=fixed, is_hot=fixed_on is None)
    return Bars(drawing, list(zip(months, values, strict=True)))


def months_of(reason: ContactReason, months: list[date]) -> list[tuple[date, DriverMonth]]:
    """Each month of a driver, an empty one where nobody asked. One query."""
    known = {row.month: row for row in DriverMonth.objects.filter(month__in=months, reason_id=reason.pk)}
    return [(month, known.get(month) or DriverMonth(month=month, reason_id=reason.pk)) for month in months]
