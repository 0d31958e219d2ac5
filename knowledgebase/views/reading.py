"""The help centre: what customers and strangers read."""

import hashlib
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date, quote_etag
from django.views.decorators.http import require_safe

from knowledgebase.access import article_for, slug_now
from knowledgebase.choices import ArticleKind
from knowledgebase.models import Article, Revision
from knowledgebase.pages import page_of
from knowledgebase.queries_help import below, for_readers, front, help_spaces, pages_of, popular
from knowledgebase.serving import HELP, every_html, led, ways_of
from knowledgebase.views import looks
from supportdesk.lib.audience import public


@require_safe
@public
def index(request: HttpRequest) -> HttpResponse:
    """The front page of the help centre: look for something, or begin where most people do."""
    context = {"branches": front(request.user, timezone.now()), "popular": popular(request.user)}
    return render(request, "knowledgebase/help/index.html", {**context, "section": "articles"})


@require_safe
@public
def space(request: HttpRequest, key: str) -> HttpResponse:
    """Every page of a space, by title."""
    found = next((one for one in help_spaces(request.user) if one.key == key), None)
    if found is None:
        raise Http404
    rows, following = pages_of(for_readers(request.user), found, request.GET.get("after", ""))
    context = {"space": found, "articles": rows, "following": following, "section": "articles"}
    return render(request, "knowledgebase/help/space.html", context)


@require_safe
@public
def article(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A published article. An address that it had leads on; what the reader may not see is not there."""
    found = article_for(request.user, slug)
    if found is None:
        return moved(request, "articles:article", slug)
    published = shown(found)
    if published is None:
        raise Http404
    looks.note(request, found)
    page = page_of(published, found.kind)
    ways, changed_at = ways_of(request.user, found, every_html(page))
    context = {
        "article": found,
        "page": led(page, ways, HELP),
        "below": below(request.user, found),
        "section": "articles",
    }
    return fresh(request, render(request, "knowledgebase/help/article.html", context), changed_at)


@require_safe
@public
def short(request: HttpRequest, slug: str) -> HttpResponse:
    """The address that texts use among themselves: staff are led to the wiki, everybody else to the help centre."""
    now = slug if article_for(request.user, slug) else slug_now(request.user, slug)
    if now is None:
        raise Http404
    staff = request.user.is_authenticated and request.user.is_staff_member
    return redirect("wiki:article" if staff else "articles:article", now)


def shown(found: Article) -> Revision | None:
    """What the help centre shows of it; nothing of what staff read in the wiki alone."""
    if found.archived_at or not found.space.is_public_side or found.kind == ArticleKind.TEMPLATE:
        return None
    return found.published


def moved(request: HttpRequest, name: str, slug: str) -> HttpResponse:
    """301 to where the article stands now, 404 where the reader may not read it. Asked for each time: a page that gets
    its old address back would else lead in a ring wherever a browser kept both.
    """
    now = slug_now(request.user, slug)
    if now is None:
        raise Http404
    response = redirect(name, now, permanent=True)
    patch_cache_control(response, no_cache=True)
    return response


def fresh(request: HttpRequest, response: HttpResponse, changed_at: datetime) -> HttpResponseBase:
    """The same answer with its stamps, or 304 for a reader who has it. A browser keeps it and asks each time."""
    if not request.user.is_authenticated:
        patch_cache_control(response, no_cache=True)
    etag = quote_etag(hashlib.sha256(response.content).hexdigest()[:32])
    response["ETag"], response["Last-Modified"] = etag, http_date(changed_at.timestamp())
    return get_conditional_response(request, etag, int(changed_at.timestamp()), response) or response
