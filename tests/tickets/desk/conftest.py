"""An agent who is signed in, and the time in which the desk's screens are read."""

import pytest
from django.test import Client

from tests.factories.tickets import make_mailbox, make_ticket


@pytest.fixture
def desk(client: Client, agent) -> Client:
    """The agent's browser."""
    client.force_login(agent)
    return client


@pytest.fixture
def ticket(customer):
    """A customer's question, to the default mailbox."""
    make_mailbox()
    return make_ticket(requester=customer, subject="Where is my order?", text="It says held since Thursday.")
