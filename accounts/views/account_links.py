"""What a customer does about changes of their account: call one back by its link, close the account, keep it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import closing, limits
from accounts.actions import change_address, close_account, proposals
from accounts.actions.rules import rules
from accounts.choices import RequestKind
from accounts.forms import ClosingForm
from accounts.proof import proven_recently
from accounts.refusals import Refused
from accounts.requests import PersonRequest
from supportdesk.lib.audience import customer_only, public, signed_in


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def call_back(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail. Opening it changes nothing: mail programs open links by themselves."""
    now = timezone.now()
    if wait := limits.wait_for_link(request, now):
        return limits.too_many(request, wait)
    try:
        found = proposals.find_by_link(token=token, now=now)
        is_done = request.method == "POST"
        if is_done and found.kind == RequestKind.CANCEL_ACCOUNT:
            found = close_account.undo_by_link(token=token, now=now)
        elif is_done:
            found = change_address.call_back(token=token, now=now)
    except proposals.LinkOver as over:
        response = render(request, "accounts/link_over.html", {"text": str(over)}, status=410)
    else:
        context = {"found": found, "is_done": is_done, "is_closing": found.kind == RequestKind.CANCEL_ACCOUNT}
        response = render(request, "accounts/call_back.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@customer_only
@proven_recently
def close(request: PersonRequest) -> HttpResponse:
    """Close one's own account, having seen what is open in it; and the way back for 14 days."""
    form = ClosingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            close_account.cancel_own(person=request.user, reason=form.cleaned_data["reason"], now=timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("accounts:close")
    context = {
        "form": form,
        "rules": rules(),
        "cancellation": close_account.cancellation_of(request.user),
        "matters": closing.matters_of(request.user),
    }
    return render(request, "accounts/close.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
@customer_only
def keep(request: PersonRequest) -> HttpResponse:
    """Take it back."""
    found = close_account.cancellation_of(request.user)
    try:
        if found is None:
            raise Refused("Your account is not cancelled.")
        close_account.undo(request=found, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Your account stays, and your plans renew as before.")
    return redirect("accounts:close")
