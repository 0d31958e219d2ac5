"""Macros on a ticket: pick one, see what it will do, and go on writing. And: I am away."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from tickets import steps
from tickets.access import ticket_for
from tickets.actions import drafts
from tickets.actions.automation import away, macros
from tickets.forms.away import AwayForm
from tickets.models import Macro, Ticket
from tickets.placeholders import Piece, pieces
from tickets.queries_desk import automation
from tickets.refusals import Refused
from tickets.views.desk.pages import Place, complain, form_page, go, say, worker_only


@require_safe
@worker_only
def offered(request: PersonRequest, pk: int) -> HttpResponse:
    """Every macro with what it would do to this ticket and say in it."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    found = [
        {"macro": one, "pieces": _filled(one, ticket, request.user), "does": _does(one, ticket)}
        for one in automation.macros_for(request.user)
    ]
    context = {"ticket": ticket, "place": place, "found": found, "section": "inbox"}
    return form_page(request, "tickets/desk/macros.html", context | {"back": place.ticket_address(ticket.pk)})


@require_POST
@worker_only
def use(request: PersonRequest, pk: int, macro: int) -> HttpResponse:
    """Do the steps now, and put the words below the draft."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    chosen = next((one for one in automation.macros_for(request.user) if one.pk == macro), None)
    if chosen is None:
        raise Http404
    now, back = timezone.now(), place.ticket_address(ticket.pk)
    try:
        text = "".join(piece.text for piece in _filled(chosen, ticket, request.user))
        used = macros.apply(macro=chosen, ticket=ticket, by=request.user, now=now)
        if text:
            drafts.add_to_draft(ticket=ticket, by=request.user, known="", more=text, now=now)
    except Refused as refusal:
        complain(request, refusal)
        return go(back)
    say(request, f"“{chosen.name}”: {used.text}." if used.text else f"“{chosen.name}” is in your reply.")
    return go(f"{back}{'&' if '?' in back else '?'}write=reply" if text else back)


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def leave(request: PersonRequest) -> HttpResponse:
    """I am away until …"""
    absence = automation.absence_of(request.user, timezone.now())
    form = AwayForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            away.leave(person=request.user, until=form.until_when(now), by=request.user, now=now)
        except away.CannotBeAway as refusal:
            form.add_error("until", str(refusal))
        else:
            say(request, "You are away: you get no further tickets from the desk.")
            return go(Place().list_address())
    context = {"form": form, "absence": absence, "section": "you", "back": Place().list_address()}
    return form_page(request, "tickets/desk/away.html", context)


@require_POST
@worker_only
def come_back(request: PersonRequest) -> HttpResponse:
    """I am back."""
    away.come_back(person=request.user, by=request.user, now=timezone.now())
    say(request, "You are at work again.")
    return go(Place().list_address())


def _does(macro: Macro, ticket: Ticket) -> list[tuple[str, bool]]:
    """Each step in words, and whether it is so already."""
    return [(steps.in_words(one), steps.is_so(one, ticket)) for one in macro.steps]


def _filled(macro: Macro, ticket: Ticket, writer) -> list[Piece]:
    values = {
        "customer_name": ticket.requester.name,
        "customer_first_name": ticket.requester.first_name,
        "customer_email": ticket.requester.email,
        "organisation": ticket.organisation.name if ticket.organisation else "",
        "ticket_number": str(ticket.pk),
        "ticket_subject": ticket.subject,
        "agent_name": writer.name,
        "agent_first_name": writer.first_name,
    }
    return pieces(macro.text, values)
