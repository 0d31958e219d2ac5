"""The desk's vocabulary for tickets, chainable."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from tickets.choices import LIVE, PAUSED, Category


class TicketQuerySet(QuerySet):
    """Each name is a word that agents use."""

    def unsolved(self):
        """Everything that still needs somebody."""
        return self.exclude(category=Category.CLOSED)

    def awaiting_agent(self):
        """Ours to answer now: live and not snoozed."""
        return self.filter(category__in=LIVE, snoozed_until__isnull=True)

    def paused(self):
        """Waiting on the customer or on hold, not snoozed."""
        return self.filter(category__in=PAUSED, snoozed_until__isnull=True)

    def snoozed(self):
        """Put away until a time."""
        return self.unsolved().filter(snoozed_until__isnull=False)

    def unassigned(self):
        """Nobody's yet."""
        return self.filter(assignee__isnull=True)

    def overdue(self, now: datetime):
        """The earliest running clock has passed."""
        return self.filter(category__in=LIVE, sla_due_at__lt=now)

    def undelivered(self):
        """A reply of ours did not arrive."""
        return self.filter(
            Exists(self.model.messages.rel.related_model.objects.filter(ticket=OuterRef("pk"), delivery="failed"))
        )

    def visible(self, person: Any):
        """What a customer may see: tickets of their own, those they take part in, and colleagues' where allowed.

        Merged tickets are not listed; their survivor is.
        """
        shared = person.memberships.filter(sees_colleagues_tickets=True).values("organisation")
        return self.filter(
            Q(requester=person) | Q(pk__in=person.participations.values("ticket")) | Q(organisation__in=shared),
            merged_into__isnull=True,
        )
