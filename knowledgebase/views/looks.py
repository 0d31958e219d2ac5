"""That somebody opened an article: for its popularity, and for the search or the suggestion that led there."""

from django.http import HttpRequest
from django.utils import timezone

from knowledgebase import counting
from knowledgebase.actions import searching
from knowledgebase.models import Article
from supportdesk.lib.private_pages import is_a_look


def note(request: HttpRequest, article: Article) -> None:
    """Count the look of a reader, and tell the search that `?s=` names. Staff who read do not make it popular."""
    if not is_a_look(request):
        return
    now = timezone.now()
    token = request.GET.get("s", "")
    if token:
        searching.opened(token=token, article=article, now=now)
    if not (request.user.is_authenticated and request.user.is_staff_member):
        counting.seen(article.pk, now)
