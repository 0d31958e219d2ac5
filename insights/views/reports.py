"""What the desk did: figures, their rows, and the same as CSV. For leads, admins and observers."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from insights import queries_reports, queries_satisfaction, reports
from insights.choices import Dimension
from insights.figures import FIGURES
from insights.models import Progress
from insights.views.asked import DIMENSIONS, is_key, read, read_place
from supportdesk.lib import csv_files
from supportdesk.lib.ui import full_time
from tickets.access import tickets_for
from tickets.views.settings.door import may


@may("insights.see")
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """The report of a period, with its comparison. A period that is none keeps what was typed, and says so."""
    asked = read(request, now=timezone.now())
    context = {
        **asked.context,
        "report": reports.report(asked.scope, asked.dimension),
        "rated": queries_satisfaction.summary(asked.scope),
        "progress": Progress.objects.filter(pk=1).first(),
    }
    with timezone.override(asked.scope.period.zone):
        return render(request, "insights/reports.html", context, status=422 if asked.form.errors else 200)


@may("insights.see")
@require_safe
def rows(request: PersonRequest) -> HttpResponse:
    """The tickets behind a number, newest first, page by page."""
    asked, get = read(request, now=timezone.now()), request.GET
    figure = FIGURES.get(get.get("figure", ""))
    if figure is None or asked.form.errors:
        raise Http404
    by, key = get.get("by", ""), get.get("key", "")
    dimension = by if by in DIMENSIONS else ""
    if dimension in (Dimension.TEAM, Dimension.PERSON, Dimension.REASON) and key and not is_key(key):
        raise Http404
    facts = queries_reports.rows_of(figure, asked.scope, dimension=dimension, key=key.replace("\x00", ""))
    found = list(queries_reports.after(facts, read_place(get.get("after", "")))[: queries_reports.PAGE + 1])
    shown = found[: queries_reports.PAGE]
    last = shown[-1] if len(found) > queries_reports.PAGE else None
    context = {
        **asked.context,
        "figure": figure,
        "key_name": queries_reports.names_of(dimension, [key])[key] if dimension else "",
        "rows": _with_tickets(request.user, shown, figure.measure),
        "next": f"{last.at.isoformat()}_{last.pk}" if last else "",
        "here": get.copy(),
    }
    with timezone.override(asked.scope.period.zone):
        return render(request, "insights/rows.html", context)


@may("insights.see")
@require_safe
def figures_csv(request: PersonRequest) -> HttpResponse:
    """The chart's table, or the breakdown when the address names one: the same figures as on the page."""
    asked = read(request, now=timezone.now())
    if asked.form.errors:
        raise Http404
    made, period = reports.report(asked.scope, asked.dimension), asked.scope.period
    name = f"{period.since.isoformat()}-{period.until.isoformat()}"
    if request.GET.get("by", "") in DIMENSIONS:
        head, lines = _lines(made)
        return csv_files.answer(f"by-{made.dimension}-{name}", head, lines)
    head = ["from", "until", "opened", "closed", "opened again", "replies", "unsolved at the end"]
    days = [
        [
            day.period.since.isoformat(), day.period.until.isoformat(), day.counts["opened"], day.counts["closed"],
            day.counts["reopened"], day.counts["answers"], day.backlog,
        ]
        for day in made.days
    ]  # fmt: skip
    return csv_files.answer(f"tickets-{name}", head, days)


def _lines(made: reports.Report) -> tuple[list[str], list[list[Any]]]:
    head = [
        str(Dimension(made.dimension).label).lower(), "opened", "closed", "opened again", "replies", "first replies",
        "first replies promised", "first replies in time", "first reply median seconds open",
        "first reply 90% seconds open", "first reply median seconds elapsed", "first reply 90% seconds elapsed",
        "solution median seconds open", "solution 90% seconds open", "solution median seconds elapsed",
        "solution 90% seconds elapsed",
    ]  # fmt: skip
    lines = []
    for line in made.lines:
        counts, first, solved = line.counts, line.first, line.solved
        times = (
            first.open_median, first.open_ninetieth, first.median, first.ninetieth,
            solved.open_median, solved.open_ninetieth, solved.median, solved.ninetieth,
        )  # fmt: skip
        lines.append([
            line.name, counts["opened"], counts["closed"], counts["reopened"], counts["answers"],
            counts["first_answers"], counts["first_promised"], counts["first_kept"],
            *(None if seconds is None else round(seconds) for seconds in times),
        ])  # fmt: skip
    return head, lines


def _with_tickets(person, facts: list, measure: str) -> list[dict]:
    """Each fact with its ticket, as far as this person may read it. One query."""
    keys = {fact.ticket_id for fact in facts}
    tickets = tickets_for(person).filter(pk__in=keys).select_related("requester", "team", "assignee")
    known = {ticket.pk: ticket for ticket in tickets.only(
        "subject", "category", "requester__name", "requester__email", "team__name", "assignee__name", "assignee__email"
    )}  # fmt: skip
    names = queries_reports.names_of(Dimension.PERSON, [str(fact.person_id) for fact in facts if fact.person_id])
    return [
        {
            "ticket": known[fact.ticket_id],
            "at": fact.at,
            "when": full_time(fact.at),
            "person": names.get(str(fact.person_id), ""),
            "took": getattr(fact, measure, None) if measure else None,
            "took_open": getattr(fact, f"{measure}_open", None) if measure else None,
            "in_time": getattr(fact, "in_time", None),
        }
        for fact in facts
        if fact.ticket_id in known
    ]
