"""Runs go where their ticket's words go: with a merge to the ticket that goes on, and back when that is undone."""

from collections.abc import Collection

from django.db.models import Min

from tickets.choices import ProcessState
from tickets.models import ProcessRun, RunStep, Ticket


def carry(gone: Ticket, survivor: Ticket) -> list[int]:
    """Move what runs on `gone` to `survivor`, both locked; the keys of what moved. The caller keeps both.

    A process that runs on both stays where it is: its ticket is closed, and there it stands still.
    """
    here = ProcessRun.objects.filter(ticket=survivor, state=ProcessState.RUNNING).values("article")
    runs = ProcessRun.objects.filter(ticket=gone, state=ProcessState.RUNNING).exclude(article__in=list(here))
    keys = [run["pk"] for run in runs.order_by("pk").values("pk", "article")]
    ProcessRun.objects.filter(pk__in=keys).update(ticket=survivor)
    _date(gone, survivor)
    return keys


def bring_back(keys: Collection[int], gone: Ticket, survivor: Ticket) -> None:
    """Undo that, for those which are still there. What was done meanwhile stays done."""
    running = ProcessRun.objects.filter(ticket=gone, state=ProcessState.RUNNING).values("article")
    runs = ProcessRun.objects.filter(pk__in=keys, ticket=survivor)
    runs.exclude(article__in=list(running.values_list("article", flat=True)), state=ProcessState.RUNNING).update(
        ticket=gone
    )
    _date(gone, survivor)


def _date(*tickets: Ticket) -> None:
    for ticket in tickets:
        earliest = RunStep.objects.to_do().filter(run__ticket=ticket).aggregate(at=Min("due_at"))
        ticket.steps_due_at = earliest["at"]
