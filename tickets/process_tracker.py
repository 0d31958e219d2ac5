"""What a customer reads of the processes on their ticket: only what steps say in CUSTOMER SEES."""

from itertools import groupby

from tickets.choices import SETTLED, MoveKind, ProcessState, StepState
from tickets.flow_tracker import TrackedStage, Tracker
from tickets.models import RunStep, Ticket, TicketMove

NAME = "What we do for you"


def of_ticket(ticket: Ticket) -> list[Tracker]:
    """One for each process that says something to the customer. One query where there is none, two where there is.

    What came by a merge with another customer's ticket is not theirs (S24).
    """
    rows = RunStep.objects.filter(run__ticket=ticket, is_current=True).exclude(step__customer_label="")
    rows = rows.exclude(run__state=ProcessState.STOPPED).exclude(state=StepState.SKIPPED)
    steps = list(rows.select_related("run", "step").order_by("-run", "step__no"))
    if not steps:
        return []
    moves = TicketMove.objects.filter(target=ticket, kind=MoveKind.MERGE, undone_at=None, source__is_kept_apart=True)
    others = {key for before in moves.values_list("before", flat=True) for key in before.get("runs", ())}
    return [_tracker(ticket, list(found)) for key, found in groupby(steps, lambda one: one.run_id) if key not in others]


def _tracker(ticket: Ticket, steps: list[RunStep]) -> Tracker:
    following = next((one.pk for one in steps if one.state not in SETTLED), 0)
    stages = [
        TrackedStage(
            one.step.customer_label,
            "done" if one.state in SETTLED else "now" if one.pk == following else "next",
            one.settled_at,
        )
        for one in steps
    ]
    now = next((stage.label for stage in stages if stage.state == "now"), "Everything is done.")
    return Tracker(NAME, ticket.pk, "", now, is_over=not following, with_you=False, stages=stages)
