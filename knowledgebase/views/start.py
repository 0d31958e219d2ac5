"""Staff: where the wiki begins, all of a space, and what does not help."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from knowledgebase.access import articles_for, spaces_for
from knowledgebase.queries_help import pages_of
from knowledgebase.queries_start import newest_of, unhelpful, yours
from knowledgebase.queries_writing import drafts_of
from knowledgebase.views.wiki import page
from supportdesk.lib.audience import staff_only

FIRST_PAGES = 3  # with fewer, the page says how to begin


@require_safe
@staff_only
def index(request: PersonRequest) -> HttpResponse:
    """What is yours to do, what you have begun, what is new."""
    now = timezone.now()
    newest = newest_of(request.user)
    return page(
        request,
        "index",
        here="index",
        duties=yours(request.user, now),
        drafts=drafts_of(request.user),
        newest=newest,
        begins=len(newest) < FIRST_PAGES,
        has_public=any(article.space.is_public_side for article in newest),
    )


@require_safe
@staff_only
def space(request: PersonRequest, key: str) -> HttpResponse:
    """Every page of a space, by title."""
    found = next((one for one in spaces_for(request.user) if one.key == key), None)
    if found is None:
        raise Http404
    rows, following = pages_of(articles_for(request.user), found, request.GET.get("after", ""))
    return page(request, "space", space=found, articles=rows, following=following)


@require_safe
@staff_only
def not_helpful(request: PersonRequest) -> HttpResponse:
    """Pages that did not help, by the votes of the last seven days (A9)."""
    return page(request, "unhelpful", here="unhelpful", rows=unhelpful(request.user, timezone.now()))
