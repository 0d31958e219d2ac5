"""Where other programs learn what happens here, set up by an admin and journalled without secrets."""

from collections.abc import Collection
from datetime import datetime

from accounts.journal import record
from accounts.models import Person
from tickets.actions.setup.door import by_admin
from tickets.refusals import Refused
from webhooks.actions import endpoints
from webhooks.actions import replay as replays
from webhooks.models import Delivery, Endpoint

CannotSetUp = endpoints.CannotSetUp
CannotReplay = replays.CannotReplay


class CannotSwitch(Refused):
    """It is as it was asked to be already."""


@by_admin
def make_endpoint(
    *, url: str, description: str, events: Collection[str], by: Person, now: datetime
) -> tuple[Endpoint, str]:
    """A new endpoint and its secret, shown this once. Raises CannotSetUp."""
    endpoint, secret = endpoints.make_endpoint(url=url, description=description, events=events, now=now)
    _record("make", endpoint, by, now, events=sorted(events))
    return endpoint, secret


@by_admin
def change_endpoint(
    *, endpoint: Endpoint, url: str, description: str, events: Collection[str], by: Person, now: datetime
) -> None:
    """Another address or other events. Raises CannotSetUp."""
    endpoints.change_endpoint(endpoint=endpoint, url=url, description=description, events=events)
    _record("change", endpoint, by, now, events=sorted(events))


@by_admin
def rotate_secret(*, endpoint: Endpoint, by: Person, now: datetime) -> str:
    """A new secret, shown this once; the old one signs beside it for a day."""
    secret = endpoints.rotate_secret(endpoint=endpoint, now=now)
    _record("rotate", endpoint, by, now)
    return secret


@by_admin
def switch_off(*, endpoint: Endpoint, by: Person, now: datetime) -> None:
    """Send nothing more. Raises CannotSwitch."""
    if not endpoints.switch_off(endpoint=endpoint, reason=f"Switched off by {by.shown_name}.", now=now):
        raise CannotSwitch("This endpoint is off already.")
    _record("switch_off", endpoint, by, now)


@by_admin
def switch_on(*, endpoint: Endpoint, by: Person, now: datetime) -> None:
    """Send again what happens from now on. Raises CannotSwitch."""
    if not endpoints.switch_on(endpoint=endpoint):
        raise CannotSwitch("This endpoint is on already.")
    _record("switch_on", endpoint, by, now)


@by_admin
def remove(*, endpoint: Endpoint, by: Person, now: datetime) -> None:
    """Forget an endpoint and everything that was sent there."""
    endpoints.remove(endpoint=endpoint)
    _record("remove", endpoint, by, now)


@by_admin
def send_test(*, endpoint: Endpoint, by: Person, now: datetime) -> None:
    """Send an event that means nothing. Raises CannotSetUp."""
    endpoints.send_test(endpoint=endpoint, now=now)
    _record("test", endpoint, by, now)


@by_admin
def replay(*, delivery: Delivery, by: Person, now: datetime) -> None:
    """Send one event again. Raises CannotReplay."""
    replays.replay(delivery=delivery, now=now)
    _record("replay", delivery.endpoint, by, now, delivery=delivery.pk)


@by_admin
def replay_failed(*, endpoint: Endpoint, since: datetime, by: Person, now: datetime) -> int:
    """Send again what did not arrive since a moment; how many. Raises CannotReplay."""
    count = replays.replay_failed(endpoint=endpoint, since=since, now=now)
    _record("replay_failed", endpoint, by, now, since=since, count=count)
    return count


def _record(verb: str, endpoint: Endpoint, by: Person, now: datetime, **data: object) -> None:
    subject = f"webhooks.endpoint:{endpoint.pk}"
    record(by=by, action=f"tickets.webhook_{verb}", subject=subject, data=data, now=now)
