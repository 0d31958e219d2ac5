"""Fix the set of tickets that a deed is for, when the agent presses, not when the work gets to them."""

from datetime import datetime

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet

from tickets.choices import BulkState
from tickets.models import BulkItem, BulkJob
from tickets.refusals import Refused

MOST = 100_000
NOTHING = "Select a ticket first."


class NothingChosen(Refused):
    """No ticket was selected, or none of them is there for this person."""


@transaction.atomic
def choose(*, tickets: QuerySet, source: str, by, now: datetime, is_whole: bool = True) -> BulkJob:
    """A job whose items are the tickets of the queryset as they are now, at most MOST in its order.

    `is_cut` says that more match: more than MOST, or more than the queryset, which is not `is_whole`. It does nothing
    until `begin` says what; never begun, it is forgotten after a day. Raises NothingChosen.
    """
    job = BulkJob.objects.create(by=by, state=BulkState.CHOSEN, source=source[:200], chosen_at=now)
    try:
        sql, values = tickets.values("pk")[: MOST + 1].query.sql_with_params()
    except EmptyResultSet:  # nothing can match, so Django writes no query
        raise NothingChosen(NOTHING) from None
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into tickets_bulkitem (job_id, ticket_id, state, why, changes) "  # noqa: S608 - Django wrote it
            f"select %s, chosen.id, 'waiting', '', '{{}}' from ({sql}) as chosen (id) limit %s",
            [job.pk, *values, MOST],
        )
        job.total = cursor.rowcount
    if job.total == 0:
        raise NothingChosen(NOTHING)
    job.is_cut = not is_whole or (job.total == MOST and tickets.values("pk")[MOST : MOST + 1].exists())
    job.save(update_fields=["total", "is_cut"])
    return job


def waiting_customers(job: BulkJob) -> int:
    """How many of a chosen job's tickets have a customer who waits for an answer, and nothing that says why."""
    waiting = BulkItem.objects.filter(job=job, ticket__waiting_since__isnull=False, ticket__closed_at__isnull=True)
    return waiting.filter(ticket__contact_reason=None).count()
