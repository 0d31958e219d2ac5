"""Our own mailboxes as sources: what arrived at their door against what became of it. Counted by the desk itself."""

import secrets
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max

from mail.models import Mailbox, RawMail
from tickets.models import DailyCount, InboxSource
from tickets.open_days import DeskClock
from tickets.source_choices import SourceKind

FRESH_MINUTES = 15


@transaction.atomic
def count_mailboxes(*, clock: DeskClock, now: datetime) -> int:
    """Every mailbox is a source, and each day that is over has its count. Answers how many counts were written."""
    _know_all(clock, now)
    today = clock.day_of(now)
    rows = InboxSource.objects.filter(kind=SourceKind.MAILBOX, is_active=True).annotate(last=Max("counts__on"))
    counts = []
    for source in rows.order_by("pk"):
        since = source.last + timedelta(days=1) if source.last else source.began_on
        until = today - timedelta(days=1)
        if since <= until:
            came = arrived(source, clock, since, until)
            count = DailyCount(source=source, since_on=since, on=until, theirs=came, ours=came, counted_at=now)
            counts.append(count)
    DailyCount.objects.bulk_create(counts, ignore_conflicts=True)
    return len(counts)


def _know_all(clock: DeskClock, now: datetime) -> None:
    known = InboxSource.objects.filter(mailbox__isnull=False).values("mailbox")
    taken = set(InboxSource.objects.values_list("name", flat=True))
    new = []
    for mailbox in Mailbox.objects.filter(is_active=True).exclude(pk__in=known).order_by("pk"):
        address = mailbox.address[:80]
        name = address if address not in taken else f"{address[:60]} ({mailbox.pk})"
        fresh = FRESH_MINUTES if mailbox.imap_host else None  # mail that is brought says nothing between two mails
        new.append(
            InboxSource(
                name=name, kind=SourceKind.MAILBOX, mailbox=mailbox, key=secrets.token_urlsafe(32),
                freshness_minutes=fresh, began_on=clock.day_of(now), created_at=now,
            )
        )  # fmt: skip
    InboxSource.objects.bulk_create(new, ignore_conflicts=True)


def arrived(source: InboxSource, clock: DeskClock, since: date, until: date) -> int:
    """How many mails came to the door; what a person dismissed came too."""
    came = RawMail.objects.filter(mailbox=source.mailbox_id, received_at__gte=clock.at(since))
    return came.filter(received_at__lt=clock.ends(until)).count()
