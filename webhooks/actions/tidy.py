"""Forget old events: their bodies name people, and nobody replays last season's."""

from datetime import datetime, timedelta

from webhooks.choices import UNFINISHED
from webhooks.models import Delivery, Event

KEPT_FOR = timedelta(days=30)
AT_ONCE = 5_000


def forget_old_events(*, now: datetime) -> int:
    """Remove events of more than 30 days ago with their deliveries; one that is still on its way stays. How many."""
    old = Event.objects.filter(created_at__lt=now - KEPT_FOR)
    unfinished = Delivery.objects.filter(state__in=UNFINISHED).values("event")
    keys = old.exclude(pk__in=unfinished).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]
    removed = Event.objects.filter(pk__in=list(keys)).delete()[1]
    return removed.get("webhooks.Event", 0)
