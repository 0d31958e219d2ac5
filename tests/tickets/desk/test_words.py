"""Promises and times in words (U13)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tickets.models import ServiceLevel, Ticket
from tickets.views.desk.words import size, sla, span, when, when_exactly

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # a Wednesday


def a_ticket(*, due: timedelta | None, whole: timedelta = timedelta(hours=4), **fields) -> Ticket:
    due_at = None if due is None else NOW + due
    started = None if due_at is None else due_at - whole
    fields = {"category": "open", "next_action_at": NOW + timedelta(days=1), "created_at": NOW, **fields}
    return Ticket(sla_due_at=due_at, sla_started_at=started, service_level=ServiceLevel(warn_at_percent=75), **fields)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "under 1 min"),
        (59.9, "under 1 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 00 min"),
        (4 * 3600 + 120, "4 h 02 min"),
        (86399, "23 h 59 min"),
        (86400, "1 day"),
        (3 * 86400, "3 days"),
    ],
)
def test_a_span_is_said_in_full_parts(seconds, said):
    assert span(seconds) == said


@pytest.mark.parametrize(
    ("due", "kind", "icon", "text", "percent"),
    [
        (timedelta(hours=3), "fine", "", "3 h 00 min left", 75),
        (timedelta(minutes=63), "fine", "", "1 h 03 min left", 26),
        (timedelta(minutes=60), "soon", "", "1 h 00 min left", 25),
        (timedelta(minutes=22), "soon", "", "22 min left", 9),
        (timedelta(seconds=30), "soon", "", "Under 1 min left", 1),
        (timedelta(0), "over", "alert", "Overdue under 1 min", 0),
        (timedelta(minutes=-38), "over", "alert", "Overdue 38 min", 0),
        (timedelta(hours=-26), "over", "alert", "Overdue 1 day", 0),
    ],
)
def test_a_running_promise_has_words_and_an_icon_or_a_ring(due, kind, icon, text, percent):
    said = sla(a_ticket(due=due), NOW)

    assert (said.kind, said.icon, said.text, said.percent) == (kind, icon, text, percent)


def test_a_promise_beyond_a_day_names_the_moment_in_the_readers_zone():
    with timezone.override(ZoneInfo("America/New_York")):
        assert sla(a_ticket(due=timedelta(hours=30), whole=timedelta(hours=40)), NOW).text == "Due Thu 11:00"
        assert sla(a_ticket(due=timedelta(days=8), whole=timedelta(days=9)), NOW).text == "Due 3 Dec 05:00"


@pytest.mark.parametrize(
    ("fields", "kind", "icon", "text"),
    [
        ({"category": "waiting"}, "paused", "clock", "Paused, waiting on customer"),
        ({"category": "hold"}, "paused", "clock", "Paused, on hold"),
        ({"snoozed_until": NOW + timedelta(hours=23)}, "snoozed", "moon", "Back Thu 26 Nov 09:00"),
        ({"category": "closed", "closed_at": NOW}, "closed", "check", "Closed"),
    ],
)
def test_a_promise_that_stands_still_says_why(fields, kind, icon, text):
    said = sla(a_ticket(due=timedelta(minutes=-5), **fields), NOW)

    assert (said.kind, said.icon, said.text) == (kind, icon, text)


def test_without_a_promise_the_next_look_is_named():
    assert sla(a_ticket(due=None), NOW).text == "Look again Thu 26 Nov 10:00"


@pytest.mark.parametrize(
    ("moment", "short", "exact"),
    [
        (NOW - timedelta(minutes=76), "08:44", "Today 08:44"),
        (NOW - timedelta(days=2), "Mon 23 Nov", "Mon 23 Nov 10:00"),
        (NOW - timedelta(days=7), "18 Nov", "18 Nov 10:00"),
        (NOW - timedelta(days=365), "25 Nov 2025", "25 Nov 2025 10:00"),
    ],
)
def test_a_moment_is_short_and_never_ambiguous(moment, short, exact):
    """U52."""
    assert (when(moment, NOW), when_exactly(moment, NOW)) == (short, exact)


def test_midnight_is_the_readers_midnight():
    late = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)

    with timezone.override(ZoneInfo("America/Los_Angeles")):
        assert when(late, NOW) == "Tue 24 Nov"


@pytest.mark.parametrize(("number", "said"), [(0, "0 B"), (999, "999 B"), (14_200, "14 kB"), (3_210_000, "3.2 MB")])
def test_sizes(number, said):
    assert size(number) == said
