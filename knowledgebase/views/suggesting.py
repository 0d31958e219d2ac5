"""Answers while somebody writes to us (A10): a list that a script fetches, and what they say of it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from knowledgebase.access import article_for
from knowledgebase.actions import suggesting
from knowledgebase.choices import Surface
from knowledgebase.models import Article
from knowledgebase.queries_help import for_readers
from supportdesk.lib.audience import public
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import Limit, hit

FROM_NETWORK = Limit("suggestions asked for from a network", times=600, seconds=600)
LONGEST = 2_000


@public
@private
@require_POST
def suggestions(request: HttpRequest) -> HttpResponse:
    """The list for what stands in the form. Too often: an empty one, and nothing stands in the way of sending."""
    now = timezone.now()
    if hit(FROM_NETWORK, network_of(client_ip(request)), now=now):
        return render(request, "knowledgebase/help/_suggestions.html", {"hits": []})
    token = request.POST.get("suggest", "")
    hits = suggesting.show(
        token=token, person=request.user, words=typed(request), surface=Surface.FORM, now=now,
        email=request.POST.get("address", ""),
    )  # fmt: skip
    context = {"hits": hits, "token": token if suggesting.is_token(token) else ""}
    return render(request, "knowledgebase/help/_suggestions.html", context)


@public
@private
@require_safe
def opened(request: HttpRequest, token: str, slug: str) -> HttpResponseBase:
    """On to a suggested article, which counts as opened."""
    found = article_for(request.user, slug)
    if found is None or found.published_id is None or found.archived_at:
        raise Http404
    if request.method == "GET":
        suggesting.opened(token=token, article=found, now=timezone.now())
    return redirect("articles:article", found.slug)


@public
@private
@require_POST
def solved(request: HttpRequest) -> HttpResponse:
    """“This solved it”: nothing is sent."""
    article = solving(request)
    suggesting.solved(
        token=request.POST.get("suggest", ""), article=article, email=request.POST.get("address", ""),
        now=timezone.now(),
    )  # fmt: skip
    return render(request, "knowledgebase/help/solved.html", {"article": article, "section": "articles"})


def solving(request: HttpRequest) -> Article | None:
    """The article whose button was pressed, if this reader reads it."""
    number = request.POST.get("article", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return for_readers(request.user).filter(pk=int(number)).first()


def typed(request: HttpRequest) -> str:
    """What stands in the form: the subject, then the first words of the question."""
    words = f"{request.POST.get('subject', '')[:200]} {request.POST.get('text', '')[:LONGEST]}"
    return " ".join(words.replace("\0", " ").split())
