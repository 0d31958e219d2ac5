"""The account: what needs its owner, what was bought, how it is paid, who is told. One's own only (S22)."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import identity
from accounts.requests import PersonRequest
from billing import access, snapshots
from billing.actions import opt_outs
from billing.actions import recipients as who
from billing.choices import Notice
from billing.gateways import keys
from billing.models import Customer, HoursEntry
from mail.actions.reach import opted_out, scopes_stopped
from selfservice import account_pages
from selfservice.forms.account import NoticesForm, RecipientForm
from supportdesk.lib.audience import customer_only
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import Limit, hit

CHANGES = Limit("changes of an account by a person", times=120, seconds=3600)
# The first mail to an address that somebody typed: none twice a day, and no crowd of strangers.
WELCOMES = Limit("first mails to new recipients by a person", times=20, seconds=86400)
WELCOMED = Limit("first mails to a new recipient", times=1, seconds=86400)
TOO_MANY = "Many changes came in a short time. Wait an hour, or ask a person."
HOURS_SHOWN = 200


@customer_only
@private
@require_safe
def account(request: PersonRequest) -> HttpResponse:
    """The page; `?for=7` where somebody acts for several customers."""
    return account_page(request)


def account_page(
    request: PersonRequest, *, status: int = 200, notices: NoticesForm | None = None, warning: str = ""
) -> HttpResponse:
    """The account, also with a form that was refused."""
    known = account_pages.customers_for(request.user)
    customer = _chosen(request, known)
    context: dict[str, Any] = {
        "section": "account", "known": known, "talk": account_pages.talk_of(request.user),
        "number_waits": identity.asked_in_session(request.user, timezone.now()), "is_sandbox": keys.is_sandbox(),
        "seller": snapshots.seller_now(),
    }  # fmt: skip
    if customer is None:
        return render(request, "selfservice/account_empty.html", context, status=status)
    context |= account_pages.context_of(customer, person=request.user, now=timezone.now())
    if context["gets_mail"]:
        stopped = scopes_stopped([request.user.email])[request.user.email]
        context["notices"] = notices or NoticesForm(initial={notice: notice not in stopped for notice in Notice})
    context["warning"] = warning
    return render(request, "selfservice/account.html", context, status=status)


@customer_only
@private
@require_http_methods(["POST"])
def choose_notices(request: PersonRequest) -> HttpResponseBase:
    """Which mails the person wants themselves; the last address is warned first (R37)."""
    form, now, email = NoticesForm(request.POST), timezone.now(), request.user.email
    if not form.is_valid() or hit(CHANGES, str(request.user.pk), now=now):
        messages.error(request, TOO_MANY)
        return redirect("selfservice:account")
    try:
        for notice, wanted in form.wanted.items():
            if wanted:
                opt_outs.resume(address=email, notice=notice, now=now)
            else:
                opt_outs.stop(address=email, notice=notice, is_sure=form.cleaned_data["sure"], now=now)
    except opt_outs.LastOne as refusal:
        return account_page(request, status=409, notices=form, warning=str(refusal))
    messages.success(request, "Saved. It holds from the next mail on.")
    return redirect("selfservice:account")


@customer_only
@private
@require_http_methods(["GET", "HEAD", "POST"])
def recipients(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Who gets the invoices of a customer, and somebody more."""
    customer = _customer(request, pk)
    form = RecipientForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        if hit(CHANGES, str(request.user.pk), now=now):
            form.add_error(None, TOO_MANY)
            return _recipients_page(request, customer, form, status=429)
        try:
            mails = not (hit(WELCOMES, str(request.user.pk), now=now) or hit(WELCOMED, form.bare_email, now=now))
            found = who.add(customer=customer, by=request.user, now=now, mails=mails, **form.cleaned_data)
        except who.CannotAdd as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(request, _added_words(found.email))
            return redirect("selfservice:recipients", customer.pk)
    return _recipients_page(request, customer, form, status=422 if form.errors else 200)


def _added_words(email: str) -> str:
    if email in opted_out([email], Notice.INVOICE):
        return f"{email} is on the list, and stopped such mails before. Only they can take them up again."
    return f"{email} gets every invoice from now on."


@customer_only
@private
@require_POST
def remove_recipient(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Somebody gets no invoices any more; the last one only after a warning."""
    found = access.recipient_for(request.user, pk)
    if found is None:
        raise Http404
    try:
        who.remove(recipient=found, by=request.user, is_sure="sure" in request.POST, now=timezone.now())
    except who.LastRecipient as warning:
        context = {"warned": found, "warning": str(warning)}
        return _recipients_page(request, found.customer, RecipientForm(), status=409, **context)
    messages.success(request, f"{found.email} gets no more invoices.")
    return redirect("selfservice:recipients", found.customer_id)


@customer_only
@private
@require_safe
def hours(request: PersonRequest, pk: int) -> HttpResponse:
    """The hours ledger: every entry, the newest first."""
    customer = _customer(request, pk)
    entries = list(HoursEntry.objects.filter(customer=customer).order_by("-at", "-pk")[: HOURS_SHOWN + 1])
    context = {"section": "account", "customer": customer, "entries": entries[:HOURS_SHOWN],
               "is_cut": len(entries) > HOURS_SHOWN, "hours": account_pages.hours_of(customer)}  # fmt: skip
    return render(request, "selfservice/hours.html", context)


def _recipients_page(
    request: PersonRequest, customer: Customer, form: RecipientForm, *, status: int, **more: object
) -> HttpResponse:
    rows = list(customer.recipients.filter(removed_at__isnull=True).order_by("added_at", "pk"))
    stopped = scopes_stopped(row.email for row in rows)
    listed = [
        {"row": row, "stopped": [notice.label for notice in Notice if notice in stopped[row.email]]} for row in rows
    ]
    context = {"section": "account", "customer": customer, "form": form, "rows": listed,
               "colleagues": who.colleagues_of(customer), **more}  # fmt: skip
    return render(request, "selfservice/recipients.html", context, status=status)


def _chosen(request: PersonRequest, known: list[Customer]) -> Customer | None:
    """The customer that the address names, if it is one of theirs; else the first one. 404 for somebody else's."""
    said = request.GET.get("for", "")
    if not said:
        return known[0] if known else None
    found = next((one for one in known if str(one.pk) == said), None)
    if found is None:
        raise Http404
    return found


def _customer(request: PersonRequest, pk: int) -> Customer:
    found = access.customer_for(request.user, pk)
    if found is None:
        raise Http404
    return found
