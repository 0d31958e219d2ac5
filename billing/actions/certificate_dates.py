"""The days of a certificate: reminders before its last one, and the end after it. Timers only."""

from datetime import datetime, time, timedelta

import timers
from billing.actions import numbering
from billing.models import Certificate

ENDS_SOON = "billing.certificate_ends_soon"
EXPIRES = "billing.certificate_expires"
REMINDED_DAYS = (60, 30, 7)
REMINDED_AT = time(9)


def plan(*, certificate: Certificate, now: datetime) -> None:
    """Timers for the reminders that still lie ahead and for the day after the last one; none where there is no end."""
    if certificate.valid_until is None:
        return
    zone = numbering.seller_zone()
    for days in REMINDED_DAYS:
        due_at = datetime.combine(certificate.valid_until - timedelta(days=days), REMINDED_AT, zone)
        if due_at > now:
            timers.schedule(kind=ENDS_SOON, subject=certificate.pk, number=days, due_at=due_at)
    over_at = datetime.combine(certificate.valid_until + timedelta(days=1), time.min, zone)
    timers.schedule(kind=EXPIRES, subject=certificate.pk, due_at=over_at)


def cancel(*, certificate: Certificate) -> None:
    """It ended: nobody is reminded of it any more."""
    timers.cancel(kind=ENDS_SOON, subject=certificate.pk)
    timers.cancel(kind=EXPIRES, subject=certificate.pk)
