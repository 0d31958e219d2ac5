"""What the screens of webhooks show."""

import json
from dataclasses import dataclass
from datetime import datetime

from webhooks import registry
from webhooks.choices import State
from webhooks.models import Attempt, Delivery, Endpoint

PAGE = 50
MOST_TRIES = 50


@dataclass(frozen=True)
class Standing:
    """How an endpoint does, in words with a colour."""

    mood: str
    words: str


def endpoints(*, now: datetime) -> list[tuple[Endpoint, Standing]]:
    """Every endpoint with how it does. One query."""
    return [(row, standing(row, now=now)) for row in Endpoint.objects.order_by("-is_enabled", "url", "pk")]


def standing(endpoint: Endpoint, *, now: datetime) -> Standing:
    """Off, failing, resting or well."""
    if not endpoint.is_enabled:
        return Standing("bad", "Off")
    if endpoint.failing_since:
        return Standing("wait", "Failing")
    return Standing("ok", "On")


def labels(endpoint: Endpoint) -> list[tuple[str, str]]:
    """The events it listens to, in words."""
    known = registry.labels()
    return [(name, known.get(name, name)) for name in endpoint.events]


def deliveries(endpoint: Endpoint, *, only: str, before: int | None) -> tuple[list[Delivery], int | None]:
    """A page of what was sent, newest first, and where the next one begins. One query."""
    rows = Delivery.objects.filter(endpoint=endpoint).select_related("event").defer("event__body")
    if only in State.values:
        rows = rows.filter(state=only)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def tries(delivery: Delivery) -> list[Attempt]:
    """Every attempt, newest first."""
    return list(delivery.tries.order_by("-number")[:MOST_TRIES])


def readable(delivery: Delivery) -> str:
    """What was sent, with lines."""
    return json.dumps(json.loads(delivery.event.body), indent=2, ensure_ascii=False)
