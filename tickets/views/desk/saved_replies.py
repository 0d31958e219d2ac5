"""Saved replies with the ticket's own values in them, and whom a note can call: what the composer offers."""

from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import PersonRequest
from tickets.access import ticket_for
from tickets.actions import drafts
from tickets.forms.compose import DraftForm, said_of
from tickets.models import ReplyTemplate, Ticket
from tickets.placeholders import Piece, pieces
from tickets.queries_desk.people import staff
from tickets.queries_desk.saved_replies import saved_replies_for
from tickets.views.desk.drafts import said_beside, wants_json
from tickets.views.desk.pages import Place, complain, go, page, worker_only


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def offered(request: PersonRequest, pk: int) -> HttpResponse:
    """What can be put into the words. A plain form brings what was typed so far, which is kept."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    if request.method == "POST" and (trouble := keep_with(request, ticket, "")):
        return said_beside(request, ticket, trouble, status=409)
    found = [(template, _filled(template, ticket, request.user)) for template in saved_replies_for(request.user)]
    if wants_json(request):
        return JsonResponse({"replies": [_as_json(*one) for one in found], "people": _people(request.user)})
    context = {"ticket": ticket, "place": place, "found": found, "section": "inbox"}
    return page(request, "tickets/desk/saved_replies.html", context | {"back": place.ticket_address(ticket.pk)})


@require_POST
@worker_only
def use(request: PersonRequest, pk: int, template: int) -> HttpResponse:
    """Put a saved reply below what was written so far, without a script."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    chosen = next((one for one in saved_replies_for(request.user) if one.pk == template), None)
    if chosen is None:
        raise Http404
    trouble = keep_with(request, ticket, _text(_filled(chosen, ticket, request.user)))
    if trouble:
        complain(request, trouble)
    return go(f"{place.ticket_address(ticket.pk)}?write=reply")


def keep_with(request: PersonRequest, ticket: Ticket, more: str) -> str:
    """Save the composer's words, or the draft that stands, with `more` below. What was wrong, "" for nothing."""
    form = DraftForm(request.POST)
    if not form.is_valid():
        return said_of(form)
    typed = form.cleaned_data
    known = typed.pop("draft")
    try:
        drafts.add_to_draft(ticket=ticket, by=request.user, known=known, more=more, now=timezone.now(), **typed)
    except (drafts.DraftChanged, drafts.DraftSent) as refusal:
        return str(refusal)
    return ""


def _filled(template: ReplyTemplate, ticket: Ticket, writer) -> list[Piece]:
    """The template in parts. What has no value becomes a gap that is easy to see, and that blocks sending."""
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
    return pieces(template.body, values)


def _text(filled: list[Piece]) -> str:
    return "".join(piece.text for piece in filled)


def _as_json(template: ReplyTemplate, filled: list[Piece]) -> dict:
    return {
        "pk": template.pk,
        "name": template.name,
        "folder": template.folder,
        "text": _text(filled),
        "pieces": [[piece.kind, piece.text] for piece in filled],
    }


def _people(reader) -> list[dict]:
    return [{"name": person.shown_name, "is_you": person.pk == reader.pk} for person in staff()]
