"""A training that is booked ends the stage that waits for a date, once (R19, `booking_confirmed`)."""

from datetime import date

import pytest

from selfservice.actions import bookings
from tests.factories.tickets import make_ticket
from tests.tickets.flows.conftest import again, at, work
from tests.training.factory import book, make_sold, make_type, pay_for
from tickets.actions.flows import by_hand
from tickets.models import Case, Flow

pytestmark = pytest.mark.django_db
TO_SCHEDULED = (("front-desk", None), ("owner", None), ("front-desk", None), ("purchasing", date(2026, 3, 5)),
                ("stores", None))  # fmt: skip


def scheduled(staffed, customer, subject: str) -> Case:
    """A case that waits for a date."""
    ticket = make_ticket(requester=customer, subject=subject, now=at(4, 9, 30))
    flow = Flow.objects.get(key="proposal")
    case = by_hand.begin_by_hand(flow=flow, ticket=ticket, by=staffed["front-desk"], now=at(4, 10))
    for visit, (role, on) in enumerate(TO_SCHEDULED, 1):
        by_hand.go_on(case=case, visit=visit, by=staffed[role], now=at(4, 12), date_on=on)
    assert again(case).stage.key == "scheduled"
    return case


def test_booking_confirmed_ends_one_stage_that_waits_for_a_date_when_it_is_certain_and_not_before(staffed, customer):
    """R21, C3: a hold ends nothing; paid, the oldest case goes on with the date of the session, once."""
    first, second = (scheduled(staffed, customer, words) for words in ("Robots for room 12", "And for room 14"))
    held = book(make_sold(), at(9, 10), by=customer, now=at(4, 15))
    work(at(4, 15))
    assert again(first).stage.key == "scheduled"
    pay_for(held, now=at(4, 16))
    for _ in range(2):
        work(at(4, 16))
        bookings.confirmed(booking_id=held.pk, now=at(4, 16))
    case = again(first)
    assert (case.stage.key, case.date_on, again(second).stage.key) == ("completed", date(2026, 3, 9), "scheduled")
    assert "Training hour, 9 March 2026" in case.date_words
    book(make_type(), at(10, 10), by=customer, now=at(4, 17))
    work(at(4, 17))
    assert again(second).stage.key == "completed"
