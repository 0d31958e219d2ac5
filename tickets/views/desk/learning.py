"""What first tickets teach: say it, and the report of it."""

import re
from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.door import may
from accounts.requests import PersonRequest
from tickets import learned as reading
from tickets.access import ticket_for
from tickets.actions.learned import NothingToLearn, learn
from tickets.forms.learning import LearnedForm
from tickets.queries_desk.learned import report_of
from tickets.views.desk.pages import Place, form_page, go, say, worker_only

MONTHS = 12
MONTH = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def learned(request: PersonRequest, pk: int) -> HttpResponse:
    """Name the page of the wiki that this ticket changed, or say why there is nothing to write down (A12)."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    client = reading.client_to_learn_from(ticket)
    articles = reading.changed_since(request.user, ticket)
    form = LearnedForm(request.POST if request.method == "POST" else None, articles=articles)
    if request.method == "POST" and form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            learn(ticket=ticket, article=form.chosen, reason=reason, by=request.user, now=timezone.now())
        except NothingToLearn as refusal:
            form.add_error(None, str(refusal))
        else:
            say(request, f"Noted. Ticket {ticket.pk} can be closed now.")
            return go(f"{reverse('desk:close', args=[ticket.pk])}?{place.as_parameters}")
    context = {"ticket": ticket, "place": place, "form": form, "client": client, "section": "inbox"}
    return form_page(request, "tickets/desk/learned.html", context | {"back": place.ticket_address(ticket.pk)})


@require_safe
@may("tickets.see")
def report(request: PersonRequest) -> HttpResponse:
    """How many new clients taught us something, month by month."""
    latest = _month(request.GET.get("from", "")) or timezone.now().date().replace(day=1)
    months = [latest]
    while len(months) < MONTHS:
        months.append(_before(months[-1]))
    context = {
        "section": "inbox", "months": report_of(request.user, months), "here": "learned", "earlier": _before(months[-1])
    }  # fmt: skip
    return render(request, "tickets/desk/learned_report.html", context)


def _before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _month(text: str) -> date | None:
    """2026-03, as an address names it."""
    if not MONTH.fullmatch(text):
        return None
    return date(int(text[:4]), int(text[5:]), 1)
