"""Tickets whose owner did not touch them although the customer waits. Reads only."""

from datetime import datetime

from django.db.models import DateTimeField, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from tickets.choices import LIVE
from tickets.models import Note, Ticket, TicketEvent


def idle_tickets(since: datetime) -> QuerySet[Ticket]:
    """Assigned, in sight, the customer waits since `since` at least, and so long the owner did nothing to it.

    Getting the ticket counts as a touch, and so do the owner's notes and whatever they did that the thread shows.
    """
    owner = Q(by=OuterRef("assignee")) | Q(kind="assigned")
    events = TicketEvent.objects.filter(owner, ticket=OuterRef("pk")).order_by("-pk").values("created_at")[:1]
    notes = Note.objects.filter(ticket=OuterRef("pk"), person=OuterRef("assignee")).order_by("-pk")
    touched = Greatest(
        Coalesce(Subquery(events), F("created_at")),
        Coalesce(Subquery(notes.values("created_at")[:1]), F("created_at")),
        Coalesce(F("imported_at"), F("created_at")),
        output_field=DateTimeField(),
    )
    waiting = Ticket.objects.filter(
        category__in=LIVE, snoozed_until__isnull=True, assignee__isnull=False, waiting_since__lte=since
    )
    return waiting.annotate(touched_at=touched).filter(touched_at__lte=since)


def is_idle(ticket_id: int, since: datetime) -> bool:
    """Whether this ticket is one of them."""
    return idle_tickets(since).filter(pk=ticket_id).exists()
