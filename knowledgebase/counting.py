"""How often articles are opened, without a row or a wait for each look.

Each process adds up what it served and writes the sums now and then; a killed process loses at most the last few.
"""

import atexit
import threading
from collections import Counter
from datetime import date, datetime

from django.db import Error, connection

EVERY_SECONDS = 15
MOST_HELD = 200
_ADD = """
INSERT INTO knowledgebase_articleviews (article_id, day, views)
SELECT seen.article, seen.day, seen.views
FROM unnest(%s::bigint[], %s::date[], %s::int[]) AS seen (article, day, views)
JOIN knowledgebase_article AS known ON known.id = seen.article
ORDER BY seen.article, seen.day
ON CONFLICT (article_id, day) DO UPDATE SET views = knowledgebase_articleviews.views + EXCLUDED.views
"""
_held: Counter[tuple[int, date]] = Counter()
_lock = threading.Lock()
_since: datetime | None = None


def seen(article: int, now: datetime) -> None:
    """A reader opened that article. Every so often this writes what was added up."""
    global _since
    with _lock:
        _since = _since or now
        _held[article, now.date()] += 1
        is_due = (now - _since).total_seconds() >= EVERY_SECONDS or len(_held) >= MOST_HELD
    if is_due:
        write()


def write() -> None:
    """Write the sums of this process."""
    global _since
    with _lock:
        sums, _since = dict(_held), None
        _held.clear()
    if not sums:
        return
    rows = sorted(sums.items())
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [[key[0] for key, _ in rows], [key[1] for key, _ in rows], [views for _, views in rows]])


def forget() -> None:
    """Drop what was added up."""
    global _since
    with _lock:
        _held.clear()
        _since = None


def _at_the_end() -> None:
    try:
        write()
    except Error:  # nobody waits for these any more
        return


atexit.register(_at_the_end)
