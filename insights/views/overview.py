"""The founder's page: one screen, the same as CSV, and the rows behind its numbers."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from insights import overview as made
from insights import overview_page, queries_behind
from insights.desk import desk_zone
from insights.overview import SPANS, Overview
from supportdesk.lib import csv_files
from tickets.views.settings.door import may


@may("insights.see")
@require_safe
def page(request: PersonRequest) -> HttpResponse:
    """How many still need to ask, why, what it costs, and what is done about it."""
    found = _read(request)
    context = {
        "section": "insights",
        "here": "overview",
        "view": found,
        "page": overview_page.drawn(found),
        "spans": SPANS,
        "span": len(found.months),
    }
    with timezone.override(found.zone):
        return render(request, "insights/overview.html", context)


@may("insights.see")
@require_safe
def months_csv(request: PersonRequest) -> HttpResponse:
    """The table beside the charts: a line for each month."""
    found = _read(request)
    return csv_files.answer(f"insights-{found.at.month:%Y-%m}", *overview_page.months_table(found))


@may("insights.see")
@require_safe
def drivers_csv(request: PersonRequest) -> HttpResponse:
    """Why people write: a line for each reason, a column for each month."""
    found = _read(request)
    return csv_files.answer(f"reasons-{found.at.month:%Y-%m}", *overview_page.drivers_table(found))


@may("insights.see")
@require_safe
def behind(request: PersonRequest, what: str) -> HttpResponse:
    """The rows of a number that no report lists."""
    read = queries_behind.LISTS.get(what)
    if read is None:
        raise Http404
    now, zone = timezone.now(), desk_zone()
    listed = read(
        queries_behind.Asked(request.user, request.GET.get("month", ""), request.GET.get("after", ""), now, zone)
    )
    with timezone.override(zone):
        return render(request, "insights/behind.html", {"section": "insights", "here": "", "listed": listed})


def _read(request: PersonRequest) -> Overview:
    asked = request.GET.get("months", "")
    span = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
    return made.overview(span=span if span in SPANS else 12, now=timezone.now(), zone=desk_zone())
