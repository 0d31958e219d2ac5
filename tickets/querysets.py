"""The desk's vocabulary for tickets, chainable."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from tickets.choices import LIVE, PAUSED, Category, Delivery, Passing, ProcessState, StepState


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
        return self.filter(has_failed_delivery=True)

    def visible(self, person: Any):
        """What a customer may see: tickets of their own, those they take part in, and colleagues' where allowed.

        Merged tickets are not listed, their survivor is; only one that was merged without its customer stays theirs.
        """
        shared = person.memberships.filter(sees_colleagues_tickets=True).values("organisation")
        return self.filter(
            Q(requester=person) | Q(pk__in=person.participations.values("ticket")) | Q(organisation__in=shared),
            Q(merged_into__isnull=True) | Q(is_kept_apart=True),
        )


class MessageQuerySet(QuerySet):
    """Public messages and who may read them when."""

    def standing(self):
        """Without replies that were taken back."""
        return self.exclude(delivery=Delivery.CANCELLED)

    def shown_to_customers(self, now: datetime):
        """What a customer reads on the web: nothing held, nothing that its writer can still take back."""
        return self.standing().filter(is_held=False).exclude(sends_at__gt=now)

    def of_its_customers(self):
        """Without what came by a merge with another customer's ticket (S24)."""
        return self.filter(is_apart=False)


class PassedMessageQuerySet(QuerySet):
    """Messages of SMS and chat."""

    def claimable(self, now: datetime):
        """Ready to be passed on: waiting, or claimed by somebody who never reported."""
        held = Q(state=Passing.SENDING, leased_until__lte=now)
        return self.filter(Q(state=Passing.PENDING, ready_at__lte=now) | held)


class RunStepQuerySet(QuerySet):
    """Steps of processes that are done on tickets."""

    def to_do(self):
        """Not settled, in a run that goes on."""
        return self.filter(
            is_current=True, state__in=[StepState.TODO, StepState.CLAIMED], run__state=ProcessState.RUNNING
        )

    def open(self):
        """The same, on a ticket that is not closed: there they stand still."""
        return self.to_do().exclude(run__ticket__category=Category.CLOSED)

    def up(self, now: datetime):
        """Whose turn has come: taken, past its date, or with nothing open before it."""
        before = self.model._default_manager.filter(
            run=OuterRef("run"), is_current=True, step__no__lt=OuterRef("step__no"),
            state__in=[StepState.TODO, StepState.CLAIMED],
        )  # fmt: skip
        return self.open().filter(Q(state=StepState.CLAIMED) | Q(due_at__lte=now) | ~Exists(before))
