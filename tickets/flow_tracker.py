"""What a customer reads of their cases: the stages with their own words, which are done, and what is expected when.

From the same rows that staff work on (D8). Tasks, reasons and history are for staff: nothing here reads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch

from accounts.models import Person
from tickets.flow_choices import LIVE, CaseState, CountsFrom
from tickets.models import Case, CaseVisit, Stage, Ticket

MOST = 5


@dataclass(frozen=True)
class TrackedStage:
    """`state`: done, now, or next. `date_on`: what is expected then."""

    label: str
    state: str
    at: datetime | None = None
    date_on: date | None = None


@dataclass(frozen=True)
class Tracker:
    """One case as its customer sees it. `headline` is a sentence; `with_you`: they have the next move."""

    name: str
    ticket_id: int
    order_number: str
    headline: str
    is_over: bool
    with_you: bool
    stages: list[TrackedStage]


def of_ticket(ticket: Ticket) -> list[Tracker]:
    """Of one ticket, the newest first. One query where there is none, four where there is."""
    return _trackers(Case.objects.filter(ticket=ticket, parent=None))


def of_person(person: Person) -> list[Tracker]:
    """What is on its way for somebody, of tickets that they take part in themselves."""
    if person.email_verified_at is None:
        return []
    return _trackers(Case.objects.filter(person=person, parent=None, state__in=LIVE))


def _trackers(cases) -> list[Tracker]:
    visits = Prefetch("visits", CaseVisit.objects.order_by("no"))
    stages = Prefetch("version__stages", Stage.objects.order_by("no"))
    rows = cases.select_related("flow", "order", "stage").prefetch_related(visits, stages)
    return [tracker_of(case) for case in rows.order_by("-pk")[:MOST]]


def tracker_of(case: Case) -> Tracker:
    """Of a case whose visits and stages were read in order."""
    last: dict[int, CaseVisit] = {visit.stage_id: visit for visit in case.visits.all()}
    stages = [_stage(case, stage, last) for stage in case.version.stages.all() if stage.customer_label]
    return Tracker(
        name=case.flow.name,
        ticket_id=case.ticket_id,
        order_number=case.order.number if case.order else "",
        headline=_headline(case, stages),
        is_over=not case.is_live,
        with_you=case.state == CaseState.WAITING,
        stages=stages,
    )


def _stage(case: Case, stage: Stage, last: dict[int, CaseVisit]) -> TrackedStage:
    visit = last.get(stage.pk)
    if case.is_live and stage.pk == case.stage_id:
        return TrackedStage(stage.customer_label, "now", case.entered_at)
    if visit is None or (case.is_live and stage.no > case.stage.no):
        return TrackedStage(stage.customer_label, "next")
    if visit.how in ("lost", "declined", "exhausted"):
        return TrackedStage(stage.customer_label, "stopped", visit.left_at)
    return TrackedStage(stage.customer_label, "done", visit.left_at, visit.date_on)


def _headline(case: Case, stages: Sequence[TrackedStage]) -> str:
    if case.state == CaseState.DONE:
        return "Everything is done."
    if case.state == CaseState.LOST:
        return "This has ended."
    if case.stage.due_from == CountsFrom.DATE and case.date_on is not None:
        before = [stage.label for stage in stages if stage.state == "done"]
        label = before[-1] if before else case.stage.customer_label
        return f"{label}, expected {case.date_on:%-d %B %Y}"
    return case.stage.customer_label or case.flow.name
