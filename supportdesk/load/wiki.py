"""A wiki of any size with five versions of every page, written by the database itself in a few statements."""

from datetime import datetime, timedelta
from itertools import islice
from random import Random

from django.db import connection

from accounts.models import Person
from knowledgebase.choices import Visibility
from knowledgebase.models import Article, Revision, Space

VERSIONS = 5
AT_ONCE = 1_000
WORDS = [
    "robot", "arm", "motor", "battery", "charger", "dock", "camera", "sensor", "wheel", "cable", "school", "class",
    "teacher", "student", "lesson", "kit", "order", "parcel", "customs", "invoice", "refund", "credit", "tax",
    "form", "exemption", "purchase", "account", "card", "bank", "transfer", "receipt", "address", "delivery", "hold",
    "release", "training", "session", "calendar", "software", "update", "firmware", "network", "password", "printer",
    "warranty", "repair", "spare", "part", "district", "office", "buyer", "approve", "reject", "review", "policy",
    "process", "check", "answer", "reply", "mail", "call", "question", "reason", "step",
]  # fmt: skip
EVERYWHERE = "kit"
EARLIER = """
INSERT INTO knowledgebase_revision (article_id, no, base_no, title, markdown, html, headings, words, digest, author_id,
    comment, significance, state, answer, created_at)
SELECT article_id, earlier.no, earlier.no - 1, title, markdown || ' Version ' || earlier.no || '.', html, headings,
    words, md5(markdown || earlier.no), author_id, '', significance, 'approved', '',
    created_at - earlier.no * interval '1 day'
FROM knowledgebase_revision AS newest, generate_series(1, %s) AS earlier (no)
WHERE article_id = ANY(%s) AND newest.no = %s
"""
PUBLISHED = """
UPDATE knowledgebase_article AS article SET published_id = revision.id, published_at = revision.created_at
FROM knowledgebase_revision AS revision
WHERE revision.article_id = article.id AND revision.no = article.head_no AND article.id = ANY(%s)
"""
ENTRIES = """
INSERT INTO knowledgebase_searchentry (article_id, headings, body, popularity, head, words)
SELECT article_id, 'What to do', markdown, article_id %% 50, head,
    head || setweight(wiki_words(regexp_replace(lower(markdown), '[^a-z0-9]+', ' ', 'g')), 'D')
FROM (SELECT article_id, markdown, setweight(wiki_words(lower(title)), 'A') || setweight(wiki_words('what to do'), 'B')
      AS head FROM knowledgebase_revision WHERE article_id = ANY(%s) AND no = %s OFFSET 0) AS text
"""
VOCABULARY = """
INSERT INTO knowledgebase_searchword (space_id, word)
SELECT %s, word FROM unnest(%s::text[]) AS word ON CONFLICT DO NOTHING
"""


def load_wiki(*, articles: int, by: Person, now: datetime, seed: int = 7) -> Space:
    """A public space of `articles` published pages with VERSIONS versions each. `page-12` is the twelfth; the word
    `kit` stands in all, `rare12x` in the twelfth alone."""
    random = Random(seed)  # noqa: S311 - a repeatable load
    space = Space.objects.create(key="loaded", name="Loaded", visibility=Visibility.PUBLIC, position=90)
    for first in range(0, articles, AT_ONCE):
        batch = [_row(space, number, by, now, random) for number in range(first, min(first + AT_ONCE, articles))]
        made = Article.objects.bulk_create([article for article, _ in batch])
        texts = [_newest(article, text, by, now) for article, text in zip(made, (one[1] for one in batch), strict=True)]
        Revision.objects.bulk_create(texts)
        keys = [article.pk for article in made]
        with connection.cursor() as cursor:
            cursor.execute(EARLIER, [VERSIONS - 1, keys, VERSIONS])
            cursor.execute(PUBLISHED, [keys])
            cursor.execute(ENTRIES, [keys, VERSIONS])
    with connection.cursor() as cursor:
        cursor.execute(VOCABULARY, [space.pk, sorted({*WORDS, *islice(_made_up(random), 20_000)})])
        cursor.execute("ANALYZE knowledgebase_article, knowledgebase_revision, knowledgebase_searchentry")
        cursor.execute("ANALYZE knowledgebase_searchword")
    return space


def _row(space: Space, number: int, by: Person, now: datetime, random: Random) -> tuple[Article, str]:
    text = " ".join(random.choices(WORDS, k=200))
    title = f"{random.choice(WORDS).title()} and {random.choice(WORDS)} {number}"
    article = Article(
        space=space, slug=f"page-{number}", title=title, summary=text[:200], owner=by, head_no=VERSIONS,
        verified_at=now, verify_due_at=now + timedelta(days=31), created_at=now, updated_at=now,
    )  # fmt: skip
    return article, f"## What to do\n\n{EVERYWHERE} {text} rare{number}x."


def _newest(article: Article, text: str, by: Person, now: datetime) -> Revision:
    html = f'<h2 id="s-what-to-do">What to do</h2>\n<p>{text.removeprefix("## What to do")}</p>\n'
    return Revision(
        article=article, no=VERSIONS, base_no=VERSIONS - 1, title=article.title, markdown=text, html=html, words=200,
        headings=[{"level": 2, "id": "s-what-to-do", "words": "What to do"}], digest="loaded", author=by,
        state="approved", created_at=now,
    )  # fmt: skip


def _made_up(random: Random):
    """Words that look like words, for spelling to be held against."""
    while True:
        yield "".join(
            random.choice(("ba", "re", "ti", "lo", "mun", "ser", "kal", "vo", "fin", "der")) for _ in range(4)
        )
