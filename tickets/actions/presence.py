"""Who looks at which ticket just now. Rows are leases: a screen that stops saying so is gone when its lease ends."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from supportdesk.lib.live import announce
from tickets.models import Presence

LEASE = timedelta(seconds=18)
MOST_SCREENS = 20
PURGED_AT_ONCE = 200


def be_at(*, ticket_id: int, by, screen: int, doing: str, now: datetime) -> None:
    """`by` has the ticket open on `screen` for another LEASE, wherever that screen was before.

    Others hear of it only when something changed, not when a lease is renewed. Touches no ticket.
    """
    with transaction.atomic():
        before = _before(by, screen, now)
        Presence.objects.bulk_create(
            [Presence(screen=screen, person=by, ticket_id=ticket_id, doing=doing, until_at=now + LEASE)],
            update_conflicts=True,
            unique_fields=["person", "screen"],
            update_fields=["ticket", "doing", "until_at"],
        )
        if before != (ticket_id, doing):
            _purge(by, now)
            _tell(before[0] if before else 0, ticket_id)


def leave(*, by, screen: int, now: datetime) -> None:
    """The screen shows no ticket any more."""
    with transaction.atomic():
        before = _before(by, screen, now)
        Presence.objects.filter(person=by, screen=screen).delete()
        if before:
            _tell(before[0])


def _before(by, screen: int, now: datetime) -> tuple[int, str] | None:
    mine = Presence.objects.filter(person=by, screen=screen, until_at__gt=now)
    return mine.values_list("ticket", "doing").first()


def _purge(by, now: datetime) -> None:
    """The table holds what is true now: rows that ran out go, and nobody has more than MOST_SCREENS."""
    mine = Presence.objects.filter(person=by).order_by("-until_at", "-pk").values_list("pk", flat=True)
    doomed = Presence.objects.filter(Q(until_at__lte=now) | Q(pk__in=list(mine[MOST_SCREENS:])))
    free = doomed.order_by("pk").select_for_update(skip_locked=True)  # whoever holds one is renewing or removing it
    Presence.objects.filter(pk__in=list(free.values_list("pk", flat=True)[:PURGED_AT_ONCE])).delete()


def _tell(*tickets: int) -> None:
    for number in sorted({number for number in tickets if number}):
        announce(f"presence:{number}")
