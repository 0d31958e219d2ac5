"""Processes on tickets as pages show them: the panel beside a ticket, what may be started, and whose step is next."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Case, Count, F, IntegerField, Prefetch, Q, QuerySet, Value, When

from accounts import work_roles
from accounts.access import can
from accounts.models import Person
from knowledgebase.choices import ArticleKind, Evidence
from knowledgebase.markdown import render
from knowledgebase.models import Article
from knowledgebase.pages import due_words
from tickets.choices import SETTLED, Category, ProcessState, StepState
from tickets.models import ProcessRun, ReasonProcess, RunStep, Ticket

MOST_SUGGESTED = 3
MOST_PROCESSES = 300


@dataclass(frozen=True)
class StepLine:
    """A step as one person sees it. `mine`: they may do it now, `may_free`: take it from
    a colleague of the same role. `lane` says whose it is, `fell` why it is somebody else's."""

    row: RunStep
    how: str
    say: str
    when: str
    lane: str
    fell: str
    mine: bool
    may_free: bool
    is_up: bool
    is_late: bool

    @property
    def is_settled(self) -> bool:
        """Done or skipped."""
        return self.row.state in SETTLED

    @property
    def asks(self) -> str:
        """What its proof is called, "" where it asks for none."""
        kind = self.row.step.evidence
        return self.row.step.evidence_label or Evidence(kind).label if kind else ""


@dataclass(frozen=True)
class RunCard:
    """A run with its steps. `newer` is the number of a version that it could follow, `is_unchecked` says that nobody
    has read the page for too long (U40).
    """

    run: ProcessRun
    lines: list[StepLine]
    is_unchecked: bool
    newer: int | None = None
    older: list[tuple[int, list[RunStep]]] = field(default_factory=list)

    @property
    def settled(self) -> int:
        """How many steps are done or skipped."""
        return sum(line.is_settled for line in self.lines)


def runs_for(person: Person) -> QuerySet[ProcessRun]:
    """Runs of processes that this person reads (A4), for staff who see tickets."""
    if not can(person, "tickets.see"):
        return ProcessRun.objects.none()
    return ProcessRun.objects.filter(article__in=Article.objects.readable_by(person))


def cards_of(ticket: Ticket, person: Person, now: datetime) -> list[RunCard]:
    """The runs of a ticket, those that go on first. Two queries, four where a step has a role."""
    shown = RunStep.objects.select_related("step", "role", "person").order_by("step__no")
    runs = list(
        runs_for(person)
        .filter(ticket=ticket)
        .select_related("article__published", "revision", "started_by", "ended_by")
        .prefetch_related(Prefetch("steps", shown, to_attr="rows"))
        .order_by("pk")
    )
    rows = [row for run in runs for row in run.rows]
    lanes = work_roles.lanes() if any(row.role_id for row in rows) else work_roles.Lanes({}, {})
    cards = [_card(run, run.rows, person, lanes, now) for run in runs]
    return sorted(cards, key=lambda card: (card.run.state != ProcessState.RUNNING, -card.run.pk))


def _card(run: ProcessRun, rows: Sequence[RunStep], person: Person, lanes: work_roles.Lanes, now: datetime) -> RunCard:
    current = [row for row in rows if row.is_current]
    runs = run.state == ProcessState.RUNNING
    up = next((row.pk for row in current if row.state not in SETTLED), 0) if runs else 0
    newest = run.article.published
    newer = newest.no if runs and newest and newest.pk != run.revision_id and not run.article.archived_at else None
    older: dict[int, list[RunStep]] = {}
    for row in rows:
        if not row.is_current:
            older.setdefault(row.step.revision_id, []).append(row)
    return RunCard(
        run,
        [_line(row, person, lanes, now, runs=runs, is_up=row.pk == up) for row in current],
        bool(run.article.verify_due_at and run.article.verify_due_at <= now),
        newer,
        list(older.items()),
    )


def _line(row: RunStep, person: Person, lanes: work_roles.Lanes, now: datetime, *, runs: bool, is_up: bool) -> StepLine:
    step = row.step
    acts = works(person) and (row.role_id is None or lanes.may(person, row.role_id))
    open_to = row.state == StepState.TODO or (row.state == StepState.CLAIMED and row.person_id == person.pk)
    return StepLine(
        row=row,
        how=render(step.how).html if step.how else "",
        say=step.say,
        when=due_words(step.due_minutes, step.due_from, step.due_step),
        lane=row.role.name if row.role else "",
        fell=lanes.fell(row.role_id),
        mine=acts and open_to and runs,
        may_free=acts and not open_to and runs,
        is_up=is_up,
        is_late=bool(row.due_at and row.due_at <= now and row.state not in SETTLED),
    )


def works(person: Person) -> bool:
    """Whether somebody may do steps at all: who sees tickets and is not there to look only."""
    return can(person, "processes.work")


def processes_for(person: Person, ticket: Ticket) -> list[Article]:
    """Every process that could be started there, by name; `runs_here` says that it is running already. One query."""
    here = Count("pk", filter=Q(pk__in=_running(ticket)))
    rows = Article.objects.readable_by(person).published().filter(kind=ArticleKind.PROCESS)
    return list(rows.annotate(runs_here=here).select_related("space").order_by("title", "pk")[:MOST_PROCESSES])


def suggested(person: Person, ticket: Ticket) -> list[Article]:
    """Processes that fit: those tied to its contact reason or one above it, those with a tag of the ticket or of the
    reason's name, and those that were done before on tickets with the reason. What is tied first, then the likeliest,
    none that runs here. Two queries at most.
    """
    reason = ticket.contact_reason if ticket.contact_reason_id else None
    words = {*ticket.tags, *([reason.name, *reason.name.split()] if reason else [])}
    words = {word.lower().strip("?!.,") for word in words if len(word) > 3 or word in ticket.tags}
    fits = Q(tags__overlap=sorted(words)) if words else Q(pk__in=[])
    tied = Q(pk__isnull=True)
    if reason:
        done = ProcessRun.objects.filter(ticket__contact_reason=reason).order_by("-pk").values("article")[:200]
        before = [row["article"] for row in done]
        up = Q(reason=reason) | Q(reason__children=reason) | Q(reason__children__children=reason)
        tied |= Q(pk__in=ReasonProcess.objects.filter(up).values("article"))
        fits |= Q(pk__in=before) | tied
    rows = Article.objects.readable_by(person).published().filter(fits, kind=ArticleKind.PROCESS)
    rows = rows.annotate(is_tied=Case(When(tied, then=1), default=0))
    found = list(rows.exclude(pk__in=_running(ticket)).order_by("-is_tied", "title", "pk")[:50])
    often = {pk: before.count(pk) for pk in set(before)} if reason else {}
    found.sort(key=lambda one: (-one.is_tied, -len(words.intersection(one.tags)), -often.get(one.pk, 0)))
    return found[:MOST_SUGGESTED]


def _running(ticket: Ticket) -> QuerySet:
    return ProcessRun.objects.filter(ticket=ticket, state=ProcessState.RUNNING).values("article")


@dataclass(frozen=True)
class Waiting:
    """A step that waits for somebody, with what its row shows."""

    row: RunStep
    lane: str
    fell: str
    mine: bool
    is_late: bool


PAGE = 50


def waiting_for(person: Person, now: datetime, *, whose: str = "mine") -> tuple[list[Waiting], bool]:
    """Steps whose turn has come, and whether there are more than shown: what the person took first, then those of
    their own roles, the earliest date first (R76). `whose` may be "all": then everybody's follow. Three queries.
    """
    lanes = work_roles.lanes()
    own = lanes.of_person(person)
    rows = RunStep.objects.up(now).filter(run__in=runs_for(person))
    if whose != "all":
        nobodys = Q(role__isnull=True, run__ticket__assignee=person)
        free = Q(role__in=own) & (Q(state=StepState.TODO) | Q(person=person))
        rows = rows.filter(free | Q(state=StepState.CLAIMED, person=person) | nobodys & Q(state=StepState.TODO))
    ranked = rows.annotate(rank=_rank(person, own)).select_related(
        "step", "role", "person", "run__revision", "run__ticket__requester", "run__ticket__status"
    )
    found = list(ranked.order_by("rank", F("due_at").asc(nulls_last=True), "pk")[: PAGE + 1])
    shown = [
        Waiting(
            row=row, lane=row.role.name if row.role else "", fell=lanes.fell(row.role_id),
            mine=works(person) and lanes.may(person, row.role_id)
            and (row.state == StepState.TODO or row.person_id == person.pk),
            is_late=bool(row.due_at and row.due_at <= now),
        )
        for row in found[:PAGE]
    ]  # fmt: skip
    return shown, len(found) > PAGE


def _rank(person: Person, own: set[int]):
    return Case(
        When(state=StepState.CLAIMED, person=person, then=Value(0)),
        When(role__in=own, then=Value(1)),
        When(role__isnull=True, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )


def used_since(article: int, since: datetime) -> int:
    """On how many tickets a process was begun since then."""
    return ProcessRun.objects.filter(article=article, started_at__gte=since).values("ticket").distinct().count()


def is_open(ticket: Ticket) -> bool:
    """Whether processes can be started and done there."""
    return ticket.category != Category.CLOSED and ticket.merged_into_id is None
