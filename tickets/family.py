"""What stands in the way of closing a ticket that others hang on. Reads only."""

from tickets.choices import Category, RelationKind
from tickets.models import Ticket, TicketRelation
from tickets.refusals import Refused

MOST_NAMED = 5


class OpenChildren(Refused):
    """The ticket has open children, so it is not closed silently. `children` are their numbers."""

    def __init__(self, ticket: int, children: list[int]) -> None:
        named = ", ".join(f"#{pk}" for pk in children[:MOST_NAMED])
        named += " and others" if len(children) > MOST_NAMED else ""
        what = "a child that is" if len(children) == 1 else f"{len(children)} children that are"
        super().__init__(f"Ticket {ticket} has {what} still open: {named}. Close them too, or close this one alone.")
        self.ticket, self.children = ticket, children


def open_children(ticket: Ticket) -> list[int]:
    """The numbers of the children that somebody still has to solve. One query."""
    below = TicketRelation.objects.filter(kind=RelationKind.PARENT, one=ticket.pk)
    return list(below.exclude(other__category=Category.CLOSED).order_by("other").values_list("other", flat=True))


def check_children(ticket: Ticket) -> None:
    """Raises OpenChildren."""
    children = open_children(ticket)
    if children:
        raise OpenChildren(ticket.pk, children)
