"""Wake-ups. The rows are the work; a task that comes twice, late or never changes nothing but the hour."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from mail.actions import deliver
from mail.actions.fetch import fetch_in_turn, mailboxes_to_fetch
from mail.actions.forget import forget_sent_words
from mail.actions.limits import forget_old_counts
from mail.files import forget_orphans
from mail.models import Mailbox
from supportdesk.lib.background import wake

SWEEP_SIZE = 200
ORPHAN_AGE = timedelta(days=1)
FETCH_SIZE = 500  # the rest a minute later


@shared_task(name="mail.deliver", ignore_result=True, soft_time_limit=330, time_limit=360)
def deliver_mail(mail_id: int) -> None:
    """Send one mail soon after the transaction that wrote it."""
    deliver.deliver_one(mail_id=mail_id, clock=timezone.now)


@shared_task(name="mail.deliver_due", ignore_result=True, soft_time_limit=480, time_limit=510)
def deliver_due() -> int:
    """Send whatever is due; runs every few seconds."""
    return deliver.deliver_due(limit=SWEEP_SIZE, clock=timezone.now)


@shared_task(name="mail.fetch", ignore_result=True, soft_time_limit=600, time_limit=630)
def fetch_one(mailbox_id: int) -> None:
    """Fetch what is new in one mailbox. A slow server holds up no other mailbox."""
    mailbox = Mailbox.objects.filter(pk=mailbox_id, is_active=True).first()
    if mailbox:
        fetch_in_turn(mailbox=mailbox, clock=timezone.now, limit=FETCH_SIZE)


@shared_task(name="mail.fetch_all", ignore_result=True)
def fetch_all() -> None:
    """Ask for every mailbox; runs every minute."""
    for mailbox in mailboxes_to_fetch():
        wake("mail.fetch", mailbox_id=mailbox.pk)


@shared_task(name="mail.tidy", ignore_result=True)
def tidy() -> None:
    """Remove counts that no limit needs any more, words of sent codes, and files that never got a row; every hour."""
    now = timezone.now()
    forget_sent_words(now=now)
    forget_old_counts(now=now)
    forget_orphans(older_than=now - ORPHAN_AGE)
