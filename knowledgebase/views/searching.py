"""Searching the help centre and the wiki, and what was looked for in vain."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from knowledgebase.access import articles_for
from knowledgebase.actions import searching
from knowledgebase.actions.searching import Searched
from knowledgebase.choices import Surface
from knowledgebase.queries_help import for_readers, popular
from knowledgebase.queries_search import LONGEST, Found
from knowledgebase.queries_searches import LATELY, by_article, deflection, no_hits, not_opened
from knowledgebase.views.wiki import page
from knowledgebase.visitors import visitor_of
from supportdesk.lib.audience import public, staff_only
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.throttle import Limit, hit

FROM_NETWORK = Limit("articles searched from a network", times=300, seconds=600)


@public
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The help centre's search: what customers read, whoever looks."""
    words, now = _words(request), timezone.now()
    readable = for_readers(request.user)
    if words and not request.user.is_authenticated and hit(FROM_NETWORK, network_of(client_ip(request)), now=now):
        context = {"words": words, "is_too_often": True, "section": "articles"}
        return _kept_by_nobody(render(request, "knowledgebase/help/search.html", context, status=429))
    done = _searched(request, words, Surface.HELP, readable)
    context = {"words": words, "found": done.found, "token": done.token, "section": "articles",
               "popular": [] if done.found.rows else popular(request.user)}  # fmt: skip
    return _kept_by_nobody(render(request, "knowledgebase/help/search.html", context))


@require_safe
@staff_only
def search_wiki(request: PersonRequest) -> HttpResponseBase:
    """The wiki's search; the results alone for the box that asks while somebody types."""
    words = _words(request)
    done = _searched(request, words, Surface.WIKI, articles_for(request.user))
    context: dict[str, Any] = {"words": words, "found": done.found, "token": done.token}
    if request.headers.get("HX-Target") == "found":
        return _kept_by_nobody(render(request, "knowledgebase/wiki/_found.html", context))
    return _kept_by_nobody(page(request, "search", here="search", **context))


@require_safe
@staff_only
def gaps(request: PersonRequest) -> HttpResponseBase:
    """What people looked for and did not find, or found and did not open."""
    now = timezone.now()
    return page(request, "gaps", here="gaps", nothing=no_hits(now), unopened=not_opened(request.user, now))


@require_safe
@staff_only
def deflected(request: PersonRequest) -> HttpResponseBase:
    """What suggestions spared us, strictly counted."""
    now = timezone.now()
    rows = by_article(request.user, now - LATELY, now)
    return page(
        request, "deflection", here="deflection", figures=deflection(now - LATELY, now + timedelta(seconds=1)),
        before=deflection(now - 2 * LATELY, now - LATELY), rows=rows,
    )  # fmt: skip


def _words(request: HttpRequest) -> str:
    return request.GET.get("q", "")[:LONGEST].replace("\0", "").strip()


def _searched(request: HttpRequest, words: str, surface: str, gate) -> Searched:
    if not words:
        return Searched(Found())
    now = timezone.now()
    return searching.search(
        person=request.user, words=words, surface=surface, visitor=visitor_of(request, now), now=now, gate=gate
    )


def _kept_by_nobody(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
