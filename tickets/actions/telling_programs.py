"""Tells other programs how checklists and cases go on, in the transaction in which they do (see the app `webhooks`).

Numbers, states and what the customer reads; nothing that staff wrote. Whoever listens may be anybody: a program that
may read more asks the API, which asks the gate of the wiki (A4).
"""

from datetime import datetime

from tickets.models import Case, ProcessRun, RunStep
from webhooks.actions.publish import publish

EVENTS = {
    "process.started": "A process was begun on a ticket",
    "process.step_settled": "A step of a process was done or skipped",
    "process.ended": "A process on a ticket was done or stopped",
    "case.begun": "A customer began a flow",
    "case.moved": "A case came into another stage of its flow",
    "case.ended": "A case was done or lost",
}


def run_changed(type: str, run: ProcessRun, *, now: datetime, step: RunStep | None = None) -> None:
    """Publish what became of a locked run. One query where nobody listens."""
    data: dict = {"process": {"id": run.pk, "ticket": run.ticket_id, "article": run.article_id, "state": run.state}}
    if step is not None:
        data["step"] = {
            "id": step.pk, "no": step.step.no, "state": step.state, "customer_label": step.step.customer_label,
            "person": step.person_id, "settled_at": step.settled_at,
        }  # fmt: skip
    publish(type=type, subject_key=f"process:{run.pk}", data=data, now=now)


def case_changed(type: str, case: Case, *, now: datetime) -> None:
    """The same of a locked case."""
    data = {
        "case": {
            "id": case.pk, "flow": case.flow.key, "ticket": case.ticket_id, "order": case.order_id,
            "person": case.person_id, "state": case.state, "stage": case.stage.key,
            "customer_label": case.stage.customer_label, "visit": case.visit, "due_at": case.due_at,
        }
    }  # fmt: skip
    publish(type=type, subject_key=f"case:{case.pk}", data=data, now=now)
