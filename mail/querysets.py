"""Mail's vocabulary, chainable."""

from datetime import datetime

from django.db.models import Q, QuerySet

from mail.choices import UNFINISHED, ErrorKind, MailState, RawState


class MailboxQuerySet(QuerySet):
    """Our own addresses."""

    def default(self):
        """The one that writes when nothing says which, or None."""
        return self.filter(is_default=True, is_active=True).first()

    def default_or_any(self):
        """The default one, or else the oldest that works, or None."""
        return self.filter(is_active=True).order_by("-is_default", "pk").first()


class RawMailQuerySet(QuerySet):
    """Mail as it arrived."""

    def pending(self):
        """Accepted, and no effect yet."""
        return self.filter(state=RawState.PENDING)

    def due(self, now: datetime):
        """Waiting, and it is time to try (again)."""
        return self.pending().filter(Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=now))

    def quarantined(self):
        """Set aside for a person."""
        return self.filter(state=RawState.QUARANTINED)


class OutgoingMailQuerySet(QuerySet):
    """Mail that we send."""

    def due(self, now: datetime):
        """To be sent now, or begun by a sender whose lease ran out."""
        return self.filter(
            Q(state=MailState.QUEUED, next_attempt_at__lte=now) | Q(state=MailState.SENDING, leased_until__lt=now)
        )

    def unfinished(self):
        """Neither sent nor given up."""
        return self.filter(state__in=UNFINISHED)

    def failed(self):
        """Not delivered; somebody should know."""
        return self.filter(state=MailState.FAILED)

    def to_look_at(self):
        """Not delivered, or held after a restore until an administrator has looked."""
        return self.filter(Q(state=MailState.FAILED) | Q(state=MailState.QUEUED, error_kind=ErrorKind.HELD))
