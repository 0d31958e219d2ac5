"""What customers said."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from insights import queries_satisfaction
from insights.choices import Dimension
from insights.queries_reports import names_of
from insights.queries_satisfaction import PAGE
from insights.views.asked import read, read_place
from supportdesk.lib import csv_files
from supportdesk.lib.ui import full_time
from tickets.views.settings.door import may

MOST_IN_A_FILE = 50_000


@may("insights.see")
@require_safe
def page(request: PersonRequest) -> HttpResponse:
    """CSAT, CES, solved, who was rated, and the newest comments word for word."""
    asked = read(request, now=timezone.now())
    by = Dimension.PERSON if request.GET.get("by") != Dimension.TEAM else Dimension.TEAM
    groups = queries_satisfaction.by_key(asked.scope, by)
    names = names_of(by, list(groups))
    found = queries_satisfaction.newest(asked.scope, before=read_place(request.GET.get("after", "")))
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    context = {
        **asked.context,
        "rated": queries_satisfaction.summary(asked.scope),
        "groups": [{"name": names[key] if key else "Nobody in particular", "rated": groups[key]} for key in groups],
        "by": by,
        "answers": shown,
        "next": f"{last.answered_at.isoformat()}_{last.pk}" if last and last.answered_at else "",
    }
    with timezone.override(asked.scope.period.zone):
        return render(request, "insights/satisfaction.html", context, status=422 if asked.form.errors else 200)


@may("insights.see")
@require_safe
def answers_csv(request: PersonRequest) -> HttpResponse:
    """Every answer of the period."""
    asked = read(request, now=timezone.now())
    if asked.form.errors:
        raise Http404
    period = asked.scope.period
    rows = queries_satisfaction.asked_in(asked.scope).select_related("answered_by").order_by("asked_at", "pk")
    head = ["ticket", "asked", "answered", "csat", "ces", "solved", "answered by", "comment"]
    with timezone.override(period.zone):
        lines = [
            [
                row.ticket_id, full_time(row.asked_at), full_time(row.answered_at) if row.answered_at else "", row.csat,
                row.ces, {True: "yes", False: "no", None: ""}[row.is_solved],
                row.answered_by.shown_name if row.answered_by else "", row.comment,
            ]
            for row in rows[:MOST_IN_A_FILE]
        ]  # fmt: skip
    return csv_files.answer(f"answers-{period.since.isoformat()}-{period.until.isoformat()}", head, lines)
