"""A ticket that an agent writes down, and the switch for single keys."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions.people import find_or_create_person, set_preferences
from accounts.requests import PersonRequest
from supportdesk.lib.audience import safe_next, staff_only
from tickets.actions import attach
from tickets.actions.assign import assign
from tickets.actions.intake import CannotOpenTicket, open_ticket
from tickets.choices import Channel
from tickets.forms.desk import NewTicketForm
from tickets.models import Ticket
from tickets.views.desk.pages import Place, form_page, go, worker_only


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def new(request: PersonRequest) -> HttpResponse:
    """Open a ticket for a customer who called, came by or wrote elsewhere."""
    form = NewTicketForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return go(Place().ticket_address(_open(request, form.cleaned_data).pk))
        except (CannotOpenTicket, attach.CannotAttach) as refusal:
            form.add_error(None, str(refusal))
    return form_page(request, "tickets/desk/new.html", {"form": form, "section": "new"})


def _open(request: PersonRequest, typed: dict) -> Ticket:
    now = timezone.now()
    uploads = [attach.store_upload(upload=upload, now=now) for upload in typed["files"]]
    ticket = open_ticket(
        requester=find_or_create_person(email=typed["email"], name=typed["name"], now=now),
        subject=typed["subject"],
        text=typed["text"],
        channel=Channel.AGENT,
        by=request.user,
        now=now,
        team=typed["team"],
        priority=typed["priority"],
        attachments=uploads,
    )
    if typed["mine"]:
        assign(ticket=ticket, to=request.user, by=request.user, now=now)
    return ticket


@require_POST
@staff_only
def single_keys(request: PersonRequest) -> HttpResponse:
    """Plain letters act as shortcuts, or do not (U47)."""
    enabled = request.POST.get("enabled") == "on"
    set_preferences(person=request.user, by=request.user, now=timezone.now(), single_keys_enabled=enabled)
    return go(safe_next(request, reverse("desk:inbox")))
