"""Limits that count in PostgreSQL, so that they hold across processes and survive Redis (S46, F4)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db import connection

_HIT = """
INSERT INTO throttle_count AS t (key, count, resets_at) VALUES (%(key)s, 1, %(resets_at)s)
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN t.resets_at <= %(now)s THEN 1 ELSE LEAST(t.count, 1000000) + 1 END,
  resets_at = CASE WHEN t.resets_at <= %(now)s THEN EXCLUDED.resets_at ELSE t.resets_at END
RETURNING count, resets_at
"""
_FORGIVE = "UPDATE throttle_count SET count = count - 1 WHERE key = %s AND count > 0"
_PRUNE = """
DELETE FROM throttle_count WHERE key IN (
  SELECT key FROM throttle_count WHERE resets_at <= %s LIMIT %s FOR UPDATE SKIP LOCKED)
"""
PRUNED_AT_ONCE = 1000


@dataclass(frozen=True)
class Limit:
    """At most `times` in `seconds`, from the first attempt on. The name says of what."""

    name: str
    times: int
    seconds: int


def hit(limit: Limit, *parts: str, now: datetime) -> int:
    """Count one attempt of whoever `parts` name. Returns 0 when it is allowed, else the seconds to wait.

    One statement, so that simultaneous attempts are all counted. Call it outside a transaction that may roll back.
    """
    values: dict[str, str | datetime] = {
        "key": _key(limit, parts),
        "now": now,
        "resets_at": now + timedelta(seconds=limit.seconds),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HIT, values)
        count, resets_at = cursor.fetchone()
    if count <= limit.times:
        return 0
    return max(1, ceil((resets_at - now).total_seconds()))


def forgive(limit: Limit, *parts: str) -> None:
    """Take one attempt back: it turned out to be rightful."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGIVE, [_key(limit, parts)])


def prune(now: datetime) -> int:
    """Remove up to 1,000 counts whose window is over. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE, [now, PRUNED_AT_ONCE])
        return cursor.rowcount


def _key(limit: Limit, parts: tuple[str, ...]) -> str:
    """A hash: the table holds no addresses. Lengths are part of it, so that no two lists read the same."""
    text = "".join(f"{len(part)}:{part}" for part in (limit.name, *parts))
    return hashlib.sha256(text.encode()).hexdigest()
