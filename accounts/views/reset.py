"""A new password by a mailed link. Whoever asks learns nothing here: every address gets the same answer (E9, S45)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import entering, limits
from accounts.actions import reset_links
from accounts.choices import EventKind
from accounts.forms import NewPasswordForm, ResetForm
from supportdesk.lib.audience import public

ASKED = "If there is an account with this address, a link is on its way. It works once, for an hour."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@public
def ask(request: HttpRequest) -> HttpResponse:
    """For whom? The answer is the same, whoever has the address."""
    form = ResetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        if wait := limits.wait_for_reset(request, now):
            return limits.too_many(request, wait)
        reset_links.ask(email=form.cleaned_data["email"], now=now)
        messages.success(request, ASKED)
        return redirect("accounts:reset")
    return render(request, "accounts/reset.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@public
def set_password(request: HttpRequest, token: str) -> HttpResponse:
    """The link. Opening it changes nothing; afterwards one signs in, with the second factor if there is one (S48)."""
    now = timezone.now()
    if wait := limits.wait_for_link(request, now):
        return limits.too_many(request, wait)
    try:
        owner = reset_links.owner(token=token, now=now)
        form = NewPasswordForm(request.POST if request.method == "POST" else None, person=owner)
        if request.method != "POST" or not form.is_valid():
            return _page(request, "set_password", {"form": form, "person": owner}, 422 if form.errors else 200)
        person = reset_links.use(token=token, password=form.cleaned_data["password"], now=now)
    except reset_links.LinkOver as over:
        return _page(request, "link_over", {"text": str(over)}, 410)
    entering.note_event(request, person, EventKind.PASSWORD_SET, "by a mailed link")
    entering.leave(request)
    messages.success(request, "You have a new password, and are signed out everywhere. Sign in with it.")
    return redirect("accounts:sign_in")


def _page(request: HttpRequest, name: str, context: dict, status: int) -> HttpResponse:
    """Nothing on it leads to another site with this address as its referrer."""
    response = render(request, f"accounts/{name}.html", context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    return response
