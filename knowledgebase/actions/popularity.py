"""How often articles are opened, for the order of what is found; and what is forgotten of searches."""

from datetime import datetime, timedelta

from django.db import connection

from knowledgebase.models import ArticleViews, SearchLog, SuggestSession

SPAN = timedelta(days=30)
KEPT = timedelta(days=400)
ADDRESS_KEPT = timedelta(days=30)
AT_ONCE = 5_000
_COUNT = """
UPDATE knowledgebase_searchentry AS entry SET popularity = sums.views
FROM (SELECT known.article_id, coalesce(sum(seen.views), 0) AS views
      FROM knowledgebase_searchentry AS known
      LEFT JOIN knowledgebase_articleviews AS seen ON seen.article_id = known.article_id AND seen.day > %s
      GROUP BY known.article_id) AS sums
WHERE sums.article_id = entry.article_id AND entry.popularity <> sums.views
"""
# A word that stands in no text of its space any more is no spelling to offer.
_UNUSED = """
DELETE FROM knowledgebase_searchword WHERE id IN (
    SELECT word.id FROM knowledgebase_searchword AS word
    WHERE word.id %% 24 = %s AND NOT EXISTS (
        SELECT 1 FROM knowledgebase_searchentry AS entry
        JOIN knowledgebase_article AS article ON article.id = entry.article_id
        WHERE article.space_id = word.space_id AND article.archived_at IS NULL
        AND entry.words @@ plainto_tsquery('wiki_exact', word.word))
    LIMIT %s)
"""


def count(*, now: datetime) -> int:
    """Bring every article's popularity up to date. Answers how many changed."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [(now - SPAN).date()])
        return cursor.rowcount


def forget(*, now: datetime) -> None:
    """Searches and sessions after 400 days, the addresses of sessions after 30, words that are gone: some at a time."""
    old = SearchLog.objects.filter(updated_at__lt=now - KEPT).order_by("updated_at").values("pk")[:AT_ONCE]
    SearchLog.objects.filter(pk__in=old).delete()
    ended = SuggestSession.objects.filter(created_at__lt=now - KEPT).order_by("created_at").values("pk")[:AT_ONCE]
    SuggestSession.objects.filter(pk__in=ended).delete()
    named = SuggestSession.objects.filter(created_at__lt=now - ADDRESS_KEPT).exclude(email="", query="")
    named.update(email="", query="")
    ArticleViews.objects.filter(day__lt=(now - KEPT).date()).delete()
    with connection.cursor() as cursor:
        cursor.execute(_UNUSED, [now.hour, AT_ONCE])
