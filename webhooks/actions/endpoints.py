"""Endpoints: made, changed, switched off and on, given a new secret, given up."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

import timers
from supportdesk.lib.outbound import CannotCall, read_address
from webhooks import registry, signing
from webhooks.actions.publish import publish_to
from webhooks.choices import UNFINISHED, State
from webhooks.models import Delivery, Endpoint, Event

MOST_ENDPOINTS = 50
OLD_SECRET_FOR = timedelta(hours=24)
# Who writes to the admins when an endpoint is given up. Known by name: people are above this app.
GIVEN_UP = "tickets.webhook_given_up"


class CannotSetUp(Exception):
    """The endpoint cannot be as it was asked for. The message is for whoever asked."""


@transaction.atomic
def make_endpoint(*, url: str, description: str, events: Collection[str], now: datetime) -> tuple[Endpoint, str]:
    """A new endpoint and its secret, which nobody can show again. Raises CannotSetUp."""
    _check(url, events)
    if Endpoint.objects.count() >= MOST_ENDPOINTS:
        raise CannotSetUp(f"There are {MOST_ENDPOINTS} endpoints already. Remove one first.")
    secret = signing.new_secret()
    endpoint = Endpoint.objects.create(
        url=url, description=description, events=sorted(set(events)), secret=secret, created_at=now
    )
    return endpoint, secret


def change_endpoint(*, endpoint: Endpoint, url: str, description: str, events: Collection[str]) -> None:
    """Another address, other events. What waits goes to the new address. Raises CannotSetUp."""
    _check(url, events)
    Endpoint.objects.filter(pk=endpoint.pk).update(url=url, description=description, events=sorted(set(events)))


def rotate_secret(*, endpoint: Endpoint, now: datetime) -> str:
    """A new secret. For a day the old one signs beside it, so that the receiver can change in between."""
    secret = signing.new_secret()
    with transaction.atomic():
        row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        row.old_secret, row.old_secret_until, row.secret = row.secret, now + OLD_SECRET_FOR, secret
        row.save(update_fields=["secret", "old_secret", "old_secret_until"])
    return secret


@transaction.atomic
def switch_off(*, endpoint: Endpoint, reason: str, now: datetime) -> bool:
    """Send nothing more. What waits counts as not delivered, and can be replayed. False when it was off."""
    row = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if not row.is_enabled:
        return False
    row.is_enabled, row.disabled_at, row.disabled_reason = False, now, reason[:300]
    row.save(update_fields=["is_enabled", "disabled_at", "disabled_reason"])
    Delivery.objects.filter(endpoint=row, state__in=UNFINISHED).update(
        state=State.FAILED, finished_at=now, leased_until=None, last_error="The endpoint was switched off."
    )
    return True


def switch_on(*, endpoint: Endpoint) -> bool:
    """Send again from now on. What was missed is not sent by itself: replay it. False when it was on."""
    return bool(
        Endpoint.objects.filter(pk=endpoint.pk, is_enabled=False).update(
            is_enabled=True,
            disabled_at=None,
            disabled_reason="",
            failing_since=None,
            failures=0,
            resting_until=None,
        )
    )


def give_up(*, endpoint: Endpoint, reason: str, now: datetime) -> None:
    """Switch an endpoint off that does not answer, and have its admins told, once."""
    if switch_off(endpoint=endpoint, reason=reason, now=now):
        timers.schedule(kind=GIVEN_UP, subject=endpoint.pk, due_at=now, visit=int(now.timestamp()))


def remove(*, endpoint: Endpoint) -> None:
    """Forget an endpoint with everything that was sent to it."""
    Endpoint.objects.filter(pk=endpoint.pk).delete()


@transaction.atomic
def send_test(*, endpoint: Endpoint, now: datetime) -> Event:
    """An event that means nothing, through the same path as all others. Raises CannotSetUp."""
    if not endpoint.is_enabled:
        raise CannotSetUp("This endpoint is switched off. Switch it on first.")
    data = {"message": "This is a test. Nothing happened."}
    return publish_to(endpoint=endpoint, type=registry.TEST, subject_key=f"endpoint:{endpoint.pk}", data=data, now=now)


def _check(url: str, events: Collection[str]) -> None:
    try:
        read_address(url, internal_hosts=settings.WEBHOOK_INTERNAL_HOSTS)
    except CannotCall as refusal:
        raise CannotSetUp(str(refusal)) from None
    if not events:
        raise CannotSetUp("Choose at least one event.")
    if not set(events) <= set(registry.labels()):
        raise CannotSetUp("Choose among the events that are listed.")
