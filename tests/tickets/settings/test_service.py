"""Business calendars and service levels."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from supportdesk.lib.public_holidays import countries, public_days
from tests.factories.tickets import make_ticket
from tests.tickets.settings.conftest import done
from tickets import tasks
from tickets.actions.setup import calendars, levels, recompute
from tickets.actions.setup.levels import Promise
from tickets.models import BusinessCalendar, CalendarInterval, ServiceLevel, ServiceTarget, Team
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db

CALENDAR = {
    "name": "Calgary",
    "time_zone": "America/Edmonton",
    "country": "ca",
    "subdivision": "ab",
    "hours_0": "09:00–12:00, 13:00–17:30",
    "hours_4": "22:00–06:00",
    "own_days": "2026-12-24 Christmas Eve\n\n2026-12-31",
}


@pytest.fixture
def asked(monkeypatch):
    """What workers were asked to do."""
    asked = []
    monkeypatch.setattr("supportdesk.lib.background.wake", lambda name, **arguments: asked.append((name, arguments)))
    return asked


@pytest.fixture
def calendar(admin, now):
    return calendars.create_calendar(
        name="Days",
        time_zone="UTC",
        country="",
        subdivision="",
        week={0: [(540, 1020)]},
        own_days={},
        by=admin,
        now=now,
    )


def test_a_calendar_is_kept_as_it_was_written(browser):
    response = browser.post("/settings/calendars/new/", CALENDAR)

    row = BusinessCalendar.objects.get(name="Calgary")
    assert response.status_code == 302
    assert (row.time_zone, row.country, row.subdivision) == ("America/Edmonton", "CA", "AB")
    assert list(row.intervals.order_by("weekday", "opens").values_list("weekday", "opens", "closes")) == [
        (0, 540, 720),
        (0, 780, 1050),
        (4, 1320, 1800),
    ]
    assert list(row.holidays.order_by("day_on").values_list("day_on", "name")) == [
        (date(2026, 12, 24), "Christmas Eve"),
        (date(2026, 12, 31), "Closed"),
    ]
    shown = browser.get(f"/settings/calendars/{row.pk}/").content.decode()
    assert 'value="09:00–12:00, 13:00–17:30"' in shown
    assert 'value="22:00–06:00"' in shown
    assert "2026-12-24 Christmas Eve" in shown


def test_saving_a_calendar_unchanged_changes_nothing(browser, admin):
    browser.post("/settings/calendars/new/", CALENDAR)
    row = BusinessCalendar.objects.get(name="Calgary")
    before = list(row.intervals.order_by("weekday", "opens").values_list("weekday", "opens", "closes"))
    form = browser.get(f"/settings/calendars/{row.pk}/").context["form"]

    browser.post(f"/settings/calendars/{row.pk}/", {name: form[name].value() or "" for name in form.fields})

    assert list(row.intervals.order_by("weekday", "opens").values_list("weekday", "opens", "closes")) == before
    assert row.holidays.count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hours_0": "nine"}, "Write hours like 09:00–12:00"),
        ({"hours_0": "", "hours_4": ""}, "Enter hours for at least one day"),
        ({"hours_5": "05:00–09:00"}, "still open at 05:00"),
        ({"time_zone": "Mars/Olympus"}, "Choose a time zone from the list"),
        ({"country": "QQ"}, "We know no public holidays for QQ"),
        ({"subdivision": "XX"}, "CA has no XX"),
        ({"country": "", "subdivision": "AB"}, "Enter the country of the province or state"),
        ({"own_days": "24.12.2026 Eve"}, "Line 1: start with a date like 2026-12-24"),
        ({"name": ""}, "Enter a name for the calendar"),
    ],
)
def test_what_cannot_be_a_calendar_says_what_to_write(browser, changes, words):
    """U27, U52."""
    before = BusinessCalendar.objects.count()

    response = browser.post("/settings/calendars/new/", CALENDAR | changes)

    body = response.content.decode()
    assert response.status_code == 422
    assert body.count(words) == 2
    assert BusinessCalendar.objects.count() == before


def test_the_preview_of_holidays_saves_nothing(browser):
    before = BusinessCalendar.objects.count()

    body = browser.post("/settings/calendars/new/", CALENDAR | {"do": "preview"}).content.decode()

    assert "Family Day" in body
    assert BusinessCalendar.objects.count() == before


def test_holidays_differ_by_province():
    alberta = dict(public_days("CA", "AB", 2026))
    quebec = dict(public_days("CA", "QC", 2026))

    assert date(2026, 2, 16) in alberta
    assert date(2026, 2, 16) not in quebec
    assert public_days("QQ", "", 2026) == ()
    assert "AB" in countries()["CA"]


def test_a_promise_does_not_count_public_holidays_nor_own_days(admin, now):
    """Complaint 9.

    Monday 16 February 2026 is Family Day in Alberta and no holiday in Quebec; the 17th is closed by the desk.
    """
    default = ServiceLevel.objects.get(is_default=True)
    friday = datetime(2026, 2, 13, 16, 0, tzinfo=UTC)
    due = {}
    for subdivision, own_days in (("AB", {}), ("QC", {}), ("AB", {date(2026, 2, 17): "Stocktaking"})):
        calendars.change_calendar(
            calendar=default.calendar,
            name=default.calendar.name,
            time_zone="UTC",
            country="CA",
            subdivision=subdivision,
            week={day: [(540, 1020)] for day in range(5)},
            own_days=own_days,
            by=admin,
            now=now,
        )
        ServiceTarget.objects.filter(level=default, priority="normal").update(first_response_minutes=120)
        due[subdivision, len(own_days)] = make_ticket(now=friday).first_response_due_at

    assert due == {
        ("AB", 0): datetime(2026, 2, 17, 10, 0, tzinfo=UTC),
        ("QC", 0): datetime(2026, 2, 16, 10, 0, tzinfo=UTC),
        ("AB", 1): datetime(2026, 2, 18, 10, 0, tzinfo=UTC),
    }


def test_changing_a_calendar_recomputes_the_levels_that_count_by_it(
    browser, calendar, admin, now, asked, django_capture_on_commit_callbacks
):
    counted = ServiceLevel.objects.create(name="Counted", calendar=calendar)

    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"/settings/calendars/{calendar.pk}/", CALENDAR | {"name": "Days"})

    assert asked == [("tickets.recompute_clocks", {"level_id": counted.pk})]


def test_a_calendar_in_use_is_not_removed(browser, calendar):
    ServiceLevel.objects.create(name="Counted", calendar=calendar)

    assert (
        "Counted counts by this calendar"
        in browser.post(f"/settings/calendars/{calendar.pk}/remove/", follow=True).content.decode()
    )
    assert BusinessCalendar.objects.filter(pk=calendar.pk).exists()
    assert CalendarInterval.objects.filter(calendar=calendar).count() == 1


LEVEL = {
    "name": "Priority",
    "warn_at_percent": "80",
    "urgent_first_response_minutes": "30 min",
    "urgent_next_response_minutes": "1 h",
    "normal_first_response_minutes": "4 h",
    "normal_resolution_minutes": "1 h 30 min",
}


def test_a_service_level_is_kept_as_it_was_written(browser, calendar, lead):
    browser.post("/settings/service-levels/new/", LEVEL | {"calendar": calendar.pk, "escalate_to": lead.pk})

    row = ServiceLevel.objects.get(name="Priority")
    assert (row.calendar, row.warn_at_percent, row.escalate_to, row.is_default) == (calendar, 80, lead, False)
    targets = {
        target.priority: (target.first_response_minutes, target.next_response_minutes, target.resolution_minutes)
        for target in row.targets.all()
    }
    assert targets == {"urgent": (30, 60, None), "normal": (240, None, 90)}
    page = browser.get(f"/settings/service-levels/{row.pk}/").content.decode()
    assert 'value="30 min"' in page
    assert 'value="1 h 30 min"' in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"urgent_first_response_minutes": "30"}, "Write a time like 30 min, 4 h or 1 h 30 min"),
        ({"urgent_first_response_minutes": "0 min"}, "Promise at least 1 min"),
        ({"warn_at_percent": "100"}, "Enter a percentage from 1 to 99"),
        ({"warn_at_percent": "soon"}, "Enter a whole number from 1 to 99"),
        ({"calendar": ""}, "Choose a calendar"),
    ],
)
def test_what_cannot_be_promised_says_what_to_write(browser, calendar, changes, words):
    """U27."""
    response = browser.post("/settings/service-levels/new/", LEVEL | {"calendar": calendar.pk} | changes)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not ServiceLevel.objects.filter(name="Priority").exists()


def test_changing_a_level_recomputes_its_open_tickets(browser, asked, django_capture_on_commit_callbacks):
    row = ServiceLevel.objects.get(is_default=True)

    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post(
            f"/settings/service-levels/{row.pk}/", LEVEL | {"calendar": row.calendar_id, "is_default": "on"}
        )

    assert response.status_code == 302
    assert asked == [("tickets.recompute_clocks", {"level_id": row.pk})]
    assert done("tickets.change_service_level")[0]["promises"]["urgent"]["first_response_minutes"] == 30


def test_an_open_ticket_gets_its_new_time(admin, now, worker, django_capture_on_commit_callbacks):
    ticket = make_ticket()
    row = ServiceLevel.objects.get(is_default=True)
    before = ticket.first_response_due_at

    with django_capture_on_commit_callbacks(execute=True):
        levels.change_level(
            level=row,
            name=row.name,
            calendar=row.calendar,
            warn_at_percent=75,
            escalate_to=None,
            is_default=True,
            promises={"normal": Promise(first_response_minutes=1)},
            by=admin,
            now=now,
        )

    ticket.refresh_from_db()
    assert ticket.first_response_due_at < before


def test_a_lost_wake_up_costs_one_more_and_never_the_work(
    browser, now, monkeypatch, django_capture_on_commit_callbacks
):
    """F5: nobody could be woken when the promise changed. The timer wakes a worker until the work is done."""
    ticket, row = make_ticket(now=now - timedelta(hours=1)), ServiceLevel.objects.get(is_default=True)
    monkeypatch.setattr("supportdesk.lib.background.wake", lambda name, **arguments: False)
    with django_capture_on_commit_callbacks(execute=True):
        fields = LEVEL | {"calendar": row.calendar_id, "is_default": "on", "normal_first_response_minutes": "100 h"}
        browser.post(f"/settings/service-levels/{row.pk}/", fields)
    before = ticket.first_response_due_at

    asked = []
    monkeypatch.setattr("supportdesk.lib.background.wake", lambda name, **arguments: asked.append((name, arguments)))
    with django_capture_on_commit_callbacks(execute=True):
        sweep(now=timezone.now() + timedelta(hours=1))
    assert asked == [("tickets.recompute_clocks", {"level_id": row.pk})]
    assert Timer.objects.filter(kind="tickets.recompute_level", done_at=None).count() == 1

    tasks.recompute_clocks(**asked[0][1])

    ticket.refresh_from_db()
    assert ticket.first_response_due_at > before
    assert Timer.objects.filter(kind="tickets.recompute_level", done_at=None).count() == 0


def test_a_change_made_while_tickets_are_recomputed_is_not_forgotten(admin, now, monkeypatch):
    row = ServiceLevel.objects.get(is_default=True)
    recompute.ask_to_recompute(level_id=row.pk, now=now)
    again = now + timedelta(seconds=1)
    monkeypatch.setattr(
        "tickets.actions.clocks.recompute_level",
        lambda **_: recompute.ask_to_recompute(level_id=row.pk, now=again) or 0,
    )

    recompute.recompute(level_id=row.pk, now=now)

    waiting = Timer.objects.filter(kind="tickets.recompute_level", done_at=None)
    assert [timer.due_at for timer in waiting] == [again + recompute.PATIENCE]


def test_the_default_steps_down_only_for_another_one(browser, calendar):
    default = ServiceLevel.objects.get(is_default=True)

    response = browser.post(f"/settings/service-levels/{default.pk}/", LEVEL | {"calendar": calendar.pk})
    assert "Make another service level the default" in response.content.decode()
    assert ServiceLevel.objects.get(is_default=True) == default

    browser.post("/settings/service-levels/new/", LEVEL | {"calendar": calendar.pk, "is_default": "on"})
    assert ServiceLevel.objects.get(is_default=True).name == "Priority"


def test_a_level_in_use_is_not_removed(browser, calendar):
    default = ServiceLevel.objects.get(is_default=True)
    used = ServiceLevel.objects.create(name="Used", calendar=calendar)
    Team.objects.create(name="Under it", service_level=used)
    free = ServiceLevel.objects.create(name="Free", calendar=calendar)
    ServiceTarget.objects.create(level=free, priority="normal", first_response_minutes=5)

    for row in (default, used, free):
        browser.post(f"/settings/service-levels/{row.pk}/remove/")

    assert set(ServiceLevel.objects.filter(pk__in=[default.pk, used.pk, free.pk])) == {default, used}
