"""Wake-ups for timers."""

from celery import shared_task
from django.utils import timezone

from supportdesk.lib.locks import try_lock
from timers.actions.forget import forget_done
from timers.actions.sweep import sweep


@shared_task(name="timers.sweep", soft_time_limit=60, time_limit=90)
def sweep_timers() -> None:
    """Answer what is due. A sweep that is still busy is enough, so this one leaves."""
    with try_lock("timers.sweep") as got:
        if got:
            sweep(now=timezone.now())


@shared_task(name="timers.forget", soft_time_limit=240, time_limit=300)
def forget_done_timers() -> int:
    """Timers that were answered long ago go."""
    return forget_done(now=timezone.now())
