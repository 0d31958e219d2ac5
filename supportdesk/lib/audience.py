"""Who may open a page. Every view says so above its name, and a house test asks each address for it.

Anonymous visitors are sent to sign in and come back. A stranger gets 404, so that nobody learns what exists.
Staff who lack a role get 403: they know that the page exists. An observer reads everything and changes nothing.
"""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

READING = frozenset({"GET", "HEAD", "OPTIONS"})
OBSERVER = "observer"

View = Callable[..., HttpResponseBase]


def public(view: View) -> View:
    """Anybody."""
    view.audience = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Anybody who has signed in."""
    return _guarded(view, "signed in", lambda request: None)


def staff_only(view: View) -> View:
    """People with a role. Somebody who is only an observer may not post."""

    def check(request: HttpRequest) -> None:
        _be_staff(request)
        if _roles(request) == {OBSERVER} and request.method not in READING:
            raise PermissionDenied

    return _guarded(view, "staff", check)


def customer_only(view: View) -> View:
    """People without a role."""

    def check(request: HttpRequest) -> None:
        if _roles(request):
            raise Http404

    return _guarded(view, "customer", check)


def role_required(*roles: str) -> Callable[[View], View]:
    """People with one of `roles`. A customer gets 404, other staff 403."""

    def decorate(view: View) -> View:
        def check(request: HttpRequest) -> None:
            _be_staff(request)
            if _roles(request).isdisjoint(roles):
                raise PermissionDenied

        return _guarded(view, "role " + " or ".join(sorted(roles)), check)

    return decorate


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """A redirect to the sign-in page that leads back here. htmx is told to leave the page: nothing is swapped."""
    address = resolve_url(settings.LOGIN_URL)
    back = way_back(request)
    if back:
        address = f"{address}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": address, "Cache-Control": "no-store"})
    return HttpResponseRedirect(address)


def safe_next(request: HttpRequest, default: str) -> str:
    """The local path in `next`, or `default`. Nothing leads to another site (S42)."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    return address if is_local(address) else default


def is_local(address: str) -> bool:
    """Whether `address` is a path of this site and nothing that a browser could read as another one."""
    return (
        address.startswith("/")
        and len(address) <= 2000
        and all(sign.isprintable() for sign in address)
        and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    )


def _guarded(view: View, audience: str, check: Callable[[HttpRequest], None]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return ask_to_sign_in(request)
        check(request)
        return view(request, *args, **kwargs)

    guarded.audience = audience  # type: ignore[attr-defined]
    return guarded


def _be_staff(request: HttpRequest) -> None:
    if not _roles(request):
        raise Http404


def _roles(request: HttpRequest) -> frozenset[str]:
    """What accounts.models.Person answers; this library knows no model."""
    return getattr(request.user, "roles", frozenset())


def way_back(request: HttpRequest) -> str:
    """Where to return: this page, or the page that sent a form. A form itself is never sent again."""
    if request.headers.get("HX-Request") == "true":
        return _path_of(request.headers.get("HX-Current-URL", ""))
    if request.method in READING:
        return request.get_full_path()
    return _path_of(request.headers.get("Referer", ""))


def _path_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return path if is_local(path) else ""
