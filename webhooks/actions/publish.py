"""Write down what happened, in the transaction in which it happened: committed together, or neither."""

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Max

from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import take_transaction_lock
from webhooks import registry
from webhooks.models import Delivery, Endpoint, Event


class UnknownEvent(LookupError):
    """No app registered events of this type."""


def publish(*, type: str, subject_key: str, data: Mapping[str, Any], now: datetime) -> Event | None:
    """Tell every endpoint that listens to `type`. None, and nothing written, where nobody does.

    Belongs into the transaction of what it tells about. `subject_key` ("ticket:12") names the thing whose events are
    numbered; `data` is JSON-able and holds nothing that the receiver may not read. Raises UnknownEvent.
    """
    if not registry.is_known(type):
        raise UnknownEvent(f"Nobody registered events of type {type!r}.")
    # Without the secrets: a vault that cannot be opened stops deliveries, never the desk.
    endpoints = list(Endpoint.objects.listening_to(type).only("failing_since").order_by("pk"))
    return _write(type, subject_key, data, endpoints, now) if endpoints else None


def publish_to(*, endpoint: Endpoint, type: str, subject_key: str, data: Mapping[str, Any], now: datetime) -> Event:
    """Tell one endpoint, whatever it listens to: for its test."""
    return _write(type, subject_key, data, [endpoint], now)


def _write(type: str, subject_key: str, data: Mapping[str, Any], endpoints: list[Endpoint], now: datetime) -> Event:
    # Usually the caller holds the subject's row; the lock keeps the order where it does not.
    take_transaction_lock(f"webhooks.sequence:{subject_key}")
    last = Event.objects.filter(subject_key=subject_key).aggregate(last=Max("sequence"))["last"] or 0
    event = Event.objects.create(
        key=f"msg_{secrets.token_urlsafe(21)}",
        type=type,
        subject_key=subject_key,
        sequence=last + 1,
        body=_body(type, subject_key, last + 1, data, now),
        created_at=now,
    )
    Delivery.objects.bulk_create(
        Delivery(event=event, endpoint=endpoint, next_attempt_at=now) for endpoint in endpoints
    )
    failpoint("webhooks.publish.written")
    for endpoint in endpoints:
        if endpoint.failing_since is None:  # of one that fails, the sweep takes care
            enqueue_on_commit("webhooks.deliver", endpoint_id=endpoint.pk)
    return event


def _body(type: str, subject_key: str, sequence: int, data: Mapping[str, Any], now: datetime) -> str:
    timestamp = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    content = {"type": type, "timestamp": timestamp, "subject": subject_key, "sequence": sequence, "data": data}
    return json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=True, separators=(",", ":")).replace("\\u0000", "")
