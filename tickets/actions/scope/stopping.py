"""A clock of best effort does not run on a closed ticket. Below `keeping`, where every closing ends."""

from collections.abc import Iterable
from datetime import datetime

from tickets.models import ScopeTime, Ticket
from tickets.scope_time import minutes_between


def stop_clocks(tickets: Iterable[Ticket], *, now: datetime) -> None:
    """Stop what runs on tickets that were closed just now. No query for those whose help is not timed."""
    keys = [ticket.pk for ticket in tickets if ticket.scope]
    if not keys:
        return
    for running in ScopeTime.objects.filter(ticket__in=keys, ended_at=None):
        running.minutes, running.ended_at = minutes_between(running.began_at, now), now
        running.save(update_fields=["minutes", "ended_at"])
