"""Tickets over the API."""

import pytest

from tests.factories.tickets import make_ticket

pytestmark = pytest.mark.django_db


def test_a_ticket_says_what_the_desk_knows_of_it(program, agent):
    ticket = make_ticket(subject="Which licence?")

    answer = program(agent).get(f"tickets/{ticket.pk}/")

    assert answer.status_code == 200
    said = answer.json()
    assert said["subject"] == "Which licence?"
    assert said["created_at"] == "2026-03-04T09:30:00Z"
    assert said["requester"] == {
        "id": ticket.requester_id, "name": ticket.requester.name, "email": ticket.requester.email
    }  # fmt: skip
    assert said["url"] == f"http://127.0.0.1:8000/api/tickets/{ticket.pk}/"
