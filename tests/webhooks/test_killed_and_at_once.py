"""Killed in the middle, and two at once: an event is there exactly when what it tells about is; nothing is lost."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from tests.factories.tickets import make_ticket
from tests.mail.processes import at_once, python
from tickets.models import Ticket, TicketEvent
from webhooks.actions import deliver
from webhooks.actions.publish import publish
from webhooks.choices import State
from webhooks.models import Attempt, Delivery, Event

pytestmark = pytest.mark.django_db(transaction=True)

CLOSE = """
from django.utils import timezone
from accounts.models import Person
from tickets.actions.state import close_ticket
from tickets.models import Ticket
closing = {{"by": Person.objects.get(pk={agent}), "now": timezone.now(), "unanswered": True}}
close_ticket(ticket=Ticket.objects.get(pk={ticket}), **closing)
"""
DELIVER = """
from datetime import timedelta
from django.conf import settings
from django.utils import timezone
from webhooks.actions import deliver
settings.WEBHOOK_INTERNAL_HOSTS = ["{host}"]
deliver.deliver_to(endpoint_id={endpoint}, clock=lambda: timezone.now() + timedelta(minutes={minutes}))
"""


def something() -> Event:
    with transaction.atomic():
        return publish(type="ticket.updated", subject_key="ticket:1", data={}, now=timezone.now())


def test_an_event_commits_with_what_it_tells_about_or_neither_does(endpoint, agent):
    ticket = make_ticket(now=timezone.now())
    Event.objects.all().delete()
    code = CLOSE.format(ticket=ticket.pk, agent=agent.pk)

    killed = python(code, FAILPOINT="webhooks.publish.written")
    assert killed.returncode == -9, killed.stderr
    assert (Ticket.objects.get().category, Event.objects.count(), Delivery.objects.count()) == ("new", 0, 0)

    done = python(code)
    assert done.returncode == 0, done.stderr
    assert (Ticket.objects.get().category, Event.objects.get().type) == ("closed", "ticket.closed")
    assert TicketEvent.objects.filter(kind="closed").count() == Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("point", "arrived"), [("webhooks.deliver.claimed", 1), ("webhooks.deliver.called_not_recorded", 2)]
)
def test_a_sender_killed_mid_way_loses_nothing_and_repeats_under_one_id(endpoint, receiver, point, arrived):
    event = something()
    code = partial(DELIVER.format, host=receiver.host, endpoint=endpoint.pk)

    assert python(code(minutes=0), FAILPOINT=point).returncode == -9
    python(code(minutes=0))
    assert len(receiver.calls) == arrived - 1  # the lease holds
    python(code(minutes=2))

    assert [call.headers["webhook-id"] for call in receiver.calls] == [event.key] * arrived
    assert (Delivery.objects.get().state, Attempt.objects.count()) == (State.DONE, 1)


def test_four_senders_at_once_send_every_event_once_and_in_order(endpoint, receiver):
    keys = [something().key for _ in range(20)]
    late = timezone.now() + timedelta(seconds=1)

    at_once(*[lambda: deliver.deliver_to(endpoint_id=endpoint.pk, clock=lambda: late)] * 4)

    assert [call.headers["webhook-id"] for call in receiver.calls] == keys
    assert Delivery.objects.filter(state=State.DONE, attempts=1).count() == 20


def test_two_that_publish_about_one_subject_at_once_get_two_numbers(endpoint):
    def tell():
        return something().sequence

    for _ in range(3):
        Event.objects.all().delete()
        assert sorted(at_once(tell, tell, tell)) == [1, 2, 3]
