"""What a ticket's customer said, beside the ticket."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from insights import access
from supportdesk.lib.audience import staff_only
from tickets.access import ticket_for


@require_safe
@staff_only
def rating(request: PersonRequest, pk: int) -> HttpResponse:
    """The panel alone for htmx, a page for everybody else."""
    ticket = ticket_for(request.user, pk)
    context = {"ticket": ticket, "survey": access.survey_of(request.user, ticket.pk), "section": "inbox"}
    template = "insights/_rating.html" if request.headers.get("HX-Request") == "true" else "insights/rating.html"
    return render(request, template, context)
