"""Customers' buttons pressed at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories.accounts import make_person
from tests.factories.tickets import make_mailbox, make_ticket
from tickets.actions import answer, ask, links
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 6


def at_once(act) -> list:
    """What `act` answers in several threads that start together."""
    barrier = Barrier(AT_ONCE)

    def run(_):
        try:
            barrier.wait(10)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def test_one_form_sent_several_times_at_once_opens_one_ticket():
    make_mailbox()
    receipt, now = links.new_token(), timezone.now()

    answers = at_once(
        lambda: ask.ask_as_stranger(
            address="nora@school.example",
            name="Nora",
            subject="Which kit?",
            text="We have thirty pupils.",
            uploads=[],
            receipt=receipt,
            now=now,
        )
    )

    assert answers == [receipt] * AT_ONCE
    assert Ticket.objects.filter(requester__email="nora@school.example").count() == 1


def test_one_answer_sent_several_times_at_once_is_said_once():
    person, now = make_person(), timezone.now()
    ticket = make_ticket(requester=person, now=now)

    answers = at_once(lambda: answer.answer(ticket=ticket, person=person, text="It works now.", channel="web", now=now))

    assert len({message.pk for message in answers}) == 1
    assert Message.objects.filter(ticket=ticket, text="It works now.").count() == 1
