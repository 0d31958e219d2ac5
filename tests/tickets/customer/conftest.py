"""What the tests of customer pages share."""

import re
from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from tests.factories.tickets import make_mailbox, make_ticket
from tickets.actions import links, note
from tickets.choices import Author, Channel, Delivery
from tickets.models import Message

CANARY = "CANARY-note-for-staff-only"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def ticket(customer, agent, now):
    """The customer's open ticket, with a private note that nobody here may ever meet."""
    ticket = make_ticket(requester=customer, subject="Which licence do I need?", now=now - timedelta(hours=2))
    note.add_note(ticket=ticket, by=agent, text=CANARY, now=now - timedelta(hours=1))
    return ticket


@pytest.fixture
def token(ticket, customer, now):
    """A working link of the requester."""
    return token_of(links.make_link(ticket=ticket, person=customer, now=now))


def token_of(address: str) -> str:
    return re.search(r"/([A-Za-z0-9_-]{43})/$", address)[1]


def agent_says(ticket, text, *, by, at, delivery=Delivery.SENT, **fields):
    """A reply as it stands after it was mailed."""
    return Message.objects.create(
        ticket=ticket,
        author=Author.AGENT,
        person=by,
        channel=Channel.AGENT,
        text=text,
        created_at=at,
        delivery=delivery,
        **fields,
    )


@pytest.fixture
def mailbox(db):
    return make_mailbox()


@pytest.fixture
def worker():
    """A worker that does at once what it is asked."""
    before = current_app.conf.task_always_eager
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = before
