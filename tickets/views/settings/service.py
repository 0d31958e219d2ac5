"""Business calendars and service levels."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from supportdesk.lib.public_holidays import public_days
from tickets import setup_queries
from tickets.actions.setup import calendars, levels
from tickets.choices import Priority
from tickets.forms.durations import format_minutes
from tickets.forms.opening_hours import format_day
from tickets.forms.settings.service import CLOCKS, CalendarForm, LevelForm
from tickets.models import BusinessCalendar, ServiceLevel
from tickets.models.service import WEEKDAYS
from tickets.views.settings.door import done, may, page, saved

REFUSALS = (calendars.CannotChangeCalendar, levels.CannotChangeLevel)
RECOMPUTED = "Open tickets get their new times within a minute."


@staff_only
@require_safe
def calendar_list(request: PersonRequest) -> HttpResponse:
    """When the desk is open."""
    shown = [(row, _week_of(row)) for row in setup_queries.calendars()]
    return page(request, "calendar_list", "calendars", calendars=shown)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_calendar(request: PersonRequest) -> HttpResponse:
    """Make a calendar."""
    usual = {f"hours_{weekday}": "09:00–17:00" for weekday in range(5)}
    form = CalendarForm(request.POST if request.method == "POST" else None, initial=usual)

    def create(entered: dict) -> None:
        calendars.create_calendar(**_calendar(entered), by=request.user, now=timezone.now())

    if not _is_preview(request) and saved(
        request, form, create, refusals=REFUSALS, field="name", words="The calendar is ready."
    ):
        return redirect("settings:calendars")
    return _calendar_page(request, form, None)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a calendar. The button "Show holidays" lists the public ones and saves nothing."""
    row = get_object_or_404(BusinessCalendar, pk=pk)
    form = CalendarForm(request.POST if request.method == "POST" else None, initial=CalendarForm.initial_for(row))

    def change(entered: dict) -> None:
        calendars.change_calendar(calendar=row, **_calendar(entered), by=request.user, now=timezone.now())

    if not _is_preview(request) and saved(
        request, form, change, refusals=REFUSALS, field="name", words=f"{row.name} is changed. {RECOMPUTED}"
    ):
        return redirect("settings:calendars")
    return _calendar_page(request, form, row)


@may("desk.set_up")
@require_POST
def remove_calendar(request: PersonRequest, pk: int) -> HttpResponse:
    """Remove a calendar that nothing counts by."""
    row = get_object_or_404(BusinessCalendar, pk=pk)
    done(
        request,
        lambda: calendars.remove_calendar(calendar=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is removed.",
    )
    return redirect("settings:calendars")


@staff_only
@require_safe
def level_list(request: PersonRequest) -> HttpResponse:
    """What is promised."""
    shown = [(row, _promises_of(row)) for row in setup_queries.levels()]
    return page(request, "level_list", "levels", levels=shown, clocks=CLOCKS.values())


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_level(request: PersonRequest) -> HttpResponse:
    """Make a service level."""
    form = LevelForm(request.POST if request.method == "POST" else None)

    def create(entered: dict) -> None:
        levels.create_level(**_level(form, entered), by=request.user, now=timezone.now())

    if saved(request, form, create, refusals=REFUSALS, field="name", words="The service level is ready."):
        return redirect("settings:levels")
    return page(request, "level_form", "levels", form=form, level=None)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def level(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a service level."""
    row = get_object_or_404(ServiceLevel, pk=pk)
    form = LevelForm(request.POST if request.method == "POST" else None, initial=LevelForm.initial_for(row))

    def change(entered: dict) -> None:
        levels.change_level(level=row, **_level(form, entered), by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=REFUSALS, words=f"{row.name} is changed. {RECOMPUTED}"):
        return redirect("settings:levels")
    return page(request, "level_form", "levels", form=form, level=row)


@may("desk.set_up")
@require_POST
def remove_level(request: PersonRequest, pk: int) -> HttpResponse:
    """Remove a service level that nothing is promised by."""
    row = get_object_or_404(ServiceLevel, pk=pk)
    done(
        request,
        lambda: levels.remove_level(level=row, by=request.user, now=timezone.now()),
        refusals=REFUSALS,
        words=f"{row.name} is removed.",
    )
    return redirect("settings:levels")


def _is_preview(request: PersonRequest) -> bool:
    return request.POST.get("do") == "preview"


def _calendar(entered: dict) -> dict:
    names = ("name", "time_zone", "country", "subdivision", "week", "own_days")
    return {name: entered[name] for name in names}


def _level(form: LevelForm, entered: dict) -> dict:
    names = ("name", "calendar", "warn_at_percent", "escalate_to", "is_default")
    promises = {priority: levels.Promise(**minutes) for priority, minutes in form.promises().items()}
    return {**{name: entered[name] for name in names}, "promises": promises}


def _calendar_page(request: PersonRequest, form: CalendarForm, row: BusinessCalendar | None) -> HttpResponse:
    country = str(form["country"].value() or "").strip().upper()
    subdivision = str(form["subdivision"].value() or "").strip().upper()
    year = timezone.localdate().year
    years = [(each, _closed(country, subdivision, each)) for each in (year, year + 1)] if country else []
    shown = [(each, days) for each, days in years if days]
    return page(request, "calendar_form", "calendars", form=form, calendar=row, country=country, years=shown)


def _closed(country: str, subdivision: str, year: int) -> tuple[tuple[date, str], ...]:
    return public_days(country, subdivision, year)


def _week_of(row: BusinessCalendar) -> list[tuple[str, str]]:
    """(day, its hours) from Monday on."""
    week: dict[int, list[tuple[int, int]]] = {}
    for interval in row.intervals.all():
        week.setdefault(interval.weekday, []).append((interval.opens, interval.closes))
    return [(label, format_day(sorted(week.get(weekday, [])))) for weekday, label in WEEKDAYS]


def _promises_of(row: ServiceLevel) -> list[tuple[str, list[str]]]:
    """(priority, the promise of each clock in words), most urgent first."""
    targets = {target.priority: target for target in row.targets.all()}
    return [(priority.label, _words(targets.get(priority))) for priority in reversed(list(Priority))]


def _words(target) -> list[str]:
    minutes = [getattr(target, clock, None) for clock in CLOCKS]
    return ["" if each is None else format_minutes(each) for each in minutes]
