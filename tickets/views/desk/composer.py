"""Writing: replies, notes, and taking a reply back."""

from csp.decorators import csp_update
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import PersonRequest
from tickets.access import message_for, ticket_for
from tickets.actions import attach, drafts
from tickets.actions.accompanied import CannotAccompany, NeedsReviewer
from tickets.actions.held_replies import hand_in
from tickets.actions.note import SentBefore, add_note
from tickets.actions.reply import CannotTakeBack, SentAlready, StaleReply, reply, take_back
from tickets.actions.templates import count_uses
from tickets.forms.compose import ComposeForm
from tickets.models import Message, Note, Ticket
from tickets.refusals import Refused
from tickets.views.desk.inbox import ticket_page
from tickets.views.desk.onward import go_onward
from tickets.views.desk.pages import Place, complain, go, say, worker_only
from tickets.views.desk.words import when_exactly


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # django-csp types views without arguments
def write(request: PersonRequest, view: str, pk: int) -> HttpResponse:
    """Send a reply or add a note. Whatever cannot be taken comes back with every word and file."""
    ticket, place = ticket_for(request.user, pk), Place.of(request, view)
    if request.method != "POST":
        return go(place.ticket_address(ticket.pk))
    form = ComposeForm(request.POST, request.FILES)
    is_complete = form.is_valid()
    try:
        _keep_uploads(request, ticket, form)
        if is_complete:
            send = _note if form.cleaned_data["kind"] == "note" else _reply
            return send(request, ticket, place, form)
    except StaleReply as stop:
        newer: list[Message | Note] = [*stop.newer, *stop.notes]
        return ticket_page(request, ticket, place, form=form, status=409, stopped=str(stop), newer=newer)
    except (SentAlready, SentBefore, drafts.DraftSent) as again:
        form.add_error(None, str(again))
        form.renew()
    except NeedsReviewer as stop:
        try:
            return _hand_in(request, ticket, place, form, stop)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    except Refused as refusal:
        form.add_error(None, str(refusal))
    return ticket_page(request, ticket, place, form=form, status=422)


def _keep_uploads(request: PersonRequest, ticket: Ticket, form: ComposeForm) -> None:
    """Files that came with the form hang on the draft first: a refusal loses none of them."""
    now, typed = timezone.now(), form.cleaned_data
    if not typed.get("files") or drafts.was_sent(typed.get("key", "")):
        return
    for upload in typed["files"]:
        stored = attach.store_upload(upload=upload, now=now)
        kept = drafts.keep_file(ticket=ticket, by=request.user, upload=stored, key=typed.get("key", ""), now=now)
        form.add_kept(kept.pk)


def _sent_with(form: ComposeForm) -> drafts.Form:
    typed = form.cleaned_data
    return drafts.Form(typed["key"], typed["draft"], typed["kept"])


def _note(request: PersonRequest, ticket: Ticket, place: Place, form: ComposeForm) -> HttpResponse:
    add_note(
        ticket=ticket,
        by=request.user,
        text=form.cleaned_data["text"],
        now=timezone.now(),
        form=_sent_with(form),
    )
    return go(place.ticket_address(ticket.pk))


def _reply(request: PersonRequest, ticket: Ticket, place: Place, form: ComposeForm) -> HttpResponse:
    now, typed = timezone.now(), form.cleaned_data
    send_at = form.send_at(now)
    then = typed["then"] or "waiting"
    if send_at:
        then = "closed" if typed["close_then"] else "waiting"
    reply(
        ticket=ticket,
        by=request.user,
        text=typed["text"],
        last_seen=typed["last_seen"] or 0,
        seen_note=typed["seen_note"],
        now=now,
        to=typed["to"],
        cc=typed["cc"],
        then=then,
        reason=typed["reason"],
        anyway=typed["anyway"],
        send_at=send_at,
        form=_sent_with(form),
    )
    count_uses(templates=typed["used"])
    if send_at:
        say(request, f"Your reply on ticket {ticket.pk} leaves {when_exactly(send_at, now)}.")
    leaves = then == "closed" or send_at
    return go_onward(request, ticket, place) if leaves else go(place.ticket_address(ticket.pk))


def _hand_in(
    request: PersonRequest, ticket: Ticket, place: Place, form: ComposeForm, stop: NeedsReviewer
) -> HttpResponse:
    """Somebody reads it first (R93): it waits, and stays its writer's draft. When it leaves is theirs to say."""
    typed = form.cleaned_data
    if form.send_at(timezone.now()):
        name = stop.apprentice.reviewer.shown_name
        raise CannotAccompany(f"{name} reads your reply first, and it leaves then. Hand it in without a time.")
    hand_in(
        ticket=ticket, by=request.user, apprentice=stop.apprentice, text=typed["text"], to=typed["to"], cc=typed["cc"],
        then=typed["then"] or "waiting", reason=typed["reason"], last_seen=typed["last_seen"] or 0,
        seen_note=typed["seen_note"], form=_sent_with(form), now=timezone.now(),
    )  # fmt: skip
    say(request, f"{stop.apprentice.reviewer.shown_name} reads your reply before it leaves.")
    return go(place.ticket_address(ticket.pk))


@require_POST
@worker_only
def undo(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a reply back: it is a draft in its ticket's composer again, with the cursor in it (U4)."""
    message = message_for(request.user, pk)
    place = Place("mine")
    address = place.ticket_address(message.ticket_id)
    try:
        take_back(message=message, by=request.user, now=timezone.now())
    except CannotTakeBack as refusal:
        complain(request, refusal)
        return go(address)
    return go(f"{address}?write=reply")
