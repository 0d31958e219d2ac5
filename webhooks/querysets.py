"""Webhooks in the product's words, chainable."""

from datetime import datetime

from django.db.models import Q, QuerySet

from webhooks.choices import State


class EndpointQuerySet(QuerySet):
    """Where events are sent."""

    def enabled(self):
        """Those that get something."""
        return self.filter(is_enabled=True)

    def listening_to(self, type: str):
        """Those that asked for events of this type."""
        return self.enabled().filter(events__contains=[type])

    def awake(self, now: datetime):
        """Without those that did not answer a moment ago."""
        return self.enabled().exclude(resting_until__gt=now)


class DeliveryQuerySet(QuerySet):
    """One event on its way to one endpoint."""

    def due(self, now: datetime):
        """Whatever may be sent now: its time has come, or its sender died with it."""
        waiting = Q(state=State.WAITING, next_attempt_at__lte=now)
        return self.filter(waiting | Q(state=State.SENDING, leased_until__lte=now))

    def failed(self):
        """Given up."""
        return self.filter(state=State.FAILED)
