"""Whoever may only read leaves a trace of what they read: one a ticket and day, in the journal too."""

from datetime import UTC, datetime

from django.db import transaction

from accounts.access import can
from accounts.journal import record
from supportdesk.lib.failpoints import failpoint
from tickets.models import Reading, Ticket


def note_reading(*, ticket: Ticket, by, now: datetime) -> bool:
    """An observer has the ticket before them; whether that is news today. Those who work here are at their work.

    Twice, two at once or killed in the middle, it is one row and one entry, or neither.
    """
    if can(by, "tickets.work") or not can(by, "tickets.see"):
        return False
    today = now.astimezone(UTC).date()
    if Reading.objects.filter(person=by, on=today, ticket=ticket).exists():
        return False
    with transaction.atomic():
        _, is_new = Reading.objects.get_or_create(person=by, on=today, ticket=ticket)
        failpoint("tickets.readings.noted")
        if is_new:
            record(by=by, action="tickets.read", subject=ticket, now=now)
    return is_new
