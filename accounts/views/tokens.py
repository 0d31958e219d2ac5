"""Tokens that one's programs use the API with."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts import queries
from accounts.actions import api_tokens
from accounts.forms import TokenForm
from accounts.proof import proven_recently
from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
@proven_recently
def tokens(request: PersonRequest) -> HttpResponse:
    """The tokens that work, and a form for another one. The token itself is on the page that answers, once."""
    if request.method != "POST":
        return _page(request, TokenForm())
    form, now = TokenForm(request.POST), timezone.now()
    if not form.is_valid():
        return _page(request, form, status=422)
    typed = form.cleaned_data
    try:
        _, secret = api_tokens.make_token(
            person=request.user,
            name=typed["name"],
            scopes=typed["scopes"],
            expires_at=now + timedelta(days=typed["days"]),
            by=request.user,
            now=now,
        )
    except api_tokens.CannotMakeToken as refusal:
        form.add_error(None, str(refusal))
        return _page(request, form, status=422)
    return _page(request, TokenForm(), secret=secret, status=201)


@require_POST
@staff_only
def revoke_token(request: PersonRequest, pk: int) -> HttpResponse:
    """End a token at once."""
    now = timezone.now()
    token = get_object_or_404(queries.live_tokens(request.user, now=now), pk=pk)
    api_tokens.revoke_token(token=token, by=request.user, now=now)
    messages.success(request, f"“{token.name}” works no longer.")
    return redirect("accounts:tokens")


def _page(request: PersonRequest, form: TokenForm, *, secret: str = "", status: int = 200) -> HttpResponse:
    listed = queries.live_tokens(request.user, now=timezone.now())
    context = {"form": form, "tokens": listed, "secret": secret}
    return render(request, "accounts/tokens.html", context, status=status)
