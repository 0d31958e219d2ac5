"""A desk with a team, two agents, and days that pass."""

from datetime import timedelta

import pytest

from insights.actions.gather import gather
from insights.desk import desk_zone
from insights.models import SurveyRules
from insights.periods import Period
from insights.queries_reports import Scope
from tests.factories.accounts import make_staff
from tests.factories.tickets import WEDNESDAY
from tickets.actions import reply


@pytest.fixture
def ben(db):
    """The other agent."""
    return make_staff("agent", name="Ben Agent", email="ben@desk.example")


@pytest.fixture
def rules(db):
    """Surveys, on since long ago."""
    rules, _ = SurveyRules.objects.get_or_create(pk=1)
    SurveyRules.objects.filter(pk=1).update(enabled_at=WEDNESDAY - timedelta(days=900))
    rules.refresh_from_db()
    return rules


def say(ticket, by, text="Thirty.", now=WEDNESDAY, **more):
    """An agent's reply to whatever stands there."""
    ticket.refresh_from_db()
    return reply.reply(ticket=ticket, by=by, text=text, last_seen=ticket.last_message_id, now=now, **more)


def scope(since=WEDNESDAY, days=1, team=None) -> Scope:
    """A period of days."""
    zone = desk_zone()
    first = since.astimezone(zone).date()
    return Scope(Period(first, first + timedelta(days=days - 1), zone), team)


def gathered(now) -> int:
    """Bring the facts up to date."""
    return gather(now=now)
