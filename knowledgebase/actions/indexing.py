"""What is found of an article: its published text, or the newest of one that nobody published yet."""

from typing import Any

from django.db import connection

from knowledgebase.markdown import plain
from knowledgebase.models import Article, Revision, SearchEntry
from knowledgebase.search_words import indexable, tokens

KEEP = """
INSERT INTO knowledgebase_searchentry (article_id, headings, body, popularity, head, words)
SELECT %(article)s, %(headings)s, %(body)s, 0, head, head || setweight(wiki_words(%(words)s), 'D')
FROM (SELECT setweight(wiki_words(%(title)s), 'A') || setweight(wiki_words(%(marks)s), 'B') AS head OFFSET 0) AS made
ON CONFLICT (article_id) DO UPDATE
SET headings = EXCLUDED.headings, body = EXCLUDED.body, head = EXCLUDED.head, words = EXCLUDED.words
"""
# In one order, so that two who bring the same new words wait for each other instead of for ever.
LEARN = """
INSERT INTO knowledgebase_searchword (space_id, word)
SELECT %(space)s, word FROM unnest(%(words)s::text[]) AS asked (word)
WHERE NOT EXISTS (
    SELECT 1 FROM knowledgebase_searchword AS known WHERE known.space_id = %(space)s AND known.word = asked.word)
ORDER BY word
ON CONFLICT DO NOTHING
"""
SHORTEST_WORD, LONGEST_WORD = 3, 40


def index(article: Article) -> None:
    """Let the article be found by what it says now. Call it in the transaction that changes it, its space or its tags.

    Who finds it is not kept here: every search asks `readable_by` (A4).
    """
    revision = article.published or Revision.objects.filter(article=article, no=article.head_no).first()
    if revision is None:
        SearchEntry.objects.filter(article=article).delete()
        return
    body = plain(revision.markdown)
    headings = "\n".join(str(heading.get("words", "")) for heading in revision.headings)
    values: dict[str, Any] = {
        "article": article.pk, "headings": headings, "body": body, "words": indexable(body),
        "title": indexable(revision.title), "marks": indexable(" ".join([headings, *article.tags])),
    }  # fmt: skip
    learnt = {
        word
        for word in tokens(" ".join([revision.title, headings, *article.tags, body]))
        if SHORTEST_WORD <= len(word) <= LONGEST_WORD and word.isalpha()
    }
    with connection.cursor() as cursor:
        cursor.execute(KEEP, values)
        cursor.execute(LEARN, {"space": article.space_id, "words": sorted(learnt)})
