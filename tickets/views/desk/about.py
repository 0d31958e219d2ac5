"""What a ticket is about, one key each: priority, type, tags, the desk's own fields; and following it."""

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from tickets.access import ticket_for
from tickets.actions import details, fields, watching
from tickets.choices import Priority, TicketType
from tickets.custom_fields import fields_of
from tickets.forms.about import QuickForm, TagsForm
from tickets.forms.fields import PREFIX, FieldsForm
from tickets.models import Ticket
from tickets.queries_desk.tags import offered
from tickets.refusals import Refused
from tickets.views.desk.pages import Place, complain, form_page, go, worker_only

FORM = ["GET", "HEAD", "POST"]
PRIORITY_KEYS = [(Priority.URGENT, "u"), (Priority.HIGH, "h"), (Priority.NORMAL, "n"), (Priority.LOW, "l")]
TYPE_KEYS = [(TicketType.QUESTION, "q"), (TicketType.PROBLEM, "p"), (TicketType.REQUEST, "r"), (TicketType.TASK, "t")]


@require_http_methods(FORM)
@worker_only
def priority(request: HttpRequest, pk: int) -> HttpResponse:
    """How urgent it is: `P`, then a letter."""
    return _quick(request, pk, "priority", "How urgent is it?", PRIORITY_KEYS)


@require_http_methods(FORM)
@worker_only
def type_(request: HttpRequest, pk: int) -> HttpResponse:
    """What kind of thing it is: `Y`, then a letter."""
    return _quick(request, pk, "type", "What is it?", TYPE_KEYS)


@require_http_methods(FORM)
@worker_only
def tags(request: HttpRequest, pk: int) -> HttpResponse:
    """Add tags and take them off."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = TagsForm(request.POST or None, carried=ticket.tags)
    if request.method == "POST" and form.is_valid():
        wanted = [*form.cleaned_data["keep"], *form.cleaned_data["add"]]
        if _try(form, lambda now: details.change(ticket=ticket, by=request.user, now=now, tags=wanted, undoable=True)):
            return go(place.ticket_address(ticket.pk))
    kept = form["keep"].value() if form.is_bound else ticket.tags
    return _page(request, "tags", ticket, place, form, offered=offered(""), kept=kept)


@require_safe
@staff_only
def tag_options(request: HttpRequest) -> HttpResponse:
    """Tags that go with what is being typed."""
    given = request.GET.get("add", "")[:2000]
    before, comma, typed = given.rpartition(",")
    names = [f"{before}, {name}" if comma else name for name in offered(typed)]
    return render(request, "tickets/desk/_tag_options.html", {"names": names})


@require_http_methods(FORM)
@worker_only
def own_fields(request: HttpRequest, pk: int) -> HttpResponse:
    """The desk's own fields."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = FieldsForm(request.POST or None, fields=fields_of(ticket), values=ticket.custom)
    if request.method == "POST" and form.is_valid():
        try:
            fields.fill(ticket=ticket, values=form.values(), by=request.user, now=timezone.now())
        except fields.CannotFill as refusal:
            name = PREFIX + refusal.key
            form.add_error(name if name in form.fields else None, str(refusal))
        else:
            return go(place.ticket_address(ticket.pk))
    return _page(request, "fields", ticket, place, form)


@require_POST
@worker_only
def follow(request: PersonRequest, pk: int) -> HttpResponse:
    """Tell me what happens here."""
    ticket = ticket_for(request.user, pk)
    return _at_once(
        request, ticket, lambda now: watching.follow(ticket=ticket, person=request.user, by=request.user, now=now)
    )


@require_POST
@worker_only
def unfollow(request: PersonRequest, pk: int) -> HttpResponse:
    """Tell me no longer."""
    ticket = ticket_for(request.user, pk)
    return _at_once(
        request, ticket, lambda now: watching.unfollow(ticket=ticket, person=request.user, by=request.user, now=now)
    )


def _quick(request: HttpRequest, pk: int, name: str, heading: str, keys: list) -> HttpResponse:
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = QuickForm(request.POST or None, choices=[choice for choice, _ in keys])
    if request.method == "POST" and form.is_valid():
        chosen = {name: form.cleaned_data["value"]}
        if _try(form, lambda now: details.change(ticket=ticket, by=request.user, now=now, undoable=True, **chosen)):
            return go(place.ticket_address(ticket.pk))
    rows = [(choice.value, choice.label, key) for choice, key in keys]
    return _page(request, "quick", ticket, place, form, heading=heading, rows=rows, held=getattr(ticket, name))


def _try(form, act: Callable[[datetime], object]) -> bool:
    try:
        act(timezone.now())
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def _at_once(request: HttpRequest, ticket: Ticket, act: Callable[[datetime], object]) -> HttpResponse:
    try:
        act(timezone.now())
    except Refused as refusal:
        complain(request, refusal)
    return go(Place.of(request).ticket_address(ticket.pk))


def _page(request: HttpRequest, name: str, ticket: Ticket, place: Place, form, **context) -> HttpResponse:
    context |= {
        "form": form,
        "ticket": ticket,
        "place": place,
        "now": timezone.now(),
        "section": "inbox",
        "back": place.ticket_address(ticket.pk),
    }
    return form_page(request, f"tickets/desk/{name}.html", context)
