"""What help beyond what we support costs, month by month, and the tickets behind it (R13, R14)."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from insights import costs
from insights.desk import desk_zone
from insights.months import month_of
from insights.queries_out_of_scope import months, tickets_of
from supportdesk.lib import csv_files
from tickets.views.settings.door import may

SHOWN = 12
HEAD = ("Month", "Best effort, minutes", "Not supported, minutes", "Overridden, minutes", "Minutes", "Tickets", "Cost")


@may("insights.see")
@require_safe
def page(request: PersonRequest) -> HttpResponse:
    """Twelve months, and the tickets of the one that was chosen."""
    now, zone = timezone.now(), desk_zone()
    rows = months(SHOWN, now, zone)
    chosen = _chosen(request, month_of(now, zone))
    context = {
        "section": "insights",
        "here": "out_of_scope",
        "rows": rows[::-1],
        "chosen": chosen,
        "tickets": tickets_of(chosen, zone),
        "rules": costs.rules(),
        "most": max((row.minutes for row in rows), default=0),
    }
    return render(request, "insights/out_of_scope.html", context)


@may("insights.see")
@require_safe
def csv(request: PersonRequest) -> HttpResponse:
    """The same twelve months as a file."""
    rows = months(SHOWN, timezone.now(), desk_zone())
    lines = (
        (f"{row.month:%Y-%m}", row.best_effort, row.not_supported, row.overridden, row.minutes, row.tickets,
         f"{row.cost / 100:.2f}")
        for row in rows
    )  # fmt: skip
    return csv_files.answer("out-of-scope", HEAD, lines)


def _chosen(request: PersonRequest, this: date) -> date:
    """The month of `?month=2026-05`; the present one for anything else."""
    try:
        month = date.fromisoformat(f"{request.GET.get('month', '')[:7]}-01")
    except ValueError:
        return this
    return month if date(2000, 1, 1) <= month <= this else this
