"""Accounts of customers: finding the right one, its page, and the log of what happened around it.

Every account that is opened counts against its reader's day; an address or a number is shown whole only on a press of a
button, for a ticket, and the journal keeps that.
"""

from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from accounts.access import can
from accounts.actions import readings
from accounts.actions.change_address import phone_of
from accounts.actions.rules import rules
from accounts.door import key_of, may
from accounts.forms import PlainForm
from accounts.models import Person
from accounts.requests import PersonRequest
from supportdesk.lib.audience import READING
from tickets.access import tickets_for
from tickets.forms.back_office import CodeForm, PurposeForm, ReasonForm
from tickets.models import Ticket
from tickets.queries_desk import account_log, back_office
from tickets.queries_desk.accounts import LONGEST, find_accounts, said
from tickets.views.desk.pages import page

LARGEST = 2**63 - 1


@require_safe
@may("people.see")
def search(request: PersonRequest) -> HttpResponse:
    """Whose account is it? For htmx the results alone."""
    typed = request.GET.get("q", "").replace("\x00", "")[:LONGEST]
    ticket = ticket_of(request)
    now = timezone.now()
    decides = can(request.user, "addresses.approve")
    context: dict[str, object] = {
        "q": typed.strip(),
        "said": said(typed),
        "accounts": find_accounts(typed, now=now),
        "ticket": ticket,
        "section": "customers",
        "now": now,
    }
    is_part = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Target") == "found"
    if not is_part:
        context["waiting"] = back_office.waiting() if decides else []
    name = "tickets/desk/customers/_found.html" if is_part else "tickets/desk/customers/search.html"
    response = render(request, name, {"layout": "layouts/agent.html", **context})
    response["Cache-Control"] = "no-store"
    response["Vary"] = "HX-Request, HX-Target"
    return response


@require_safe
@may("people.see")
def profile(request: PersonRequest, pk: int) -> HttpResponse:
    """One account."""
    return profile_page(request, person_of(pk), ticket_of(request))


@require_POST
@may("people.see")
def reveal(request: PersonRequest, pk: int) -> HttpResponse:
    """Show an address or a number whole, for a ticket. The journal keeps who looked, at what, and for which."""
    person, ticket, field = person_of(pk), ticket_of(request), request.POST.get("field", "")
    if field not in readings.REVEALED:
        raise Http404
    if ticket is None:
        return profile_page(request, person, None, stopped="Say for which ticket you need it: open the account there.")
    now = timezone.now()
    readings.reveal(person=person, field=field, ticket_id=ticket.pk, by=request.user, now=now)
    shown = person.email if field == "email" and person.has_mail else phone_of(person) if field == "phone" else ""
    return profile_page(request, person, ticket, revealed={field: shown})


@require_safe
@may("events.see")
def events(request: PersonRequest, pk: int) -> HttpResponse:
    """What happened around this account, the newest first."""
    person, now = person_of(pk), timezone.now()
    note_reading(request, person, ticket_of(request), now)
    kind = request.GET.get("of", "")
    kind = kind if kind in account_log.SOURCES else ""
    before = _moment(request.GET.get("before", "")) or now
    lines, following = account_log.log_of(person, kind=kind, before=before)
    context = {
        "person": person, "ticket": ticket_of(request), "lines": lines, "kind": kind, "now": now,
        "following": following.isoformat() if following else "",
        "kinds": [("", "All"), *((key, words) for key, (words, _) in account_log.SOURCES.items())],
        "section": "customers",
    }  # fmt: skip
    return private(page(request, "tickets/desk/customers/events.html", context))


def profile_page(
    request: PersonRequest,
    person: Person,
    ticket: Ticket | None,
    *,
    code: PlainForm | None = None,
    purpose: PlainForm | None = None,
    reject: PlainForm | None = None,
    revealed: dict[str, str] | None = None,
    stopped: str = "",
) -> HttpResponse:
    """The page of an account, with what somebody typed and why it was not done."""
    now, by = timezone.now(), request.user
    note_reading(request, person, ticket, now)
    wrong = next((form for form in (code, purpose, reject) if form is not None and form.errors), None)
    context = {
        "person": person,
        "profile": back_office.profile_of(person),
        "proof": back_office.proof_of(person, ticket, by, now),
        "ticket": ticket,
        "form": wrong,
        "rules": rules(),
        "code": code or CodeForm(),
        "purpose": purpose or PurposeForm(),
        "reject": reject or ReasonForm(),
        "revealed": revealed or {},
        "stopped": stopped,
        "is_staff": person.is_staff_member,
        "may_check": can(by, "identity.check", person),
        "may_change": can(by, "addresses.change", person),
        "may_decide": can(by, "addresses.approve", person),
        "may_see_log": can(by, "events.see", person),
        "section": "customers",
        "now": now,
    }
    is_refused = bool(wrong or stopped) and request.method not in READING
    return private(page(request, "tickets/desk/customers/profile.html", context, status=422 if is_refused else 200))


def note_reading(request: PersonRequest, person: Person, ticket: Ticket | None, now: datetime) -> None:
    """Count that this account was opened, once a day of the desk's own."""
    readings.open_profile(subject=person, by=request.user, ticket_id=ticket.pk if ticket else None, now=now)


def person_of(pk: int) -> Person:
    """The account by its number. Raises Http404."""
    return get_object_or_404(Person.objects.with_roles(), pk=min(pk, LARGEST))


def ticket_of(request: PersonRequest) -> Ticket | None:
    """The ticket that this is for, None where none is named. Raises Http404 for one that is not there."""
    named = request.POST.get("ticket") or request.GET.get("ticket")
    if not named:
        return None
    key = key_of(named)
    found = tickets_for(request.user).select_related("requester").filter(pk=key).first() if key else None
    if found is None:
        raise Http404
    return found


def private(response: HttpResponse) -> HttpResponse:
    """No copy of it anywhere."""
    response["Cache-Control"] = "no-store"
    return response


def _moment(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None
