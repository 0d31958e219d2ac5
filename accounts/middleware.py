"""What holds for every request once we know whose it is."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from accounts import entering
from accounts.actions import people
from accounts.choices import EventKind
from accounts.masking import DOTS
from accounts.second_factor import has_second_factor
from accounts.zones import zone_of
from supportdesk.lib.audience import READING

SEEN_EVERY = timedelta(minutes=5)
OWN_SITE = frozenset({"same-origin", "none"})  # "none": typed, bookmarked, or sent by the browser itself
MAY_VISIT_FIRST = ("/me/second-factor/", "/sign-in/", "/sign-out/", "/static/", "/livez", "/readyz")

SECRET_PARTS = ("token", "key")  # of addresses
FAILED = 400

Handler = Callable[[HttpRequest], HttpResponse]


class SameSiteOnly:
    """A browser that says another site sent this form is refused, beside the CSRF token (S49).

    Views that take posts from elsewhere on purpose are marked csrf_exempt and prove themselves otherwise.
    """

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view, args, kwargs) -> None:
        if request.method in READING or getattr(view, "csrf_exempt", False):
            return
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in OWN_SITE:
            raise PermissionDenied


def as_this_person(get_response: Handler) -> Handler:
    """Times in the person's zone, no copy of their pages in any cache (S52), and when they were last here."""

    def middleware(request: HttpRequest) -> HttpResponse:
        person = request.user
        if not person.is_authenticated:
            return get_response(request)
        now = timezone.now()
        if person.last_seen_at is None or person.last_seen_at < now - SEEN_EVERY:
            people.note_seen(person=person, now=now)
        with timezone.override(zone_of(person)):
            response = get_response(request)
        if not person.is_staff_member and (request.method not in READING or response.status_code >= FAILED):
            _note_request(request, person, response)
        add_never_cache_headers(response)
        return response

    return middleware


def _note_request(request: HttpRequest, person, response: HttpResponse) -> None:
    """What a customer sent, and what failed for them, stands in the log of their account, without its secrets."""
    path, match = request.path, request.resolver_match
    for name, value in (match.kwargs if match else {}).items():
        if name in SECRET_PARTS:
            path = path.replace(str(value), DOTS)
    with suppress(DatabaseError):
        entering.note_event(request, person, EventKind.REQUEST, f"{request.method} {path}: {response.status_code}")


def second_factor_first(get_response: Handler) -> Handler:
    """Where STAFF_SECOND_FACTOR is "required", staff without one see nothing but the page that sets it up (S48)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.STAFF_SECOND_FACTOR != "required" or request.path.startswith(MAY_VISIT_FIRST):
            return get_response(request)
        person = request.user
        if not (person.is_authenticated and person.is_staff_member) or has_second_factor(person):
            return get_response(request)
        address = reverse("mfa_index")
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=403, headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)

    return middleware
