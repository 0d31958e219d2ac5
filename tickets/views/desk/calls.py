"""Telephone calls, written down by whoever spoke."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from tickets.access import ticket_for
from tickets.actions import calls
from tickets.actions.links import is_token, new_token
from tickets.forms.calls import CallForm, FindNumberForm, NewCallForm, just_now
from tickets.models import Ticket
from tickets.queries_desk.calls import number_of, people_by_number
from tickets.refusals import Refused
from tickets.views.desk.pages import Place, form_page, go, say, worker_only


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def on_ticket(request: PersonRequest, pk: int) -> HttpResponse:
    """A call about a ticket."""
    ticket, place = ticket_for(request.user, pk), Place.of(request)
    form = CallForm(request.POST or None, initial={"began_at": just_now(), "number": number_of(ticket.requester_id)})
    if request.method == "POST" and form.is_valid() and _log(request, form, ticket=ticket):
        say(request, "The call is written down.")
        return go(place.ticket_address(ticket.pk))
    context = {"form": form, "ticket": ticket, "place": place, "back": place.ticket_address(ticket.pk)}
    return form_page(request, "tickets/desk/call.html", context | {"key": _key(request)})


@require_http_methods(["GET", "HEAD", "POST"])
@worker_only
def new(request: PersonRequest) -> HttpResponse:
    """A call about something new. The number finds whoever rang from it before."""
    finder = FindNumberForm(request.GET if "number" in request.GET else None, auto_id="find_%s")
    number = finder.cleaned_data["number"] if finder.is_bound and finder.is_valid() else ""
    found = people_by_number(number) if number else []
    form = NewCallForm(request.POST or None, initial={"began_at": just_now(), **_known(found, number)})
    if request.method == "POST" and form.is_valid() and (call := _log(request, form)):
        say(request, f"The call is written down as ticket {call.ticket_id}.")
        return go(Place().ticket_address(call.ticket_id))
    context = {"form": form, "finder": finder, "number": number, "found": found, "key": _key(request)}
    return form_page(request, "tickets/desk/call_new.html", context | {"section": "new", "place": Place()})


def _log(request: PersonRequest, form: CallForm, ticket: Ticket | None = None):
    """The call; None when it was refused, with the sentence on the form."""
    typed, now = form.cleaned_data, timezone.now()
    try:
        if ticket is None:
            person = calls.caller(
                number=typed["number"], email=typed["email"], name=typed["name"], by=request.user, now=now
            )
            about = {"person": person, "subject": typed["subject"], "team": typed["team"]}
        else:
            about = {"ticket": ticket}
        return calls.log_call(
            said=form.told(), by=request.user, now=now, then=typed["then"], form_key=_key(request), **about
        )
    except Refused as refusal:
        form.add_error(None, str(refusal))
    return None


def _known(found: list, number: str) -> dict[str, str]:
    """What the form holds when exactly one person has the number."""
    if len({handle.person_id for handle in found}) != 1:
        return {"number": number}
    handle = found[0]
    email = handle.person.email if handle.person.has_mail else ""
    name = "" if handle.person.name == handle.value else handle.person.name
    return {"number": handle.value, "name": name, "email": email}


def _key(request: PersonRequest) -> str:
    key = request.POST.get("key", "")
    return key if is_token(key) else new_token()
