"""A customer shows an agent on the telephone that they are who they say: by a number typed into their own session."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import identity
from accounts.actions import identity as checks
from accounts.forms import NumberForm
from accounts.refusals import Refused
from accounts.requests import PersonRequest
from supportdesk.lib.audience import customer_only, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@customer_only
def caller(request: PersonRequest) -> HttpResponse:
    """Who asks, and for what; and the box for the number."""
    now = timezone.now()
    asked = identity.asked_in_session(request.user, now)
    form = NumberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            checks.type_number(person=request.user, text=form.cleaned_data["number"], now=now)
        except Refused as refusal:
            form.add_error("number", str(refusal))
            asked = identity.asked_in_session(request.user, now)
        else:
            messages.success(request, "That was right. The agent may now help you with your account, for half an hour.")
            return redirect("accounts:caller")
    context = {"form": form, "asked": asked}
    return render(request, "accounts/caller.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
@customer_only
def decline(request: PersonRequest) -> HttpResponse:
    """They are on the telephone with nobody: the number is worthless from now on."""
    checks.decline_number(person=request.user, now=timezone.now())
    messages.success(request, "The number works no more, and we know that it was not you who called.")
    return redirect("accounts:caller")
