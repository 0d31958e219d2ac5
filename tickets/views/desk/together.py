"""Merging, splitting, and what tickets are to one another. Each form is a page of its own and opens in a dialog."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from tickets.access import NotFound, ticket_for, tickets_for
from tickets.actions import merge as merging
from tickets.actions import relations, split, state
from tickets.forms.desk import CloseForm
from tickets.forms.together import SIDES, ChildForm, MergeForm, RelateForm, SplitForm
from tickets.models import Ticket, TicketRelation
from tickets.queries_desk import together
from tickets.refusals import Refused
from tickets.views.desk.onward import go_onward
from tickets.views.desk.pages import Place, complain, form_page, go, say, worker_only

FORM = ["GET", "HEAD", "POST"]
LONGEST_SEARCH = 200


@require_http_methods(FORM)
@worker_only
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the ticket that goes on, see what will happen, and merge."""
    ticket, place, now = ticket_for(request.user, pk), Place.of(request), timezone.now()
    if request.method == "POST":
        form = MergeForm(request.POST)
        into = _named(request, form, "into")
        if into is not None and _merge(request, form, ticket, into):
            return go(place.ticket_address(into.pk))
        return _merge_page(request, ticket, place, form, into)
    asked = request.GET.get("into", "")
    form = MergeForm({"into": asked}) if asked else MergeForm()
    into = _named(request, form, "into") if asked else None
    if into is not None:
        refusal = _why_not(ticket, into)
        if refusal:
            form.add_error("into", refusal)
            into = None
    words = request.GET.get("find", "")[:LONGEST_SEARCH]
    base = tickets_for(request.user)
    found = together.matching(ticket, base, words, person=request.user, now=now) if words.strip() else None
    return _merge_page(request, ticket, place, form, into, find=words, found=found)


@require_POST
@worker_only
def unmerge(request: HttpRequest, pk: int) -> HttpResponse:
    """Two tickets again."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    try:
        say(request, merging.unmerge(ticket=ticket, by=request.user, now=timezone.now()))
    except Refused as refusal:
        complain(request, refusal)
    return go(place.ticket_address(ticket.pk))


@require_http_methods(FORM)
@worker_only
def split_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose messages; they become a ticket of their own."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    chosen = [request.GET["message"]] if request.GET.get("message", "").isdigit() else []
    form = SplitForm(request.POST or None, ticket=ticket, initial={"messages": chosen, "subject": ticket.subject})
    if request.method == "POST" and form.is_valid():
        keys = [message.pk for message in form.cleaned_data["messages"]]
        subject, now = form.cleaned_data["subject"], timezone.now()
        try:
            new = split.split(ticket=ticket, messages=keys, subject=subject, by=request.user, now=now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            say(request, f"{merging.count(len(keys), 'message')} went to this new ticket from ticket {ticket.pk}.")
            return go(place.ticket_address(new.pk))
    kept = {str(key) for key in (form["messages"].value() or [])}
    words = [(message, str(message.pk) in kept) for message in together.movable(ticket)]
    return _page(request, "split", ticket, place, form, words=words)


@require_POST
@worker_only
def put_back(request: HttpRequest, pk: int) -> HttpResponse:
    """What was split off returns to where it came from."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    try:
        source = split.unsplit(ticket=ticket, by=request.user, now=timezone.now())
    except Refused as refusal:
        complain(request, refusal)
        return go(place.ticket_address(ticket.pk))
    say(request, f"The messages of ticket {ticket.pk} are back on this ticket.")
    return go(place.ticket_address(source.pk))


@require_http_methods(FORM)
@worker_only
def relate(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what this ticket is to another one, and untie what was said."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = RelateForm(request.POST or None, initial={"side": "related"})
    if request.method == "POST":
        other = _named(request, form, "number")
        if other is not None and form.is_valid():
            _, kind, is_near = SIDES[form.cleaned_data["side"]]
            one, far = (ticket, other) if is_near else (other, ticket)
            try:
                relations.relate(one=one, other=far, kind=kind, by=request.user, now=timezone.now())
            except Refused as refusal:
                form.add_error("number", str(refusal))
            else:
                return go(place.ticket_address(ticket.pk))
    ties = together.ties_of(ticket, request.user)
    suggested = together.suggestions(ticket, tickets_for(request.user))
    return _page(request, "relate", ticket, place, form, ties=ties, suggestions=suggested)


@require_POST
@worker_only
def untie(request: HttpRequest, pk: int, relation: int) -> HttpResponse:
    """End a relation."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    row = get_object_or_404(TicketRelation, pk=min(relation, 2**63 - 1))
    if ticket.pk not in (row.one_id, row.other_id):
        raise NotFound
    relations.unrelate(relation=row, by=request.user, now=timezone.now())
    return go(place.ticket_address(ticket.pk))


@require_http_methods(FORM)
@worker_only
def child(request: HttpRequest, pk: int) -> HttpResponse:
    """A part of the work becomes a ticket of its own."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    customer = ticket.requester.shown_name
    form = ChildForm(request.POST or None, customer=customer, initial={"team": ticket.team_id, "sees": "staff"})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            new = relations.open_child(
                parent=ticket,
                subject=typed["subject"],
                text=typed["text"],
                team=typed["team"],
                assignee=typed["assignee"],
                for_customer=typed["sees"] == "customer",
                by=request.user,
                now=timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            say(request, f"Ticket {new.pk} is a child of this one: {new.subject}")
            return go(place.ticket_address(ticket.pk))
    return _page(request, "child", ticket, place, form)


@require_POST
@worker_only
def close_family(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a parent with its open children, or `with=none` of them."""
    ticket, place, now = ticket_for(request.user, pk), Place.of(request), timezone.now()
    form = CloseForm(request.POST)
    if not form.is_valid():
        complain(request, next(iter(form.errors.values()))[0])
        return go(place.ticket_address(ticket.pk))
    why = form.cleaned_data
    try:
        if request.POST.get("with") == "none":
            state.close_ticket(ticket=ticket, by=request.user, now=now, is_alone=True, undoable=True, **why)
            say(request, f"Ticket {ticket.pk} is closed. What stands below it stays open.")
        else:
            number = relations.close_family(ticket=ticket, by=request.user, now=now, **why)
            say(request, f"Ticket {ticket.pk} is closed, and {merging.count(number, 'ticket')} below it.")
    except Refused as refusal:
        complain(request, refusal)
        return go(place.ticket_address(ticket.pk))
    return go_onward(request, ticket, place)


def _named(request: HttpRequest, form, field: str) -> Ticket | None:
    """The ticket whose number was typed; None leaves a sentence beside it."""
    if not form.is_valid() and field in form.errors:
        return None
    try:
        return ticket_for(request.user, form.cleaned_data[field])
    except NotFound:
        form.add_error(field, f"There is no ticket {form.data.get(field, '')[:20]}.")
        return None


def _why_not(ticket: Ticket, into: Ticket) -> str:
    if into.pk == ticket.pk:
        return "A ticket cannot be merged into itself."
    if into.merged_into_id:
        other = into.merged_into_id
        return f"Ticket {into.pk} was merged into ticket {other}. Choose ticket {other} instead."
    return ""


def _merge(request: HttpRequest, form: MergeForm, ticket: Ticket, into: Ticket) -> bool:
    try:
        merging.merge(ticket=ticket, into=into, by=request.user, now=timezone.now(), invite=form.cleaned_data["invite"])
    except Refused as refusal:
        form.add_error("into", str(refusal))
        return False
    say(request, f"Ticket {ticket.pk} is merged into this one. You can undo that on ticket {ticket.pk} at any time.")
    return True


def _merge_page(
    request: HttpRequest, ticket: Ticket, place: Place, form: MergeForm, into: Ticket | None, find: str = "", found=None
) -> HttpResponse:
    base = tickets_for(request.user)
    context = {
        "into": None if form.errors else into,
        "preview": together.preview(ticket, into) if into is not None and not form.errors else None,
        "find": find,
        "found": found,
        "suggestions": together.suggestions(ticket, base) if found is None else [],
    }
    return _page(request, "merge", ticket, place, form, **context)


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
