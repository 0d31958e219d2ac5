"""Authenticator apps, passkeys and recovery codes: allauth's pages, asked for again and watched for changes."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import entering
from accounts.actions import people
from accounts.proof import proven_recently
from accounts.requests import PersonRequest
from supportdesk.lib.audience import public, signed_in

READ_OR_POST = ["GET", "HEAD", "POST"]


@require_http_methods(READ_OR_POST)
@public
def authenticate(request: HttpRequest) -> HttpResponse:
    """The second step of signing in."""
    return base.authenticate(request)


@require_safe
@signed_in
def overview(request: PersonRequest) -> HttpResponse:
    """What this person has."""
    return base.index(request)


@require_http_methods(READ_OR_POST)
@signed_in
@proven_recently
def activate_app(request: PersonRequest) -> HttpResponse:
    return _watched(request, totp.activate_totp)


@require_http_methods(READ_OR_POST)
@signed_in
@proven_recently
def deactivate_app(request: PersonRequest) -> HttpResponse:
    return _watched(request, totp.deactivate_totp)


@require_safe
@signed_in
def passkeys(request: PersonRequest) -> HttpResponse:
    return webauthn.list_webauthn(request)


@require_http_methods(READ_OR_POST)
@signed_in
@proven_recently
def add_passkey(request: PersonRequest) -> HttpResponse:
    return _watched(request, webauthn.add_webauthn)


@require_http_methods(READ_OR_POST)
@signed_in
@proven_recently
def remove_passkey(request: PersonRequest, pk: int) -> HttpResponse:
    adapter = get_adapter()
    passkey = get_object_or_404(Authenticator, pk=pk, user=request.user, type=Authenticator.Type.WEBAUTHN)
    if not adapter.can_delete_authenticator(passkey):
        messages.error(request, adapter.error_messages["cannot_delete_authenticator"])
        return redirect("mfa_list_webauthn")
    return _watched(request, webauthn.remove_webauthn, pk=pk)


@require_http_methods(READ_OR_POST)
@signed_in
@proven_recently
def rename_passkey(request: PersonRequest, pk: int) -> HttpResponse:
    return webauthn.edit_webauthn(request, pk=pk)


@require_http_methods(READ_OR_POST)
@signed_in
@proven_recently
def generate_codes(request: PersonRequest) -> HttpResponse:
    return _watched(request, recovery.generate_recovery_codes)


@require_safe
@signed_in
@proven_recently
def show_codes(request: PersonRequest) -> HttpResponse:
    return recovery.view_recovery_codes(request)


@require_http_methods(READ_OR_POST)
@signed_in
def prove_by_passkey(request: PersonRequest) -> HttpResponse:
    return webauthn.reauthenticate_webauthn(request)


def _watched(request: PersonRequest, view, **kwargs) -> HttpResponse:
    """Run one of allauth's pages. When it changed the factors, every other session ends and the journal knows (S47)."""
    before = _factors(request)
    response = view(request, **kwargs)
    after = _factors(request)
    if before != after:
        person = people.note_second_factor(person=request.user, before=before, after=after, now=timezone.now())
        entering.renew_session(request, person)
    return response


def _factors(request: PersonRequest) -> list[tuple[int, str]]:
    return list(Authenticator.objects.filter(user=request.user).order_by("pk").values_list("pk", "type"))
