"""Minutes that a ticket took beyond what we support, those of a running clock included. Reads only."""

from datetime import datetime, timedelta

from django.db.models import Sum

from tickets.models import ScopeTime, Ticket

# A clock that somebody forgot counts no longer than this.
LONGEST_RUN = timedelta(hours=4)


def spent_on(ticket: Ticket, now: datetime) -> int:
    """Minutes on a ticket up to now. Two queries."""
    running = ScopeTime.objects.filter(ticket=ticket, ended_at=None).first()
    return counted_on(ticket) + (minutes_between(running.began_at, now) if running else 0)


def counted_on(ticket: Ticket) -> int:
    """Minutes of clocks that stopped, and those that were noted."""
    return ScopeTime.objects.filter(ticket=ticket).aggregate(sum=Sum("minutes"))["sum"] or 0


def minutes_between(began_at: datetime, now: datetime) -> int:
    """Begun minutes count in full, and one at least."""
    seconds = min(max(now - began_at, timedelta()), LONGEST_RUN).total_seconds()
    return max(1, -int(-seconds // 60))
