"""Run twice, two at once, killed in the middle: one survey, one answer, the same figures."""

from datetime import timedelta

import pytest
from django.utils import timezone

from insights.actions import rate as rating
from insights.actions.gather import gather
from insights.models import Answer, DirtyDay, Figure, Survey, Turn
from mail.models import OutgoingMail
from tests.factories.tickets import make_ticket
from tests.insights.conftest import gathered, say
from tests.mail.processes import at_once, python
from tickets.models import TicketEvent
from timers.actions.sweep import sweep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("rules")]

GATHER = """
from django.utils import timezone
from insights.actions.gather import gather
gather(now=timezone.now())
"""
SWEEP = """
from datetime import timedelta
from django.utils import timezone
from timers.actions.sweep import sweep
sweep(now=timezone.now() + timedelta(days={days}))
"""
RATE = """
from django.utils import timezone
from insights.actions.rate import rate
from insights.models import Survey
rate(survey=Survey.objects.get(), csat=5, ces=None, is_solved=True, comment="", now=timezone.now())
"""


def closed(agent, customer, **fields):
    """Closed an hour ago."""
    now = timezone.now() - timedelta(hours=1)
    ticket = make_ticket(requester=customer, now=now, **fields)
    say(ticket, agent, now=now, then="closed")
    return ticket


def test_a_gatherer_killed_anywhere_ends_in_the_same_figures(agent, customer):
    closed(agent, customer)

    assert python(GATHER, FAILPOINT="insights.gather.written").returncode == -9
    assert (Turn.objects.count(), Answer.objects.count(), Figure.objects.count()) == (0, 0, 0)
    assert python(GATHER, FAILPOINT="insights.count.counted").returncode == -9
    assert (Turn.objects.count(), DirtyDay.objects.count() > 0, Figure.objects.count()) == (2, True, 0)
    assert python(GATHER).returncode == 0

    assert (Turn.objects.count(), Answer.objects.count(), DirtyDay.objects.count()) == (2, 1, 0)
    assert sum(Figure.objects.filter(dimension="all").values_list("closed", flat=True)) == 1


def test_two_that_gather_at_once_count_everything_once(agent, customer):
    for _ in range(5):
        closed(agent, customer)

    at_once(*[lambda: gather(now=timezone.now())] * 3)
    gather(now=timezone.now())

    assert (Turn.objects.count(), Answer.objects.count()) == (10, 5)
    assert sum(Figure.objects.filter(dimension="all").values_list("opened", flat=True)) == 5


def test_a_sweep_killed_while_it_asks_asks_once(agent, customer):
    closed(agent, customer)
    gathered(timezone.now())

    assert python(SWEEP.format(days=8), FAILPOINT="insights.survey.asked").returncode == -9
    assert (Survey.objects.count(), OutgoingMail.objects.filter(source_key__startswith="survey:").count()) == (0, 0)
    for days in (9, 10):
        assert python(SWEEP.format(days=days)).returncode == 0

    assert (Survey.objects.count(), OutgoingMail.objects.filter(source_key__startswith="survey:").count()) == (1, 1)


def test_two_tickets_of_one_customer_due_in_two_sweeps_at_once_ask_once(agent, customer):
    for number in range(4):
        closed(agent, customer, subject=f"Ticket {number}")
    gathered(timezone.now())
    late = timezone.now() + timedelta(days=8)

    at_once(*[lambda: sweep(now=late, limit=2)] * 3)
    sweep(now=late + timedelta(minutes=5))

    assert OutgoingMail.objects.filter(source_key__startswith="survey:").count() == 1
    assert Survey.objects.filter(state="sent").count() == 1
    assert Survey.objects.filter(why_skipped="lately").count() == 3


def test_an_answer_sent_twice_at_once_or_killed_is_recorded_once(agent, customer):
    closed(agent, customer)
    gathered(timezone.now())
    sweep(now=timezone.now() + timedelta(days=8))
    Survey.objects.update(asked_at=timezone.now())
    survey = Survey.objects.get()

    assert python(RATE, FAILPOINT="insights.rate.saved").returncode == -9
    survey.refresh_from_db()
    assert (survey.csat, TicketEvent.objects.filter(kind="rated").count()) == (None, 0)
    said = {"csat": 5, "ces": None, "is_solved": True, "comment": "", "now": timezone.now()}
    results = at_once(*[lambda: rating.rate(survey=survey, **said)] * 3)

    assert sorted(results) == [False, False, True]
    assert TicketEvent.objects.filter(kind="rated").count() == 1
