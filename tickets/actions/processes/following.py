"""A run follows a newer version of its process: looked at first, then done (A11). Ticks of each version stay (U41)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from django.db import transaction

import timers
from accounts.journal import record
from knowledgebase.choices import DueFrom
from knowledgebase.models import Revision, Step
from supportdesk.lib.failpoints import failpoint
from tickets import open_hours
from tickets.actions.processes.running import (
    STEP_DUE,
    CannotRun,
    current_steps,
    date_steps,
    end_if_settled,
    hours_of,
    keep_run,
    locked_run,
    set_timers,
    title_of,
)
from tickets.actions.telling_programs import run_changed
from tickets.choices import SETTLED
from tickets.models import ProcessRun, RunStep, Ticket

ALIKE = 0.6
_SAID = {
    "title": "title", "how": "how", "say": "words for the customer", "role_id": "who", "due_minutes": "when",
    "due_from": "when", "due_step": "when", "evidence": "proof", "evidence_label": "proof",
    "customer_label": "what the customer sees",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One step then and now; one of them is missing for a step that is gone or new. `differs` names what changed."""

    old: RunStep | None
    new: Step | None
    differs: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """same, changed, new or gone."""
        if self.new is None:
            return "gone"
        if self.old is None:
            return "new"
        return "changed" if self.differs or self.old.step.no != self.new.no else "same"

    @property
    def is_settled(self) -> bool:
        """Somebody did or skipped it in the older version."""
        return self.old is not None and self.old.state in SETTLED


@dataclass(frozen=True)
class Preview:
    """What following the newest version would make of a run. Whoever agrees names `to.no` and `visit`."""

    run: ProcessRun
    to: Revision
    changes: list[Change]

    @property
    def visit(self) -> int:
        """Which state of the run it shows."""
        return self.run.visit


def sync_preview(run: ProcessRun) -> Preview | None:
    """What would change, None while the run is on the published version. Reads only, four queries."""
    newest = run.article.published
    if newest is None or newest.pk == run.revision_id:
        return None
    steps = list(newest.steps.select_related("role").order_by("no"))
    return Preview(run, newest, _compare(current_steps(run), steps)) if steps else None


@transaction.atomic
def sync(*, run: ProcessRun, to: int, visit: int, by, now: datetime, again: Collection[int] = ()) -> ProcessRun:
    """Follow revision `to`, as it was looked at while the run was at `visit`.

    What was done stays done, but for the rows in `again`; what somebody took stays theirs. New steps count from now.
    Raises CannotRun where the run or the process changed since it was looked at.
    """
    row, run = locked_run(run)
    preview = sync_preview(run)
    if preview is None or preview.to.no != to or run.visit != visit:
        raise CannotRun("Somebody changed this since you looked. Look at it again.")
    before = run.revision.no
    olds = [change.old for change in preview.changes if change.old]
    RunStep.objects.filter(pk__in=[old.pk for old in olds]).update(is_current=False)
    timers.cancel_many(kind=STEP_DUE, subjects=[old.pk for old in olds])
    _carry(row, run, preview.changes, frozenset(again), now)
    run.revision = preview.to
    steps = current_steps(run)
    date_steps(row, run, steps, now=now)
    set_timers(run, steps)
    is_over = end_if_settled(run, steps, by=by, now=now)
    failpoint("tickets.process.synced")
    words = f"{by.shown_name} brought {title_of(run)} from version {before} to version {to}."
    keep_run(row, run, now=now, words=words, by=by)
    if is_over:
        run_changed("process.ended", run, now=now)
    record(by=by, action="tickets.process_sync", subject=row, data={"run": run.pk, "version": to}, now=now)
    return run


def _compare(olds: list[RunStep], news: list[Step]) -> list[Change]:
    """In the order of the new steps; what is gone stands behind the step that it followed."""
    pairs = _pairs(olds, news)
    found = [Change(old := pairs.get(new.pk), new, _differing(old.step, new) if old else ()) for new in news]
    kept = {old.pk for old in pairs.values()}
    for index, old in enumerate(olds):
        if old.pk not in kept:
            before = olds[index - 1].pk if index else None
            at = next((i + 1 for i, change in enumerate(found) if change.old and change.old.pk == before), 0)
            found.insert(at, Change(old, None))
    return found


def _pairs(olds: list[RunStep], news: list[Step]) -> dict[int, RunStep]:
    """Which old step a new one is: by its key, else by a title much like it."""
    by_key = {old.step.key: old for old in olds}
    pairs = {new.pk: by_key.pop(new.key) for new in news if new.key in by_key}
    left = list(by_key.values())
    for new in news:
        if new.pk in pairs or not left:
            continue
        best = max(left, key=lambda old: _likeness(old.step.title, new.title))
        if _likeness(best.step.title, new.title) >= ALIKE:
            pairs[new.pk] = best
            left.remove(best)
    return pairs


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower(), autojunk=False).ratio()


def _differing(old: Step, new: Step) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words for name, words in _SAID.items() if getattr(old, name) != getattr(new, name)))


def _carry(row: Ticket, run: ProcessRun, changes: list[Change], again: frozenset[int], now: datetime) -> list[RunStep]:
    """Rows for the new version, with what was done in the older one."""
    hours = hours_of(row)
    made = []
    for old, new in ((change.old, change.new) for change in changes):
        if new is None:
            continue
        one = RunStep(run=run, step=new, role_id=new.role_id)
        if new.due_minutes is not None and new.due_from == DueFrom.START:
            since = run.started_at if old else now
            one.due_at = open_hours.so_long_after(hours, since, new.due_minutes)
        if old is not None and old.pk not in again:
            one.state, one.person, one.carried_from = old.state, old.person, old
            one.taken_at, one.settled_at, one.warned_at = old.taken_at, old.settled_at, old.warned_at
            one.reason, one.evidence = old.reason, old.evidence
        made.append(one)
    return RunStep.objects.bulk_create(made)
