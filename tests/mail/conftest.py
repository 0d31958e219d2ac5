"""What mail's tests share."""

import pytest

import timers
from tests.factories.mail import Clock
from tests.sinks import SmtpSink
from timers import registry

OUTCOMES = ("tickets.delivery_sent", "tickets.delivery_failed")


@pytest.fixture
def clock() -> Clock:
    """Monday morning, and it moves only when the test moves it."""
    return Clock()


@pytest.fixture
def sink(settings):
    """An SMTP server on loopback that outgoing mail reaches."""
    with SmtpSink() as sink:
        settings.EMAIL_URL = sink.url
        yield sink


@pytest.fixture(autouse=True)
def outcomes_have_a_listener():
    """Somebody above listens to what became of a mail; here it is enough that the timers may be written."""
    added = [kind for kind in OUTCOMES if kind not in registry.kinds()]
    for kind in added:
        timers.register(kind, lambda timer, now: None)
    yield
    for kind in added:
        registry.forget(kind)
