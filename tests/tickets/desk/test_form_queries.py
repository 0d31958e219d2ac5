"""What the forms of acting cost: literal queries, the session and the person included."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.accounts import make_staff
from tickets.models import ContactReason

pytestmark = pytest.mark.django_db

OPENED = {"assign": 6, "snooze": 5, "close": 8, "reason": 6}


@pytest.mark.parametrize("name", OPENED)
def test_a_dialog_costs_the_same_however_many_there_are_to_choose_from(desk, ticket, name):
    address = reverse(f"desk:{name}", args=[ticket.pk])
    desk.get(address)  # what is read once in a process
    counts = []

    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            desk.get(address, headers={"HX-Request": "true"})
        counts.append(len(queries))
        for more in range(3):
            ContactReason.objects.create(name=f"Reason {number} {more}")
            make_staff("agent", email=f"more{number}{more}@desk.example")

    assert counts == [OPENED[name]] * 2
