"""Begin a process on a ticket, or stop one that is not needed after all."""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from knowledgebase.choices import ArticleKind, DueFrom
from knowledgebase.models import Article, Revision, Step
from supportdesk.lib.failpoints import failpoint
from tickets import open_hours
from tickets.actions.keeping import locked
from tickets.actions.processes.running import (
    CannotRun,
    hours_of,
    keep_run,
    locked_run,
    said_of,
    set_timers,
    title_of,
)
from tickets.actions.telling_programs import run_changed
from tickets.choices import Category, ProcessState
from tickets.models import ProcessRun, RunStep, Ticket


@transaction.atomic
def start_run(*, ticket: Ticket, article: Article, by, now: datetime) -> ProcessRun:
    """Begin the published version of a process. `by` is None when the product begins it by itself.

    Raises CannotRun: no process, nothing published, running already, a ticket that is closed or merged.
    """
    row = locked(ticket)
    _check_ticket(row)
    revision = _published(article)
    if ProcessRun.objects.filter(ticket=row, article=article, state=ProcessState.RUNNING).exists():
        raise CannotRun(f"“{article.title}” is running on this ticket already.")
    run = ProcessRun.objects.create(ticket=row, article=article, revision=revision, started_by=by, started_at=now)
    made = make_steps(row, run, list(revision.steps.select_related("role").order_by("no")), now=now)
    set_timers(run, made)
    who = by.shown_name if by else "The desk"
    words = f"{who} started {title_of(run)}, version {revision.no}, as a checklist."
    keep_run(row, run, now=now, words=words, by=by)
    run_changed("process.started", run, now=now)
    failpoint("tickets.process.started")
    record(by=by, action="tickets.process_start", subject=row, data={"run": run.pk, "version": revision.no}, now=now)
    return run


@transaction.atomic
def stop_run(*, run: ProcessRun, reason: str, by, now: datetime) -> None:
    """It is not needed after all, and `reason` says why. Its ticks stay. Raises CannotRun."""
    row, run = locked_run(run)
    words = " ".join(reason.split())[:300]
    if len(words) < 3:
        raise CannotRun("Say in a few words why it stops.")
    run.state, run.ended_by, run.ended_at, run.reason = ProcessState.STOPPED, by, now, words
    set_timers(run, [])
    keep_run(row, run, now=now, words=f"{by.shown_name} stopped {title_of(run)}{said_of(run, words)}.", by=by)
    run_changed("process.ended", run, now=now)
    record(by=by, action="tickets.process_stop", subject=row, data={"run": run.pk}, now=now)


def make_steps(ticket: Ticket, run: ProcessRun, steps: list[Step], *, now: datetime) -> list[RunStep]:
    """Rows for these steps, dated where they count from the start; a step that comes later counts from `now`."""
    hours = hours_of(ticket)
    rows = []
    for step in steps:
        counts = step.due_minutes is not None and step.due_from == DueFrom.START
        due_at = open_hours.so_long_after(hours, now, step.due_minutes or 0) if counts else None
        rows.append(RunStep(run=run, step=step, role_id=step.role_id, due_at=due_at))
    return RunStep.objects.bulk_create(rows)


def _check_ticket(row: Ticket) -> None:
    if row.merged_into_id:
        raise CannotRun(f"This ticket was merged into ticket {row.merged_into_id}. Start it there.")
    if row.category == Category.CLOSED:
        raise CannotRun("This ticket is closed. Open it again first.")


def _published(article: Article) -> Revision:
    if article.kind != ArticleKind.PROCESS:
        raise CannotRun(f"“{article.title}” is no process.")
    found = Article.objects.published().select_related("published").filter(pk=article.pk).first()
    if found is None or found.published is None:
        raise CannotRun(f"“{article.title}” is not published.")
    return found.published
