"""What the panel of processes beside a ticket shows of its flow."""

from datetime import datetime

from accounts.models import Person
from tickets.models import Ticket
from tickets.queries_desk.cases import cases_on


def case_panel(ticket: Ticket, person: Person, now: datetime) -> dict:
    """What `tickets/desk/_case_panel.html` needs, empty for a ticket without a case. One query at most."""
    return {"cases": cases_on(ticket)}
