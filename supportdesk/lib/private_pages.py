"""Pages for one person's eyes: their headers, what counts as looking at one, and when to come again."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


def private(view: View) -> View:
    """Kept by no cache, listed by no search engine, named to no other site (S36, S52)."""

    @wraps(view)
    def closed(request: HttpRequest, *args, **kwargs) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return closed


def is_a_look(request: HttpRequest) -> bool:
    """Whether somebody opened the page: neither HEAD nor a browser that fetches ahead (S38)."""
    purpose = f"{request.headers.get('Sec-Purpose', '')} {request.headers.get('Purpose', '')}".lower()
    is_ahead = "prefetch" in purpose or "prerender" in purpose or "preview" in purpose
    return request.method == "GET" and not is_ahead and request.headers.get("X-Moz", "").lower() != "prefetch"


def too_soon(response: HttpResponse, wait: int) -> HttpResponse:
    """A page with status 429 that tells programs, too, when to come again."""
    response["Retry-After"] = str(wait)
    return response
