"""A promise changed: every open ticket under it gets its new times, whoever dies meanwhile."""

from datetime import datetime, timedelta

import timers
from supportdesk.lib.background import enqueue_on_commit
from tickets.actions import clocks
from timers.models import Timer

KIND = "tickets.recompute_level"
# How long a worker may take, or be missing, before it is woken again.
PATIENCE = timedelta(minutes=15)


def ask_to_recompute(*, level_id: int, now: datetime) -> None:
    """Have the open tickets under a level recomputed, as part of the caller's transaction.

    The timer is the job, and it ends only with the work; a lost wake-up costs one more.
    """
    timers.schedule(kind=KIND, subject=level_id, visit=int(now.timestamp() * 1_000_000), due_at=now + PATIENCE)
    wake_worker(level_id=level_id)


def wake_worker(*, level_id: int) -> None:
    """Ask a worker to do it now."""
    enqueue_on_commit("tickets.recompute_clocks", level_id=level_id)


def recompute(*, level_id: int, now: datetime) -> int:
    """Recompute the open tickets under a level; answers how many. Twice, or two at once, changes nothing more.

    Only what was asked before the work began is done with: a change made meanwhile has a timer of its own.
    """
    waiting = Timer.objects.filter(kind=KIND, subject=level_id, done_at=None)
    asked = list(waiting.order_by("pk").values_list("visit", flat=True))
    count = clocks.recompute_level(level_id=level_id, now=now)
    for visit in asked:
        timers.cancel(kind=KIND, subject=level_id, visit=visit)
    return count
