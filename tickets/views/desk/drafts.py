"""The composer while somebody types: words and files are kept on the server. Scripts get JSON, plain forms a page."""

from csp.decorators import csp_update
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.requests import PersonRequest
from tickets.access import ticket_for
from tickets.actions import attach, drafts
from tickets.forms.compose import DraftFileForm, DraftForm, said_of
from tickets.inline_pictures import token
from tickets.models import Draft, DraftFile, Ticket
from tickets.refusals import Refused
from tickets.views.desk.files import is_picture
from tickets.views.desk.inbox import ticket_page
from tickets.views.desk.pages import Place, complain, go, say, worker_only
from tickets.views.desk.words import size
from tickets.views.desk.writing import as_typed


@require_POST
@worker_only
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # django-csp types views without arguments
def save(request: PersonRequest, pk: int) -> HttpResponse:
    """Keep what stands in the composer."""
    ticket, form = ticket_for(request.user, pk), DraftForm(request.POST)
    if not form.is_valid():
        return said_beside(request, ticket, said_of(form), status=422)
    typed = form.cleaned_data
    known = typed.pop("draft")
    try:
        draft = drafts.save_draft(ticket=ticket, by=request.user, known=known, now=timezone.now(), **typed)
    except drafts.DraftSent as sent:
        return said_beside(request, ticket, str(sent), status=410)
    except drafts.DraftChanged as changed:
        return said_beside(request, ticket, str(changed), status=409, other=_as_json(changed.other))
    if wants_json(request):
        return JsonResponse({"draft": drafts.mark_of(draft)})
    say(request, "Your words are kept as a draft.")
    return go(Place.of(request).ticket_address(ticket.pk))


@require_POST
@worker_only
def discard(request: PersonRequest, pk: int) -> HttpResponse:
    """Throw the draft away, with its files."""
    ticket, form = ticket_for(request.user, pk), DraftForm(request.POST)
    form.is_valid()
    known = form.cleaned_data.get("draft", "")
    try:
        drafts.discard_draft(ticket=ticket, by=request.user, known=known)
    except drafts.DraftChanged as changed:
        complain(request, changed)
    return go(Place.of(request).ticket_address(ticket.pk))


@require_POST
@worker_only
def attach_file(request: PersonRequest, pk: int) -> HttpResponse:
    """Keep one file at once, while somebody writes on."""
    ticket, form = ticket_for(request.user, pk), DraftFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return said_beside(request, ticket, said_of(form), status=422)
    typed, now = form.cleaned_data, timezone.now()
    try:
        upload = attach.store_upload(upload=typed["file"], now=now)
        in_words = typed["in_words"] and is_picture(upload.file)
        kept = drafts.keep_file(
            ticket=ticket, by=request.user, upload=upload, key=typed["key"], now=now, in_words=in_words
        )
    except Refused as refusal:
        return said_beside(request, ticket, str(refusal), status=422)
    if wants_json(request):
        return JsonResponse({"file": _file_as_json(kept, ticket), "draft": drafts.mark_of(kept.draft)})
    return go(Place.of(request).ticket_address(ticket.pk))


@require_POST
@worker_only
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # django-csp types views without arguments
def remove_file(request: PersonRequest, pk: int, file: int) -> HttpResponse:
    """Take a file off the draft. A plain form comes with everything that was typed, and gets it back."""
    ticket = ticket_for(request.user, pk)
    drafts.drop_file(ticket=ticket, by=request.user, pk=file)
    if wants_json(request):
        return JsonResponse({"removed": file})
    return ticket_page(request, ticket, Place.of(request), form=as_typed(request))


def wants_json(request: PersonRequest) -> bool:
    """Whether a script asks, rather than a plain form."""
    return request.headers.get("Accept", "").startswith("application/json")


def said_beside(request: PersonRequest, ticket: Ticket, words: str, *, status: int, **more) -> HttpResponse:
    """Why something was not done: to a script in JSON, to a plain form beside everything that was typed."""
    if wants_json(request):
        return JsonResponse({"words": words, **more}, status=status)
    form = as_typed(request)
    form.add_error(None, words)
    return ticket_page(request, ticket, Place.of(request), form=form, status=422)


def _as_json(draft: Draft | None) -> dict | None:
    if draft is None:
        return None
    return {"draft": drafts.mark_of(draft), "key": draft.key, "text": draft.text, "kind": draft.kind}


def _file_as_json(file: DraftFile, ticket: Ticket) -> dict:
    return {
        "pk": file.pk,
        "name": file.name,
        "size": size(file.size),
        "token": token(file.name) if file.content_id else "",
        "remove": reverse("desk:remove_draft_file", args=[ticket.pk, file.pk]),
    }
