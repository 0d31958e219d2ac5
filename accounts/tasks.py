"""Wake-ups."""

import structlog
from celery import shared_task
from django.utils import timezone

from accounts.actions.tidy import tidy
from accounts.journal import head

log = structlog.get_logger(__name__)


@shared_task(name="accounts.tidy", ignore_result=True)
def tidy_accounts() -> None:
    """Remove what is over; runs every hour."""
    tidy(now=timezone.now())


@shared_task(name="accounts.note_journal_head", ignore_result=True)
def note_journal_head() -> None:
    """Write the journal's head into the log, which is kept elsewhere; runs every day."""
    number, last = head()
    log.info("journal head", number=number, hash=last)
