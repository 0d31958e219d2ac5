"""Django's cache in PostgreSQL. `add` and `incr` are single statements: two at once never both win.

Sign-in counts its attempts and its used codes here, and those must survive a lost Redis (F4, F5). Values are JSON.
"""

import json
from datetime import UTC, datetime

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

_SET = """
INSERT INTO cache_entry (key, value, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at
"""
_ADD = """
INSERT INTO cache_entry AS c (key, value, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at
WHERE c.expires_at <= now()
RETURNING key
"""
_INCR = """
UPDATE cache_entry SET value = to_jsonb((value #>> '{}')::bigint + %s)
WHERE key = %s AND (expires_at IS NULL OR expires_at > now()) RETURNING value
"""
_PRUNE = """
DELETE FROM cache_entry WHERE key IN (
  SELECT key FROM cache_entry WHERE expires_at <= now() LIMIT 1000 FOR UPDATE SKIP LOCKED)
RETURNING key
"""
_LIVE = "(expires_at IS NULL OR expires_at > clock_timestamp())"


class PostgresCache(BaseCache):
    """A cache backend over the table `cache_entry`."""

    def __init__(self, location: str, params: dict):
        super().__init__(params)

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None) -> bool:
        return bool(self._run(_ADD, [self._key(key, version), json.dumps(value), self._expiry(timeout)]))

    def get(self, key, default=None, version=None):
        rows = self._run(f"SELECT value FROM cache_entry WHERE key = %s AND {_LIVE}", [self._key(key, version)])  # noqa: S608
        return json.loads(rows[0][0]) if rows else default

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None) -> None:
        self._run(_SET, [self._key(key, version), json.dumps(value), self._expiry(timeout)])

    def touch(self, key, timeout=DEFAULT_TIMEOUT, version=None) -> bool:
        sql = f"UPDATE cache_entry SET expires_at = %s WHERE key = %s AND {_LIVE} RETURNING key"  # noqa: S608
        return bool(self._run(sql, [self._expiry(timeout), self._key(key, version)]))

    def delete(self, key, version=None) -> bool:
        return bool(self._run("DELETE FROM cache_entry WHERE key = %s RETURNING key", [self._key(key, version)]))

    def incr(self, key, delta=1, version=None) -> int:
        rows = self._run(_INCR, [delta, self._key(key, version)])
        if not rows:
            raise ValueError(f"Key '{key}' not found")
        return json.loads(rows[0][0])

    def has_key(self, key, version=None) -> bool:
        sql = f"SELECT 1 FROM cache_entry WHERE key = %s AND {_LIVE}"  # noqa: S608
        return bool(self._run(sql, [self._key(key, version)]))

    def clear(self) -> None:
        self._run("DELETE FROM cache_entry", [])

    def prune(self) -> int:
        """Remove up to 1,000 entries that are over. Returns how many."""
        return len(self._run(_PRUNE, []))

    def _key(self, key, version) -> str:
        return self.make_and_validate_key(key, version=version)

    def _expiry(self, timeout) -> datetime | None:
        seconds = self.get_backend_timeout(timeout)
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    def _run(self, sql: str, values: list) -> list:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
