"""Whose cart a request is about: a browser has a key in a cookie, somebody signed in has their own cart."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from billing.actions.cart import Visitor

COOKIE = "cart"
DAYS = 60
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")


def visitor_of(request: HttpRequest) -> Visitor:
    """Who looks. `key` is empty for a browser that never put anything into a cart."""
    key = request.COOKIES.get(COOKIE, "")
    return Visitor(request.user if request.user.is_authenticated else None, key if _KEY.fullmatch(key) else "")


def with_key(visitor: Visitor) -> Visitor:
    """The same visitor, with a key even for a new browser. Give it to `remember` afterwards."""
    return visitor if visitor.key or visitor.person else Visitor(None, Visitor.new_key(), is_new=True)


def remember(response: HttpResponse, visitor: Visitor) -> HttpResponse:
    """Let the browser keep its key. It opens a cart of nobody's and nothing else."""
    if visitor.key and visitor.person is None:
        response.set_cookie(
            COOKIE,
            visitor.key,
            max_age=DAYS * 24 * 3600,
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response
