"""How a bulk job stands."""

from dataclasses import dataclass

from django.db.models import Count

from supportdesk.lib.business_hours import Calendar
from tickets import clocks
from tickets.choices import ItemState
from tickets.models import BulkItem, BulkJob, Ticket

SHOWN = 200


@dataclass(frozen=True)
class Tally:
    """Tickets of a job by what became of them."""

    waiting: int
    done: int
    same: int
    refused: int
    undone: int
    left: int

    @property
    def settled(self) -> int:
        """Those that the work has got to."""
        return self.done + self.same + self.refused + self.undone + self.left


def tally_of(job: BulkJob) -> Tally:
    """One query."""
    rows = job.items.order_by().values_list("state").annotate(number=Count("pk"))
    numbers = dict(rows)
    return Tally(**{str(state): numbers.get(state, 0) for state in ItemState.values})


def troubled(job: BulkJob) -> list[BulkItem]:
    """The first tickets that were refused or left, with why. One query."""
    rows = job.items.filter(state__in=[ItemState.REFUSED, ItemState.LEFT]).select_related("ticket")
    return list(rows.order_by("ticket_id")[:SHOWN])


def calendar_of(job: BulkJob) -> Calendar | None:
    """The opening hours by which the words of a snooze are meant: those of the job's first ticket."""
    first = Ticket.objects.filter(pk=job.items.order_by("ticket_id").values("ticket")[:1]).first()
    promise = clocks.promise_for(first) if first else None
    return promise.calendar if promise else None
