"""The palette: go to anything by a few letters. Without a script it is a page with a box and links."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from supportdesk.lib import palette
from supportdesk.lib.audience import staff_only
from tickets.views.desk.pages import page


@require_safe
@staff_only
def go_to(request: PersonRequest) -> HttpResponse:
    """What is found for `?q=`; the options of the list alone for the script."""
    question = palette.asked(request.GET.get("q", ""), request.GET.get("ticket", ""))
    groups = palette.find(request.user, question, timezone.now()) if question.words else []
    context = {"question": question, "groups": groups}
    if request.headers.get("X-Palette") == "options":
        response = render(request, "tickets/desk/_palette_options.html", context)
        response["Cache-Control"] = "no-store"
        return response
    return page(request, "tickets/desk/go_to.html", {**context, "section": "go"})
