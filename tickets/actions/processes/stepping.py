"""One step of a run: take it, do it, skip it, give it back, take a tick back."""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from django.db import transaction

from accounts import work_roles
from accounts.access import NotAllowed
from accounts.journal import record
from knowledgebase.choices import Evidence
from supportdesk.lib.failpoints import failpoint
from tickets.actions.processes.running import (
    CannotRun,
    current_steps,
    date_steps,
    end_if_settled,
    keep_run,
    locked_run,
    locked_with_run,
    said_of,
    set_timers,
    title_of,
    words_of,
)
from tickets.actions.telling_programs import run_changed
from tickets.choices import SETTLED, ProcessState, StepState
from tickets.models import ProcessRun, RunStep, Ticket

_ADDRESS = re.compile(r"https?://[^\s<>\"\\]{3,480}")


class NotYourStep(NotAllowed):
    """The step belongs to a role that this person does not hold. Nobody's fault, but not theirs to do (R75)."""


class StepTaken(CannotRun):
    """Somebody else took it, or settled it, a moment before."""


def check_lane(step: RunStep, person) -> None:
    """Raises NotYourStep unless the person acts for the step's role. Two queries for a step with a role.

    To be called before the transaction begins, where the refusal is to be journalled.
    """
    if step.role_id is None:
        return
    lanes = work_roles.lanes()
    if not lanes.may(person, step.role_id):
        acting = lanes.acting(step.role_id) or step.role_id
        raise NotYourStep(f"This step belongs to {lanes.roles[acting].name}, and you are not in that role.")


def note_attempt(step: RunStep, *, by, now: datetime) -> None:
    """Journal that somebody tried what is not theirs to do. After the refusal's transaction, or it is lost with it."""
    record(by=by, action="accounts.refused", subject=step, data={"tried": "tickets.step"}, now=now)


@transaction.atomic
def claim(*, step: RunStep, by, now: datetime) -> RunStep:
    """It is mine to do. Taken by the same person already, it stays theirs. Raises NotYourStep, StepTaken, CannotRun."""
    row, run, one, _ = _open_step(step, by, now)
    if one.state == StepState.CLAIMED:
        return one
    _set(one, StepState.CLAIMED, person=by, taken_at=now)
    failpoint("tickets.process.claimed")
    _keep(row, run, f"{by.shown_name} took {words_of(run, one.step)}", by, now)
    record(by=by, action="tickets.step_claim", subject=row, data={"step": one.pk}, now=now)
    return one


@transaction.atomic
def finish(*, step: RunStep, by, now: datetime, evidence: str = "") -> RunStep:
    """Done, with what the step asks for as `evidence`. Nobody has to take it first; what a colleague took stays
    theirs. Raises NotYourStep, StepTaken, CannotRun.
    """
    row, run, one, steps = _open_step(step, by, now)
    one.evidence = checked_evidence(one.step.evidence, one.step.evidence_label, evidence)
    _set(one, StepState.DONE, person=by, taken_at=one.taken_at or now, settled_at=now)
    _settled(row, run, one, steps, f"{by.shown_name} did {words_of(run, one.step)}", by, now)
    record(by=by, action="tickets.step_finish", subject=row, data={"step": one.pk}, now=now)
    return one


@transaction.atomic
def skip(*, step: RunStep, reason: str, by, now: datetime) -> RunStep:
    """Not needed here, and `reason` says why. Raises NotYourStep, StepTaken, CannotRun."""
    row, run, one, steps = _open_step(step, by, now)
    one.reason = " ".join(reason.replace("\0", "").split())[:300]
    if len(one.reason) < 3:
        raise CannotRun("Say in a few words why this step is skipped.")
    _set(one, StepState.SKIPPED, person=by, settled_at=now)
    _settled(
        row, run, one, steps, f"{by.shown_name} skipped {words_of(run, one.step)}{said_of(run, one.reason)}", by, now
    )
    record(by=by, action="tickets.step_skip", subject=row, data={"step": one.pk}, now=now)
    return one


@transaction.atomic
def hand_back(*, step: RunStep, by, now: datetime) -> RunStep:
    """Whoever took it does not do it after all: it is its role's again. Others of the role may free it too."""
    row, run = locked_run(step.run)
    one = _current(run, step)
    check_lane(one, by)
    if one.state != StepState.CLAIMED:
        raise StepTaken("Nobody has taken this step." if one.state == StepState.TODO else _said(one))
    _set(one, StepState.TODO, person=None, taken_at=None)
    _keep(row, run, f"{by.shown_name} gave back {words_of(run, one.step)}", by, now)
    record(by=by, action="tickets.step_hand_back", subject=row, data={"step": one.pk}, now=now)
    return one


@transaction.atomic
def take_back(*, step: RunStep, by, now: datetime) -> RunStep:
    """It was ticked by mistake: to do again, and what counted from it has no date. Opens a run that it had ended.

    Raises CannotRun for a run that was stopped, or that ended and began again since.
    """
    row, run = _reopened(step.run)
    steps = current_steps(run)
    one = next((other for other in steps if other.pk == step.pk), None)
    if one is None or one.state not in SETTLED:
        raise CannotRun("This step is not settled.")
    check_lane(one, by)
    one.reason = one.evidence = ""
    one.carried_from = None
    _set(one, StepState.TODO, person=None, taken_at=None, settled_at=None)
    date_steps(row, run, steps, now=now)
    _keep(row, run, f"{by.shown_name} took back the tick of {words_of(run, one.step)}", by, now)
    set_timers(run, [one])
    record(by=by, action="tickets.step_take_back", subject=row, data={"step": one.pk}, now=now)
    return one


def checked_evidence(kind: str, label: str, given: str) -> str:
    """What was given, in order. Raises CannotRun where it is not what the step asks for."""
    said = " ".join(given.replace("\0", "").split())
    wanted = label or {Evidence.WORDS: "what you did", Evidence.LINK: "where it is", Evidence.NUMBER: "how much"}.get(
        Evidence(kind), ""
    )
    if len(said) > 500:
        raise CannotRun("Use at most 500 characters.")
    if kind == Evidence.WORDS and len(said) < 3:
        raise CannotRun(f"This step asks for a sentence: {wanted}.")
    if kind == Evidence.LINK and not _is_address(said):
        raise CannotRun(f"This step asks for an address that begins with https://: {wanted}.")
    if kind == Evidence.NUMBER and not _is_number(said):
        raise CannotRun(f"This step asks for a number: {wanted}.")
    return said


def _is_address(said: str) -> bool:
    try:
        return bool(_ADDRESS.fullmatch(said)) and bool(urlsplit(said).hostname)
    except ValueError:
        return False


def _is_number(said: str) -> bool:
    try:
        return said.isascii() and len(said) <= 40 and Decimal(said.replace(",", "").lstrip("$")).is_finite()
    except InvalidOperation:
        return False


def _open_step(step: RunStep, by, now: datetime) -> tuple[Ticket, ProcessRun, RunStep, list[RunStep]]:
    """Everything locked. Raises where the step is not this person's to do, or is settled, or a colleague's."""
    row, run = locked_run(step.run)
    steps = current_steps(run)
    one = next((other for other in steps if other.pk == step.pk), None)
    if one is None:
        raise CannotRun("This ticket follows a newer version by now. Look at its steps again.")
    check_lane(one, by)
    if one.state in SETTLED or (one.state == StepState.CLAIMED and one.person_id != by.pk):
        raise StepTaken(_said(one))
    return row, run, one, steps


def _current(run: ProcessRun, step: RunStep) -> RunStep:
    found = run.steps.filter(pk=step.pk, is_current=True).select_related("step", "person").first()
    if found is None:
        raise CannotRun("This ticket follows a newer version by now. Look at its steps again.")
    return found


def _said(one: RunStep) -> str:
    who = one.person.shown_name if one.person else "Somebody"
    did = {StepState.CLAIMED: "took", StepState.DONE: "did", StepState.SKIPPED: "skipped"}[StepState(one.state)]
    return f"{who} {did} this step a moment ago."


def _set(one: RunStep, state: StepState, **fields) -> None:
    one.state = state
    for name, value in fields.items():
        setattr(one, name, value)
    one.save()


def _settled(row: Ticket, run: ProcessRun, one: RunStep, steps: list[RunStep], words: str, by, now: datetime) -> None:
    date_steps(row, run, steps, now=now)
    is_over = end_if_settled(run, steps, by=by, now=now)
    if is_over:
        words += f". With that, {title_of(run)} is done"
    failpoint("tickets.process.settled")
    _keep(row, run, words, by, now)
    run_changed("process.step_settled", run, step=one, now=now)
    if is_over:
        run_changed("process.ended", run, now=now)


def _keep(row: Ticket, run: ProcessRun, words: str, by, now: datetime) -> None:
    keep_run(row, run, now=now, words=words if words.endswith((".", "!", "?")) else f"{words}.", by=by)


def _reopened(run: ProcessRun) -> tuple[Ticket, ProcessRun]:
    """The ticket and the run, locked, and running again if its last tick had ended it."""
    row, found = locked_with_run(run)
    if found.state == ProcessState.DONE:
        others = ProcessRun.objects.filter(ticket=found.ticket_id, article=found.article_id)
        if others.filter(state=ProcessState.RUNNING).exists():
            raise CannotRun("The process was started again on this ticket since.")
        found.state, found.ended_at, found.ended_by = ProcessState.RUNNING, None, None
        found.save()
    if found.state != ProcessState.RUNNING:
        raise CannotRun(f"“{found.revision.title}” is over on this ticket.")
    return row, found
