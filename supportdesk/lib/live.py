"""Tells open screens that something changed. Only a topic travels, never data (`supportdesk/live.py` passes it on)."""

import re
from collections.abc import Sequence

from django.db import connection

CHANNEL = "supportdesk_live"
EVERYTHING = "all"
TOPIC = re.compile(r"[a-z_]{1,40}(:[0-9]{1,19})?")


def announce(topic: str) -> None:
    """Say that `topic` changed, for example `ticket:12`. Heard when the transaction commits, never when it rolls back.

    The same topic said twice in one transaction is heard once.
    """
    _check(topic)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, topic])


def announce_all(topics: Sequence[str]) -> None:
    """As `announce`, for many topics in one statement."""
    for topic in topics:
        _check(topic)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(pg_notify(%s, topic)) FROM unnest(%s::text[]) AS topic", [CHANNEL, list(topics)])


def _check(topic: str) -> None:
    if not TOPIC.fullmatch(topic):
        raise ValueError(f"Not a topic: {topic!r}. Use a name, or a name and a number: 'ticket:12'.")
