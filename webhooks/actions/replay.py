"""Send again what was sent, or what did not arrive, as the same event under the same webhook-id."""

from datetime import datetime

from django.db import transaction

from supportdesk.lib.background import enqueue_on_commit
from webhooks.choices import UNFINISHED, State
from webhooks.models import Delivery, Endpoint


class CannotReplay(Exception):
    """Nothing to send again: it is on its way, or its endpoint is off."""


@transaction.atomic
def replay(*, delivery: Delivery, now: datetime) -> None:
    """Send one event again. Raises CannotReplay."""
    _check(delivery.endpoint)
    if not _again(Delivery.objects.filter(pk=delivery.pk), delivery.endpoint_id, now):
        raise CannotReplay("It is on its way already.")


@transaction.atomic
def replay_failed(*, endpoint: Endpoint, since: datetime, now: datetime) -> int:
    """Send all again that was published at or after `since` and did not arrive; how many. Raises CannotReplay."""
    _check(endpoint)
    rows = Delivery.objects.failed().filter(endpoint=endpoint, event__created_at__gte=since)
    return _again(rows, endpoint.pk, now)


def _check(endpoint: Endpoint) -> None:
    if not Endpoint.objects.filter(pk=endpoint.pk, is_enabled=True).exists():
        raise CannotReplay("This endpoint is switched off. Switch it on first.")


def _again(rows, endpoint_id: int, now: datetime) -> int:
    count = rows.exclude(state__in=UNFINISHED).update(
        state=State.WAITING, attempts=0, next_attempt_at=now, finished_at=None, last_error=""
    )
    if count:
        Endpoint.objects.filter(pk=endpoint_id).update(resting_until=None, failures=0)
        enqueue_on_commit("webhooks.deliver", endpoint_id=endpoint_id)
    return count
