"""Processes of the desk beside the test."""

import pytest

from tests.beside import let_go, started_from
from tests.factories.tickets import WEDNESDAY


@pytest.fixture
def desk(transactional_db):
    """A function that starts a process of the desk and returns it once it stands ready."""
    with started_from("tests.tickets.desk_process", WEDNESDAY) as start:
        yield start


@pytest.fixture
def at_once(desk):
    """A function that lets several processes act at the same time and answers what they said, sorted."""

    def run(*calls, now=WEDNESDAY):
        return let_go(*[desk(*call, now=now) for call in calls])

    return run
