"""The guess of contact reasons: how long training takes on what a desk closed, and what asking it costs a page."""

import statistics
import time
from datetime import datetime
from resource import RUSAGE_CHILDREN, getrusage

from django.db import connection

from tickets.actions.train import train_reasons
from tickets.models import ContactReason, Ticket
from tickets.queries_desk.reasons import reasons_for

REASONS = 60
ASKED = 200
# Closed tickets whose subjects begin alike get the same reason: words decide, as on a real desk.
GIVE = """
update tickets_ticket set contact_reason_id = (%(keys)s::bigint[])[1 + abs(hashtext(left(subject, 14))) %% %(count)s]
where category = 'closed' and merged_into_id is null
"""


def measure(*, now: datetime) -> dict:
    """Train on every closed ticket of the bench, then guess for some of the newest."""
    made = ContactReason.objects.bulk_create(ContactReason(name=f"Reason {number}") for number in range(REASONS))
    with connection.cursor() as cursor:
        cursor.execute(GIVE, {"keys": [reason.pk for reason in made], "count": REASONS})
        closed = cursor.rowcount
    began, used = time.perf_counter(), _cpu_seconds()
    model = train_reasons(now=now, anyway=True)
    seconds, used = time.perf_counter() - began, _cpu_seconds() - used
    took = []
    for ticket in Ticket.objects.order_by("-pk")[:ASKED]:
        start = time.perf_counter()
        reasons_for(ticket)
        took.append(1000 * (time.perf_counter() - start))
    accuracy = {"top1": round(model.top1, 3), "top3": round(model.top3, 3)} if model else {}
    return {
        "closed": closed, "seconds": round(seconds, 1), "cpu_seconds": round(used, 1),
        "texts": model.texts if model else 0,  # a small desk has too few to learn from
        **accuracy,
        "guess_ms_p50": round(statistics.median(took), 1),
        "guess_ms_p95": round(statistics.quantiles(took, n=20)[-1], 1),
    }  # fmt: skip


def _cpu_seconds() -> float:
    """Of this process and those that ended below it: the training has one of its own."""
    below = getrusage(RUSAGE_CHILDREN)
    return time.process_time() + below.ru_utime + below.ru_stime
