"""The inbox: a list, the ticket beside it, the customer beside that. On a phone each is a page of its own."""

from collections.abc import Sequence
from dataclasses import replace

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import can
from supportdesk.lib.audience import staff_only
from tickets.access import ticket_for
from tickets.actions.readings import note_reading
from tickets.choices import Category
from tickets.forms.compose import ComposeForm
from tickets.models import Message, Note, Ticket
from tickets.queries_desk import people
from tickets.queries_desk.opened import look_again
from tickets.queries_desk.thread import Thread, thread_of
from tickets.views.desk import words
from tickets.views.desk.pages import DEFAULT_VIEW, Place, Wanted, go, page
from tickets.views.desk.shelf import shelf_of
from tickets.views.desk.writing import composer


@require_safe
@staff_only
def home(request: HttpRequest) -> HttpResponse:
    """The first view."""
    return go(reverse("desk:view", args=[DEFAULT_VIEW]))


@require_safe
@staff_only
def view(request: HttpRequest, view: str) -> HttpResponse:
    """A list, and no ticket open yet."""
    now = timezone.now()
    shelf = shelf_of(request, Place.of(request, view), now)
    works = can(request.user, "tickets.work")
    context = {"shelf": shelf, "now": now, "section": "inbox", "pane": "list", "may_work": works}
    return page(request, "tickets/desk/inbox.html", context)


@require_safe
@staff_only
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # django-csp types views without arguments
def ticket(request: HttpRequest, view: str, pk: int) -> HttpResponse:
    """A ticket beside its list. What an observer has not opened yet is not sent ahead: it would count as read."""
    is_ahead = "X-Quiet" in request.headers and "X-Regions" not in request.headers
    if is_ahead and not can(request.user, "tickets.work"):
        return HttpResponse(status=204)
    return ticket_page(request, ticket_for(request.user, pk), Place.of(request, view))


@require_safe
@staff_only
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # django-csp types views without arguments
def customer(request: HttpRequest, view: str, pk: int) -> HttpResponse:
    """The same, and on a phone the customer."""
    return ticket_page(request, ticket_for(request.user, pk), Place.of(request, view), pane="side")


@require_safe
@staff_only
def short_address(request: HttpRequest, pk: int) -> HttpResponse:
    """`/desk/tickets/4127/`, for links in notes."""
    return go(Place("all").ticket_address(ticket_for(request.user, pk).pk))


def ticket_page(
    request: HttpRequest,
    ticket: Ticket,
    place: Place,
    *,
    pane: str = "thread",
    form: ComposeForm | None = None,
    status: int = 200,
    stopped: str = "",
    newer: Sequence[Message | Note] = (),
) -> HttpResponse:
    """The three panes around `ticket`. `form` is what somebody typed that could not be taken.

    `stopped` says why it was not sent, and `newer` are the messages and notes that its writer had not seen.
    """
    now = timezone.now()
    if request.method == "POST":
        look_again(ticket)
    note_reading(ticket=ticket, by=request.user, now=now)
    shelf = shelf_of(request, place, now, current=ticket)
    thread = thread_of(ticket, in_full="all" in request.GET)
    side = people.side_of(ticket)
    context = {
        "shelf": shelf,
        "wanted": Wanted.of(request, shelf.place, is_answer=status == 200 and request.method != "POST"),
        "ticket": ticket,
        "place": replace(shelf.place, following=shelf.following.ticket.pk if shelf.following else 0),
        "sla": words.sla(ticket, now),
        "thread": thread,
        "side": side,
        "now": now,
        "section": "inbox",
        "pane": pane,
        "is_closed": ticket.category == Category.CLOSED,
        "news": _news(thread),
        "may_work": can(request.user, "tickets.work"),
        "stopped": stopped,
        "newer": newer,
        **composer(request, ticket, thread, form, now),
    }
    return page(request, "tickets/desk/ticket.html", context, status=status)


def _news(thread: Thread) -> str:
    """What a screen reader hears when the newest message was not there a moment ago."""
    messages = [entry.it for entry in thread.entries if isinstance(entry.it, Message)]
    if not messages:
        return ""
    newest = max(messages, key=lambda message: message.pk)
    who = newest.from_name or (newest.person.shown_name if newest.person else newest.from_address)
    return f"New message from {who}"
