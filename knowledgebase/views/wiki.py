"""The wiki as staff read it."""

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import panels
from accounts.requests import PersonRequest
from knowledgebase.access import article_for, may_write
from knowledgebase.models import Article, Revision
from knowledgebase.pages import Page, page_of
from knowledgebase.queries_page import backlinks, broken_links, said_of
from knowledgebase.queries_tree import tree
from knowledgebase.serving import WIKI, every_html, led, ways_of
from knowledgebase.views import looks
from knowledgebase.views.reading import moved
from supportdesk.lib.audience import staff_only


def page(request: PersonRequest, name: str, /, *, status: int = 200, **context) -> HttpResponse:
    """A page of the wiki with its tree. `article` or `space`, where given, is where the tree is open."""
    now = timezone.now()
    branches = tree(request.user, now, context.get("article"), context.get("space"))
    found = {"section": "wiki", "branches": branches, "now": now, **context}
    return render(request, f"knowledgebase/wiki/{name}.html", found, status=status)


@require_safe
@staff_only
def article(request: PersonRequest, slug: str) -> HttpResponseBase:
    """One page: what readers see of it, or its newest text while nothing is published."""
    found = article_for(request.user, slug)
    if found is None:
        return moved(request, "wiki:article", slug)
    looks.note(request, found)
    shown = found.published or newest(found)
    if shown is None:
        return page(request, "article", **about(request, found))
    return page(request, "article", revision=shown, page=laid_out(request, found, shown), **about(request, found))


def laid_out(request: PersonRequest, found: Article, shown: Revision) -> Page:
    """A text with its links leading where this person may go."""
    laid = page_of(shown, found.kind)
    ways, _ = ways_of(request.user, found, every_html(laid))
    return led(laid, ways, WIKI)


def about(request: PersonRequest, found: Article) -> dict:
    """What the head and the right side of a page about an article need."""
    return {
        "article": found,
        "writes": may_write(request.user, found.space),
        "suggested": Revision.objects.waiting().filter(article=found).count() if found.waiting else 0,
        "backlinks": backlinks(request.user, found),
        "broken": list(broken_links(found)[:10]),
        "said": said_of(found),
        "panels": panels.panels("article"),
        "tab": "page",
    }


def newest(found: Article) -> Revision | None:
    """The text that was saved last."""
    return Revision.objects.filter(article=found, no=found.head_no).select_related("author").first()


def readable_or_404(request: PersonRequest, slug: str) -> Article:
    """The article of that address, for pages about it. 404 where the person reads none."""
    found = article_for(request.user, slug)
    if found is None:
        raise Http404
    return found
