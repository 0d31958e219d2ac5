"""A receiver, an endpoint that leads to it, and a clock."""

from datetime import datetime, timedelta

import pytest

from tests.factories.tickets import WEDNESDAY
from tests.webhooks.receiver import Receiver
from tickets.actions.publishing import EVENTS
from webhooks.actions import endpoints


@pytest.fixture
def receiver(settings):
    """Somebody else's program."""
    with Receiver() as running:
        settings.WEBHOOK_INTERNAL_HOSTS = [running.host]
        yield running


@pytest.fixture
def endpoint(db, receiver):
    """It listens to everything of tickets; its secret is `endpoint.plain`."""
    made, secret = endpoints.make_endpoint(url=receiver.url, description="ERP", events=EVENTS, now=WEDNESDAY)
    made.plain = secret
    return made


class Clock:
    """Call it for the time."""

    def __init__(self) -> None:
        self.now = WEDNESDAY

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> datetime:
        """Move on."""
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock():
    """A Wednesday morning."""
    return Clock()
