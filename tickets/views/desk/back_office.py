"""What an agent does to an account: who is calling, a reset link, another address, the end of it.

Each checks the right, asks one action, and goes back to the account's page; a refusal stands there in words (422).
"""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import closing
from accounts.access import can
from accounts.actions import change_address, close_account, identity, proposals, reset_links
from accounts.actions.rules import rules
from accounts.door import may
from accounts.identity import level_of
from accounts.masking import masked_email
from accounts.models import ActionRequest, Person
from accounts.refusals import Refused
from accounts.requests import PersonRequest
from supportdesk.lib.strict_forms import StrictForm
from tickets.access import ticket_for
from tickets.forms.back_office import ChangeForm, CodeForm, PurposeForm, ReasonForm
from tickets.models import Ticket
from tickets.queries_desk import back_office
from tickets.views.desk.customers import LARGEST, person_of, private, profile_page, ticket_of
from tickets.views.desk.pages import go, page

FORM = ["GET", "HEAD", "POST"]
NO_TICKET = "Say for which ticket this is: open the account from the caller's ticket, or choose one below."


@require_safe
@may("people.see")
def caller(request: PersonRequest, pk: int) -> HttpResponse:
    """Beside a ticket: who is calling, as far as they have shown it. For htmx alone, a page for everybody else."""
    ticket = ticket_for(request.user, pk)
    now = timezone.now()
    context = {
        "ticket": ticket,
        "person": ticket.requester,
        "proof": back_office.proof_of(ticket.requester, ticket, request.user, now),
        "may_check": can(request.user, "identity.check"),
        "section": "inbox",
        "now": now,
    }
    part = request.headers.get("HX-Request") == "true"
    return private(render(request, f"tickets/desk/customers/{'_caller' if part else 'caller'}.html", context))


@require_POST
@may("identity.check", on=Person)
def mail_code(request: PersonRequest, pk: int) -> HttpResponse:
    """A code to the address on file."""

    def act(person: Person, ticket: Ticket) -> str:
        identity.mail_code(person=person, ticket_id=ticket.pk, by=request.user, now=timezone.now())
        return f"A code is on its way to {masked_email(person.email)}. Ask the caller to read it out."

    return _act(request, pk, act)


@require_POST
@may("identity.check", on=Person)
def type_code(request: PersonRequest, pk: int) -> HttpResponse:
    """What the caller reads out."""
    form = CodeForm(request.POST)
    form.also = frozenset({"ticket"})

    def act(person: Person, ticket: Ticket) -> str:
        typed = form.cleaned_data["code"]
        identity.type_code(person=person, ticket_id=ticket.pk, text=typed, by=request.user, now=timezone.now())
        return "The caller reads the mailbox on file. That counts for half an hour on this ticket."

    return _act(request, pk, act, form=form, name="code", field="code")


@require_POST
@may("identity.check", on=Person)
def read_number(request: PersonRequest, pk: int) -> HttpResponse:
    """A number to read out, which the caller types into their own session."""
    form = PurposeForm(request.POST)
    form.also = frozenset({"ticket"})

    def act(person: Person, ticket: Ticket) -> str:
        purpose = form.cleaned_data["purpose"]
        identity.read_number(person=person, ticket_id=ticket.pk, purpose=purpose, by=request.user, now=timezone.now())
        return "Read the number out. The caller types it in their account: their name above it, then “Who is calling”."

    return _act(request, pk, act, form=form, name="purpose", field="purpose")


@require_POST
@may("resets.send", on=Person)
def send_reset(request: PersonRequest, pk: int) -> HttpResponse:
    """A link that sets a password, to the address on file."""

    def act(person: Person, ticket: Ticket) -> str:
        reset_links.send(person=person, ticket_id=ticket.pk, by=request.user, now=timezone.now())
        return f"A link is on its way to {masked_email(person.email)}. It works once, for an hour."

    return _act(request, pk, act)


@require_http_methods(FORM)
@may("addresses.change", on=Person)
def change(request: PersonRequest, pk: int) -> HttpResponse:
    """Propose another address or number."""
    person, ticket = person_of(pk), ticket_of(request)
    form = ChangeForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        said = form.cleaned_data
        change_address.propose(
            person=person, kind=said["kind"], new_value=said["new_value"], reason=said["reason"],
            ticket_id=ticket.pk if ticket else 0, by=request.user, now=timezone.now(),
        )  # fmt: skip
        return "It waits for a second person. Until then, and for some days after, the old one stays on file."

    return _form_page(request, "change", person, ticket, form, act)


@require_http_methods(FORM)
@may("accounts.cancel", on=Person)
def cancel(request: PersonRequest, pk: int) -> HttpResponse:
    """Cancel an account, having seen what is open in it."""
    person, ticket = person_of(pk), ticket_of(request)
    form = ReasonForm(request.POST if request.method == "POST" else None)

    def act() -> str:
        close_account.cancel_for(
            person=person, reason=form.cleaned_data["reason"], ticket_id=ticket.pk if ticket else 0, by=request.user,
            now=timezone.now(),
        )  # fmt: skip
        days = rules().undo_days
        return f"The account is cancelled. For {days} days it can be taken back, here or by the link in the mail."

    return _form_page(request, "cancel", person, ticket, form, act, matters=closing.matters_of(person))


@require_POST
@may("accounts.cancel", on=Person)
def keep(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a cancellation back."""

    def act(person: Person, ticket: Ticket) -> str:
        found = close_account.cancellation_of(person)
        if found is None:
            raise Refused("There is no cancellation to take back.")
        close_account.undo(request=found, by=request.user, now=timezone.now())
        return "The account stays, and its plans renew as before."

    return _act(request, pk, act)


@require_POST
@may("addresses.approve")
def approve(request: PersonRequest, pk: int) -> HttpResponse:
    """A second person agrees. Whoever proposed it gets 403 (E7)."""
    found = _request_of(pk)

    def act() -> str:
        change_address.approve(request=found, by=request.user, now=timezone.now())
        return f"{found} is approved. It happens on its day, unless the old address stops it."

    return _decide(request, found, act)


@require_POST
@may("addresses.approve")
def reject(request: PersonRequest, pk: int) -> HttpResponse:
    """A second person says no, and why."""
    found = _request_of(pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return profile_page(request, found.person, _ticket_of_request(request, found), reject=form)

    def act() -> str:
        proposals.reject(request=found, words=form.cleaned_data["reason"], by=request.user, now=timezone.now())
        return f"{found} is rejected."

    return _decide(request, found, act)


@require_POST
@may("addresses.change")
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Whoever proposed it takes it back."""
    found = _request_of(pk)

    def act() -> str:
        proposals.withdraw(request=found, by=request.user, now=timezone.now())
        return f"{found} is taken back."

    return _decide(request, found, act)


def _act(
    request: PersonRequest,
    pk: int,
    act: Callable[[Person, Ticket], str],
    *,
    form: StrictForm | None = None,
    name: str = "",
    field: str | None = None,
) -> HttpResponse:
    """Do it for the ticket that the page is open for; a refusal stands on the page, beside what was typed."""
    person, ticket = person_of(pk), ticket_of(request)
    forms = {name: form} if form is not None else {}
    if ticket is None:
        return profile_page(request, person, None, stopped=NO_TICKET, **forms)  # type: ignore[arg-type]
    if form is not None and not form.is_valid():
        return profile_page(request, person, ticket, **forms)  # type: ignore[arg-type]
    try:
        words = act(person, ticket)
    except Refused as refusal:
        if form is None:
            return profile_page(request, person, ticket, stopped=str(refusal))
        form.add_error(field, str(refusal))
        return profile_page(request, person, ticket, **forms)  # type: ignore[arg-type]
    messages.success(request, words)
    return go(address_of(person, ticket))


def _form_page(
    request: PersonRequest,
    name: str,
    person: Person,
    ticket: Ticket | None,
    form: StrictForm,
    act: Callable[[], str],
    **more: object,
) -> HttpResponse:
    """A page with one form, the level that it needs beside it."""
    form.also = frozenset({"ticket"})
    if request.method == "POST" and form.is_valid():
        try:
            words = act()
        except Refused as refusal:
            field = getattr(refusal, "field", "")
            form.add_error(field if field in form.fields else None, str(refusal))
        else:
            messages.success(request, words)
            return go(address_of(person, ticket))
    now = timezone.now()
    context = {
        "person": person, "ticket": ticket, "form": form, "back": address_of(person, ticket), "section": "customers",
        "level": level_of(person, ticket.pk, now) if ticket else 0, "masked": masked_email(person.email),
        "rules": rules(), **more,
    }  # fmt: skip
    status = 422 if form.errors else 200
    return private(page(request, f"tickets/desk/customers/{name}.html", context, status=status))


def _decide(request: PersonRequest, found: ActionRequest, act: Callable[[], str]) -> HttpResponse:
    ticket = _ticket_of_request(request, found)
    try:
        words = act()
    except Refused as refusal:
        return profile_page(request, found.person, ticket, stopped=str(refusal))
    messages.success(request, words)
    return go(address_of(found.person, ticket))


def _request_of(pk: int) -> ActionRequest:
    rows = ActionRequest.objects.select_related("person", "proposed_by", "decided_by")
    return get_object_or_404(rows, pk=min(pk, LARGEST))


def _ticket_of_request(request: PersonRequest, found: ActionRequest) -> Ticket | None:
    try:
        return ticket_for(request.user, found.ticket) if found.ticket else None
    except Http404:
        return None


def address_of(person: Person, ticket: Ticket | None) -> str:
    """The account's page, for this ticket."""
    address = reverse("desk:account", args=[person.pk])
    return f"{address}?ticket={ticket.pk}" if ticket else address
