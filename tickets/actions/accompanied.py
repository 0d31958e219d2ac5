"""Somebody new is accompanied: a colleague reads their replies before they leave, and passes their runs (R93)."""

from datetime import datetime

from django.db import transaction

from accounts.access import NotAllowed, can, has_role
from accounts.choices import Role
from accounts.journal import record
from accounts.models import Person
from tickets.actions import notify
from tickets.actions.setup.door import by_lead
from tickets.choices import ProcessState, StepState
from tickets.models import Apprentice, ProcessRun, RunPass
from tickets.refusals import Refused


class NeedsReviewer(Refused):
    """This person's replies are read by a colleague first. Nothing was sent."""

    def __init__(self, apprentice: Apprentice) -> None:
        super().__init__(f"{apprentice.reviewer.shown_name} reads your replies before they leave. Send it in the desk.")
        self.apprentice = apprentice


class CannotAccompany(Refused):
    """That cannot be said of these people, this run or this reply."""


def check_alone(person) -> None:
    """Raises NeedsReviewer for somebody whose replies are read first. One query."""
    found = Apprentice.objects.filter(person=person, ended_at__isnull=True).select_related("reviewer").first()
    if found:
        raise NeedsReviewer(found)


@by_lead
def accompany(*, person: Person, reviewer: Person, runs_needed: int, by: Person, now: datetime) -> Apprentice:
    """From now on `reviewer` reads what `person` answers, until `runs_needed` runs are passed. Asked again, it begins
    anew with these. Raises CannotAccompany.
    """
    if person == reviewer:
        raise CannotAccompany("Choose somebody else to accompany them.")
    if not can(person, "tickets.work") or not can(reviewer, "tickets.work"):
        raise CannotAccompany("Both have to be people who answer tickets.")
    if not 1 <= runs_needed <= 50:
        raise CannotAccompany("Ask for 1 to 50 runs.")
    if Apprentice.objects.filter(person=reviewer, ended_at__isnull=True).exists():
        raise CannotAccompany(f"{reviewer.shown_name} is accompanied as well.")
    known = {"reviewer": reviewer, "runs_needed": runs_needed, "since": now, "ended_at": None, "ended_by": None}
    found, _ = Apprentice.objects.update_or_create(person=person, defaults=known)
    record(by=by, action="tickets.accompany", subject=person, data={"reviewer": reviewer.pk}, now=now)
    return found


@by_lead
def release(*, apprentice: Apprentice, by: Person, now: datetime) -> None:
    """They work alone from now on, whatever was passed."""
    row = Apprentice.objects.select_for_update().get(pk=apprentice.pk)
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, by
        row.save(update_fields=["ended_at", "ended_by"])
        record(by=by, action="tickets.release", subject=row.person, data={}, now=now)


@transaction.atomic
def accompany_for_a_day(*, person: Person, reviewer: Person, now: datetime) -> Apprentice | None:
    """As `accompany`, because a programme of the desk asks for it: `end_for_a_day` ends it. None when somebody
    accompanies them already. Raises CannotAccompany.
    """
    known = Apprentice.objects.select_for_update(of=("self",)).filter(person=person).first()
    if known and known.ended_at is None:
        return None
    if person == reviewer or not can(person, "tickets.work") or not can(reviewer, "tickets.work"):
        raise CannotAccompany("Both have to be people who answer tickets.")
    if Apprentice.objects.filter(person=reviewer, ended_at__isnull=True).exists():
        raise CannotAccompany(f"{reviewer.shown_name} is accompanied as well.")
    given = {"reviewer": reviewer, "since": now, "ended_at": None, "ended_by": None}
    found, _ = Apprentice.objects.update_or_create(person=person, defaults=given)
    record(by=None, action="tickets.accompany", subject=person, data={"reviewer": reviewer.pk}, now=now)
    return found


def end_for_a_day(*, person: Person, since: datetime | None, now: datetime) -> None:
    """End what `accompany_for_a_day` began at `since`; what a lead began meanwhile goes on."""
    if since is None:
        return
    if Apprentice.objects.filter(person=person, since=since, ended_at__isnull=True).update(ended_at=now):
        record(by=None, action="tickets.release", subject=person, data={}, now=now)


def has_shown(person: Person) -> bool:
    """Whether somebody said that this person may answer alone: their runs were passed, or a lead let them go."""
    return Apprentice.objects.filter(person=person, ended_at__isnull=False, ended_by__isnull=False).exists()


@transaction.atomic
def judge(*, run: ProcessRun, person: Person, is_passed: bool, words: str, by: Person, now: datetime) -> RunPass:
    """Say whether `person` did a run well. With the last one that they need they work alone. Raises CannotAccompany."""
    apprentice = (
        Apprentice.objects.select_for_update(of=("self",)).select_related("reviewer")
        .filter(person=person, ended_at__isnull=True).first()
    )  # fmt: skip
    if apprentice is None:
        raise CannotAccompany(f"{person.shown_name} is not accompanied.")
    if by == person or not (by == apprentice.reviewer or has_role(by, Role.LEAD, Role.ADMIN)):
        raise NotAllowed("Their reviewer passes their runs.")
    did = run.steps.filter(is_current=True, state=StepState.DONE, person=person)
    if run.state != ProcessState.DONE or not did.exists():
        raise CannotAccompany("The run is not done yet, or not by them.")
    said = " ".join(words.replace("\0", "").split())[:300]
    if not is_passed and len(said) < 3:
        raise CannotAccompany("Say what should be different.")
    given = {"reviewer": by, "is_passed": is_passed, "words": said, "at": now}
    found, is_new = RunPass.objects.get_or_create(run=run, person=person, defaults=given)
    if not is_new:
        raise CannotAccompany(f"{found.reviewer.shown_name} has said so already.")
    passed = RunPass.objects.filter(person=person, is_passed=True, at__gte=apprentice.since).count()
    if passed >= apprentice.runs_needed:
        apprentice.ended_at, apprentice.ended_by = now, by
        apprentice.save(update_fields=["ended_at", "ended_by"])
        notify.tell([person], run.ticket, "You passed your runs and answer alone from now on", now)
    record(by=by, action="tickets.judge_run", subject=run, data={"person": person.pk, "passed": is_passed}, now=now)
    return found
