"""Tickets that belong together in the demo, and what this company wants to know about its tickets."""

from datetime import datetime
from random import Random

from supportdesk.demo.company import Company
from tickets.actions import fields, merge, relations, watching
from tickets.actions.setup import fields as setup
from tickets.choices import RelationKind, TicketType
from tickets.models import Ticket

KITS = ("Classroom kit", "Scout kit", "Starter kit", "Spare parts")


def lay_together(*, company: Company, now: datetime, random: Random) -> None:
    """Define two fields, fill them in where they fit, and tie, merge and follow a few open tickets."""
    by = company.admin
    serial = setup.Definition(
        name="Robot serial number", help_text="On the label below the battery.", types=[TicketType.PROBLEM]
    )
    setup.create_field(kind="text", definition=serial, by=by, now=now)
    kit = setup.Definition(name="Kit", options=KITS, is_for_customers=True)
    setup.create_field(kind="choice", definition=kit, by=by, now=now)
    rows = Ticket.objects.unsolved().filter(merged_into=None, cases__isnull=True, runs__isnull=True)
    tickets = list(rows.select_related("assignee").order_by("pk"))
    for ticket in tickets[::2]:
        values = {"kit": random.choice(KITS)}
        if ticket.type == TicketType.PROBLEM:
            values["robot_serial_number"] = f"PR-{random.randint(10_000, 99_999)}"
        fields.fill(ticket=ticket, values=values, by=by, now=now)
    problems = [ticket for ticket in tickets if ticket.type == TicketType.PROBLEM]
    for child in problems[1:3]:
        relations.relate(one=problems[0], other=child, kind=RelationKind.PARENT, by=by, now=now)
    for ticket in tickets[:6]:
        for person in company.members.get("Support", [])[:2]:
            watching.follow(ticket=ticket, person=person, by=person, now=now)
    first: dict[int, Ticket] = {}
    for ticket in tickets:
        same = first.setdefault(ticket.requester_id, ticket)
        if same.pk != ticket.pk and ticket not in problems[:3]:
            merge.merge(ticket=ticket, into=same, by=by, now=now)
            return
