"""Cases for staff: the list, one with its history, what is mine to do, and which follow-ups work (D10). Reads only."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case as SqlCase
from django.db.models import Count, F, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from accounts.models import Person
from accounts.work_roles import lanes
from tickets.flow_choices import LIVE, How
from tickets.merged import MERGED_INTO
from tickets.models import Case, CaseEvent, CaseTask, CaseVisit, Flow, FollowUp, Stage, Ticket

MOST = 200
MOST_EVENTS = 200
REFUSED = (How.LOST, How.DECLINED, How.EXHAUSTED)
# Open hours since the stage was entered, and what the report calls them.
DELAYS = ((8, "within 8 hours"), (16, "8 to 16 hours"), (24, "16 to 24 hours"), (40, "24 to 40 hours"))
LATER = "after 40 hours"


@dataclass(frozen=True)
class Wanted:
    """Which cases a list shows."""

    flow: str = ""
    stage: str = ""
    mine: bool = False
    ended: bool = False


def cases(person: Person, wanted: Wanted, now: datetime) -> list[Case]:
    """What is overdue first, then what is due soonest; of ended ones the newest. At most 200, and one more."""
    rows = Case.objects.select_related("flow", "stage", "role", "owner", "person", "customer", "order", "ticket")
    if wanted.flow:
        rows = rows.filter(flow__key=wanted.flow)
    if wanted.stage:
        rows = rows.filter(stage__key=wanted.stage)
    if wanted.ended:
        return list(rows.filter(ended_at__isnull=False).order_by("-ended_at", "-pk")[: MOST + 1])
    rows = rows.filter(state__in=LIVE)
    if wanted.mine:
        rows = rows.filter(_mine(person))
    return list(rows.order_by(F("due_at").asc(nulls_last=True), "pk")[: MOST + 1])


def stages_of(flow: str = "") -> list[tuple[str, str, int]]:
    """Key, name and how many live cases, of each stage that has any, in the order of the flow."""
    rows = Case.objects.filter(state__in=LIVE)
    if flow:
        rows = rows.filter(flow__key=flow)
    found = rows.values_list("stage__key", "stage__name").annotate(many=Count("pk"), no=F("stage__no"))
    merged: dict[str, tuple[str, int, int]] = {}
    for key, name, many, no in found.order_by("stage__no", "stage__key"):
        _, before, first = merged.get(key, (name, 0, no))
        merged[key] = (name, before + many, first)
    return [(key, name, many) for key, (name, many, _) in merged.items()]


def tasks_of(person: Person) -> list[CaseTask]:
    """What somebody of these roles has to do, the earliest first (R76)."""
    rows = CaseTask.objects.filter(done_at__isnull=True, dropped_at__isnull=True, case__state__in=LIVE)
    now_in = lanes()
    mine = Q(role__in=now_in.of_person(person))
    if not person.roles.isdisjoint({"lead", "admin"}):
        mine |= Q(role=None)
    rows = rows.filter(mine).select_related("case__flow", "case__person", "case__order", "case__role", "role")
    return list(rows.order_by(F("due_at").asc(nulls_last=True), "pk")[:50])


def _mine(person: Person) -> Q:
    mine = Q(owner=person) | Q(role__in=lanes().of_person(person))
    return mine if person.roles.isdisjoint({"lead", "admin"}) else mine | Q(role=None)


def case_of(pk: int) -> Case | None:
    """One case with what its page shows of it."""
    rows = Case.objects.select_related(
        "flow", "version", "stage__owner_role", "stage__escalate_role", "role", "owner", "person",
        "customer", "order", "ticket__team", "scope_said_by", "parent__flow",
    )  # fmt: skip
    return rows.filter(pk=pk).first() if 0 < pk < 2**63 else None


def visits_of(case: Case) -> list[tuple[Stage, CaseVisit | None]]:
    """Every stage of its version with the last visit to it."""
    last = {visit.stage_id: visit for visit in case.visits.select_related("by").order_by("no")}
    stages = case.version.stages.select_related("owner_role").order_by("no")
    return [(stage, last.get(stage.pk)) for stage in stages]


def events_of(case: Case) -> list[CaseEvent]:
    """Its history, the newest first."""
    return list(case.events.select_related("by").order_by("-pk")[:MOST_EVENTS])


def tasks_on(case: Case) -> list[CaseTask]:
    """Open ones first, the earliest due on top; then what was done."""
    rows = case.tasks.filter(dropped_at__isnull=True).select_related("role", "done_by")
    open_first = SqlCase(When(done_at__isnull=True, then=Value(0)), default=Value(1))
    return list(rows.order_by(open_first, F("due_at").asc(nulls_last=True), "-done_at", "pk")[:50])


def cases_on(ticket: Ticket) -> list[Case]:
    """Of a ticket and what was merged into it, for its panel: those that run first. One query."""
    here = RawSQL(MERGED_INTO, [ticket.pk])  # noqa: S611 - a constant statement with one parameter
    rows = Case.objects.filter(ticket_id__in=here).select_related("flow", "stage", "role", "owner", "order")
    return list(rows.order_by(F("ended_at").desc(nulls_first=True), "pk")[:10])


def flows_to_begin() -> QuerySet[Flow]:
    """Which flows a person may begin."""
    return Flow.objects.filter(is_enabled=True, published__isnull=False).order_by("name")


@dataclass
class Row:
    """How many who were followed up so went on. `n` is all of them."""

    role: str
    delay: str
    accepted: int = 0
    n: int = 0

    @property
    def rate(self) -> int:
        """Whole per cent; 0 of nothing."""
        return round(100 * self.accepted / self.n) if self.n else 0


def follow_ups(*, flow: Flow | None, since: datetime, until: datetime) -> tuple[list[Row], list[Row]]:
    """By role, and by role and delay: whoever followed up first, and whether the customer went on (D10).

    A visit counts when it is over. Whoever gave up, declined or never answered did not go on.
    """
    visits = CaseVisit.objects.filter(left_at__gte=since, left_at__lt=until)
    if flow is not None:
        visits = visits.filter(case__flow=flow)
    ended = {(case, no): how for case, no, how in visits.values_list("case", "no", "how")}
    asked = FollowUp.objects.filter(case__in=visits.values("case")).order_by("case", "visit", "at", "pk")
    first: dict[tuple[int, int], tuple[str, int]] = {}
    for case, visit, role, minutes in asked.values_list("case", "visit", "role__name", "open_minutes"):
        first.setdefault((case, visit), (role or "Nobody in particular", minutes))
    by_role: dict[str, Row] = {}
    by_both: dict[tuple[str, int], Row] = {}
    for key, (role, minutes) in first.items():
        if key in ended:
            place, delay = delay_of(minutes)
            for row in (
                by_role.setdefault(role, Row(role, "")),
                by_both.setdefault((role, place), Row(role, delay)),
            ):
                row.n += 1
                row.accepted += ended[key] not in REFUSED
    return _sorted(by_role.values()), [row for _, row in sorted(by_both.items())]


def delay_of(minutes: int) -> tuple[int, str]:
    """The place and name of a delay."""
    for place, (most, name) in enumerate(DELAYS):
        if minutes <= most * 60:
            return place, name
    return len(DELAYS), LATER


def _sorted(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-row.rate, -row.n, row.role))


def lost_reasons(*, flow: Flow | None, since: datetime, until: datetime) -> list[tuple[str, int]]:
    """Why cases were lost, the most frequent first."""
    rows = Case.objects.filter(state="lost", ended_at__gte=since, ended_at__lt=until)
    if flow is not None:
        rows = rows.filter(flow=flow)
    counted: dict[str, int] = defaultdict(int)
    for reason in rows.values_list("reason", flat=True):
        counted[reason] += 1
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:20]
