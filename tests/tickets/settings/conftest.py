"""What the tests of settings share."""

import pytest
from celery import current_app
from django.utils import timezone

from accounts.models import JournalEntry
from tests.factories.accounts import sign_in


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def browser(client, admin):
    """The admin's browser, freshly signed in."""
    sign_in(client, admin)
    return client


def done(action: str) -> list[dict]:
    """What the journal keeps of an action, oldest first."""
    return list(JournalEntry.objects.filter(action=action).order_by("number").values_list("data", flat=True))


@pytest.fixture
def worker():
    """A worker that does at once what it is asked."""
    before = current_app.conf.task_always_eager
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = before
