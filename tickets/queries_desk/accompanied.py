"""Who is accompanied, what waits for their reviewers, and which runs are to be judged."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from accounts.access import can, has_role
from accounts.choices import Role
from accounts.models import Person
from tickets.choices import HeldState, ProcessState, StepState
from tickets.models import Apprentice, HeldReply, ProcessRun, RunPass, RunStep, Ticket
from tickets.queries_desk.processes import runs_for

MOST = 50


def held_on(ticket: Ticket) -> list[HeldReply]:
    """Replies on a ticket that are to be read first. One query."""
    rows = HeldReply.objects.filter(ticket=ticket, state=HeldState.WAITING).select_related("person", "reviewer")
    return list(rows.order_by("pk"))


def held_for(person: Person, pk: int) -> HeldReply | None:
    """One such reply, for its writer, its reviewer, leads and admins, whatever became of it."""
    if not can(person, "tickets.work") or not 0 < pk < 2**63:
        return None
    found = HeldReply.objects.select_related("ticket__requester", "person", "reviewer", "reason", "decided_by")
    row = found.filter(pk=pk).first()
    if row is None or not (person.pk in (row.person_id, row.reviewer_id) or has_role(person, Role.LEAD, Role.ADMIN)):
        return None
    return row


def to_read(person: Person) -> list[HeldReply]:
    """Replies that wait for this reviewer; for leads and admins everybody's, their own reviews first. One query."""
    rows = HeldReply.objects.filter(state=HeldState.WAITING).exclude(person=person)
    if not has_role(person, Role.LEAD, Role.ADMIN):
        rows = rows.filter(reviewer=person)
    found = list(rows.select_related("ticket", "person", "reviewer").order_by("pk")[:MOST])
    return sorted(found, key=lambda one: one.reviewer_id != person.pk)


@dataclass(frozen=True)
class ToJudge:
    """A run that is done, and the accompanied person who did some of it."""

    run: ProcessRun
    person: Person


def to_judge(person: Person) -> list[ToJudge]:
    """Runs that this reviewer, or for leads and admins anybody, has not judged yet. Two queries."""
    apprentices = Apprentice.objects.filter(ended_at__isnull=True).exclude(person=person).select_related("person")
    if not has_role(person, Role.LEAD, Role.ADMIN):
        apprentices = apprentices.filter(reviewer=person)
    found = []
    for one in apprentices.order_by("since", "pk")[:MOST]:
        did = RunStep.objects.filter(run=OuterRef("pk"), is_current=True, state=StepState.DONE, person=one.person)
        runs = runs_for(person).filter(Exists(did), state=ProcessState.DONE, ended_at__gte=one.since)
        judged = RunPass.objects.filter(run=OuterRef("pk"), person=one.person)
        rows = runs.filter(~Exists(judged)).select_related("revision", "ticket").order_by("ended_at", "pk")[:MOST]
        found += [ToJudge(run, one.person) for run in rows]
    return found


def apprentices() -> list[Apprentice]:
    """Everybody who is accompanied, with how many runs they `passed`. Two queries."""
    rows = Apprentice.objects.filter(ended_at__isnull=True).select_related("person", "reviewer")
    found = list(rows.order_by("since", "pk"))
    counted = RunPass.objects.filter(person__in=[one.person_id for one in found], is_passed=True)
    by_person: dict[int, int] = {}
    since = {one.person_id: one.since for one in found}
    for key, at in counted.values_list("person", "at"):
        if at >= since[key]:
            by_person[key] = by_person.get(key, 0) + 1
    for one in found:
        one.passed = by_person.get(one.person_id, 0)  # type: ignore[attr-defined]  # for the page
    return found
