"""What happens when a timer of the wiki falls due. An edge: it calls one action."""

from datetime import datetime

from knowledgebase.actions import importing


def import_waits(timer, now: datetime) -> datetime | None:
    """An import is not done yet: wake a worker again."""
    return importing.wake_again(run_id=timer.subject, now=now)
