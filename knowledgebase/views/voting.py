"""Readers say whether an article helped. Looking at a page counts nothing; a vote is a form that somebody sends."""

import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from knowledgebase.access import article_for
from knowledgebase.actions import voting
from knowledgebase.choices import RevisionState
from knowledgebase.forms.voting import VoteForm
from knowledgebase.models import Article, Revision
from knowledgebase.views.reading import shown
from knowledgebase.visitors import network_on
from supportdesk.lib.audience import public
from supportdesk.lib.client_address import client_ip, network_of
from supportdesk.lib.private_pages import too_soon
from supportdesk.lib.throttle import Limit, hit

COOKIE = "visitor"
A_YEAR = 365 * 24 * 3600
FROM_NETWORK = Limit("votes from a network", times=60, seconds=3600)


@require_http_methods(["GET", "HEAD", "POST"])
@public
def vote(request: HttpRequest, slug: str) -> HttpResponse:
    """Did it help? Yes or no, and why not."""
    found = article_for(request.user, slug)
    published = shown(found) if found else None
    if found is None or published is None:
        raise Http404
    if request.user.is_authenticated and request.user.is_staff_member:
        return redirect("wiki:flag", found.slug)
    asked = {"helped": request.GET.get("helped", ""), "version": published.no}
    form = VoteForm(request.POST if request.method == "POST" else None, initial=asked)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        if wait := hit(FROM_NETWORK, network_of(client_ip(request)), now=now):
            return too_soon(_page(request, found, form, status=429, too_many=True), wait)
        visitor = _visitor(request)
        helped = form.cleaned_data["helped"] == "yes"
        read = _read(published, form.cleaned_data["version"])
        voting.vote(
            revision=read, visitor=visitor, helpful=helped, reason=form.cleaned_data["reason"],
            network=network_on(request, read.pk), now=now,
        )  # fmt: skip
        said = "reason" if form.cleaned_data["reason"] and not helped else form.cleaned_data["helped"]
        return _remembered(request, redirect(f"{request.path}?said={said}"), visitor)
    return _page(request, found, form, status=422 if form.errors else 200)


def _page(request: HttpRequest, found: Article, form: VoteForm, *, status: int, too_many: bool = False) -> HttpResponse:
    said = request.GET.get("said", "") if request.method != "POST" else ""
    context = {"article": found, "form": form, "said": said, "section": "articles", "too_many": too_many}
    response = render(request, "knowledgebase/help/vote.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _read(published: Revision, number: int) -> Revision:
    """The text that the reader saw: the published one, or an earlier published one that they had open."""
    seen = Revision.objects.filter(article=published.article_id, no=number, state=RevisionState.APPROVED)
    return seen.select_related("article").first() or published


def _visitor(request: HttpRequest) -> str:
    """What tells this visitor apart: who they are, or a number that their browser keeps."""
    if request.user.is_authenticated:
        return f"person:{request.user.pk}"
    return (request.get_signed_cookie(COOKIE, default="", salt=COOKIE) or "")[:64] or secrets.token_hex(16)


def _remembered(request: HttpRequest, response: HttpResponse, visitor: str) -> HttpResponse:
    if not request.user.is_authenticated:
        response.set_signed_cookie(
            COOKIE, visitor, salt=COOKIE, max_age=A_YEAR, httponly=True, samesite="Lax", secure=settings.IS_HTTPS
        )
    return response
