"""What an agent does to a ticket besides writing. Each form is a page of its own and opens in a dialog."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions.people import find_or_create_person
from accounts.models import Person
from tickets import clocks
from tickets.access import message_for, ticket_for
from tickets.actions import assign as assigning
from tickets.actions import details as detailing
from tickets.actions import follow_up, held, participants, reply, seen, snooze, state, thanks
from tickets.conditions import offers_for
from tickets.forms.desk import (
    AssignForm,
    CloseForm,
    DetailsForm,
    MomentForm,
    ParticipantForm,
    ReasonForm,
)
from tickets.forms.snooze import SnoozeForm, moments
from tickets.may_close import CustomerWaits
from tickets.models import Ticket
from tickets.queries_desk.reasons import reasons_for
from tickets.refusals import Refused
from tickets.views.desk import words
from tickets.views.desk.onward import go_onward
from tickets.views.desk.pages import Place, complain, form_page, go, say, worker_only

Act = Callable[[Ticket, datetime], None]
FORM = ["GET", "HEAD", "POST"]


@require_http_methods(FORM)
@worker_only
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the ticket to a person, or back to a team."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = AssignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        to, team = form.cleaned_data["to"], form.cleaned_data["team"]
        done = _try(form, lambda now: assigning.assign(ticket=ticket, to=to, team=team, now=now, **_by(request)))
        if done:
            return go(place.ticket_address(ticket.pk))
    return _form(request, "assign", ticket, place, form)


@require_http_methods(FORM)
@worker_only
def put_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Snooze."""
    ticket, place, now = ticket_for(request.user, pk), Place.of(request), timezone.now()
    promise, offers = clocks.promise_for(ticket), offers_for(ticket)
    calendar = promise.calendar if promise else None
    form = SnoozeForm(request.POST or None, calendar=calendar, offers=offers, initial={"stays": True})
    if request.method == "POST" and form.is_valid():
        until, given = form.moment(now), {"wakes_on": form.wakes_on, "stays": form.cleaned_data["stays"]}
        if _try(form, lambda now: snooze.snooze(ticket=ticket, until=until, now=now, **given, **_by(request))):
            say(
                request, f"Ticket {ticket.pk} comes back {words.when_exactly(until, now)}, or when the customer writes."
            )
            return go_onward(request, ticket, place)
    times = {name: words.when_exactly(at, now) for name, at in moments(now, calendar).items()}
    return _form(request, "snooze", ticket, place, form, times=times, offers=offers)


@require_http_methods(FORM)
@worker_only
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close, with the reason why the customer wrote; without one it is counted as skipped.

    A customer who waits for an answer is not closed without a reason unless somebody says so: that is asked again.
    """
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data
        if _try(form, lambda now: state.close_ticket(ticket=ticket, now=now, **why, **_by(request))):
            say(request, f"Ticket {ticket.pk} is closed.")
            return go_onward(request, ticket, place)
    shown = {"reasons": reasons_for(ticket), "waits_since": ticket.waiting_since, "now": timezone.now()}
    return _form(request, "close", ticket, place, form, **shown)


@require_http_methods(FORM)
@worker_only
def give_reason(request: HttpRequest, pk: int) -> HttpResponse:
    """Say why the customer wrote, and leave the ticket where it is."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if _try(form, lambda now: state.set_reason(ticket=ticket, reason=reason, now=now, **_by(request))):
            return go(place.ticket_address(ticket.pk))
    return _form(request, "reason", ticket, place, form, reasons=reasons_for(ticket))


@require_http_methods(FORM)
@worker_only
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """On hold until a time, or for the usual three days."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = MomentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        until = form.cleaned_data["at"]
        if _try(form, lambda now: state.put_on_hold(ticket=ticket, until=until, now=now, **_by(request))):
            say(request, f"Ticket {ticket.pk} is on hold.")
            return go_onward(request, ticket, place)
    return _form(request, "hold", ticket, place, form)


@require_http_methods(FORM)
@worker_only
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """When to look at the ticket again."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = MomentForm(request.POST or None, initial={"at": ticket.follow_up_at})
    if request.method == "POST" and form.is_valid():
        at = form.cleaned_data["at"]
        if _try(form, lambda now: follow_up.set_follow_up(ticket=ticket, at=at, now=now, **_by(request))):
            return go(place.ticket_address(ticket.pk))
    return _form(request, "follow_up", ticket, place, form)


@require_http_methods(FORM)
@worker_only
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Subject, type, priority, team, tags."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    now_holds = {name: getattr(ticket, name) for name in ("subject", "type", "priority", "team")}
    form = DetailsForm(request.POST or None, initial={**now_holds, "tags": ", ".join(ticket.tags)})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        if _try(form, lambda now: detailing.change(ticket=ticket, now=now, **typed, **_by(request))):
            return go(place.ticket_address(ticket.pk))
    return _form(request, "details", ticket, place, form)


@require_http_methods(FORM)
@worker_only
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Let somebody take part."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = ParticipantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data

        def join(now: datetime) -> None:
            person = find_or_create_person(email=typed["email"], now=now)
            participants.add(ticket=ticket, person=person, role=typed["role"], by=request.user, now=now)

        if _try(form, join):
            return go(place.ticket_address(ticket.pk))
    return _form(request, "participant", ticket, place, form)


@require_POST
@worker_only
def uninvite(request: HttpRequest, pk: int, person: int) -> HttpResponse:
    """End somebody's part."""
    ticket = ticket_for(request.user, pk)
    leaver = get_object_or_404(Person, pk=person, participations__ticket=ticket)
    return _at_once(
        request, ticket, lambda now: participants.remove(ticket=ticket, person=leaver, by=request.user, now=now)
    )


@require_POST
@worker_only
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """It is mine."""
    ticket = ticket_for(request.user, pk)
    return _at_once(
        request, ticket, lambda now: assigning.assign(ticket=ticket, to=request.user, now=now, **_by(request))
    )


@require_POST
@worker_only
def wait(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer's turn."""
    ticket = ticket_for(request.user, pk)
    return _at_once(request, ticket, lambda now: state.set_waiting(ticket=ticket, now=now, **_by(request)), leaves=True)


@require_POST
@worker_only
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Back to open."""
    ticket = ticket_for(request.user, pk)
    return _at_once(request, ticket, lambda now: state.reopen_ticket(ticket=ticket, now=now, **_by(request)))


@require_POST
@worker_only
def count_thanks(request: HttpRequest, pk: int) -> HttpResponse:
    """What looked like a thank-you wants an answer."""
    ticket = ticket_for(request.user, pk)
    return _at_once(request, ticket, lambda now: thanks.count_after_all(ticket=ticket, by=request.user, now=now))


@require_POST
@worker_only
def wake(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of snooze."""
    ticket = ticket_for(request.user, pk)
    return _at_once(request, ticket, lambda now: snooze.wake(ticket=ticket, now=now, **_by(request)))


@require_POST
@worker_only
def mark_seen(request: HttpRequest, pk: int) -> HttpResponse:
    """The newest words that the open page shows were read. Words that came since stay unread."""
    ticket = ticket_for(request.user, pk)
    newest = request.POST.get("newest", "")
    if newest.isascii() and newest.isdigit():
        ticket.last_message_id = min(ticket.last_message_id, int(newest[:18]))
    seen.mark_seen(ticket=ticket, by=request.user, now=timezone.now())
    return HttpResponse(status=204)


@require_POST
@worker_only
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a reply again that did not arrive."""
    message = message_for(request.user, pk)
    return _at_once(
        request, message.ticket, lambda now: reply.retry_delivery(message=message, by=request.user, now=now)
    )


@require_POST
@worker_only
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """A held message belongs here."""
    message = message_for(request.user, pk)
    return _at_once(request, message.ticket, lambda now: held.accept_message(message=message, by=request.user, now=now))


@require_POST
@worker_only
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """A held message does not belong here: it becomes a ticket of its own."""
    message = message_for(request.user, pk)
    ticket = message.ticket

    def move(now: datetime) -> None:
        other = held.refuse_message(message=message, by=request.user, now=now)
        say(request, f"The message is ticket {other.pk} now.")

    return _at_once(request, ticket, move)


def _by(request: HttpRequest) -> dict[str, Any]:
    """Who acts, with their own hand: it stands in the strip for a while."""
    return {"by": request.user, "undoable": True}


def _try(form, act: Callable[[datetime], object]) -> bool:
    """Whether it was done; a refusal becomes an error of the form."""
    try:
        act(timezone.now())
    except Refused as refusal:
        form.add_error("unanswered" if isinstance(refusal, CustomerWaits) else None, str(refusal))
        return False
    return True


def _at_once(
    request: HttpRequest, ticket: Ticket, act: Callable[[datetime], object], *, leaves: bool = False
) -> HttpResponse:
    """Do it without a form, and go on: back to the ticket, or to the next one when this one `leaves` the list."""
    place = Place.of(request)
    try:
        act(timezone.now())
    except Refused as refusal:
        complain(request, refusal)
        leaves = False
    return go_onward(request, ticket, place) if leaves else go(place.ticket_address(ticket.pk))


def _form(request: HttpRequest, name: str, ticket: Ticket, place: Place, form, **context) -> HttpResponse:
    context |= {
        "form": form,
        "ticket": ticket,
        "place": place,
        "section": "inbox",
        "back": place.ticket_address(ticket.pk),
    }
    return form_page(request, f"tickets/desk/{name}.html", context)
