"""Rows on their way into PostgreSQL by COPY, many times as fast as INSERT."""

import io
import json
from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

NULL = r"\N"

KEYS = "select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, %s)"


class Copy:
    """Rows of one model. The columns that are not named take the model's own defaults.

    copy = Copy(Message, "id", "text")
    copy.add("1", escape("Hello"))          # values are written as COPY reads them
    copy.send()
    """

    def __init__(self, model: type[models.Model], *columns: str) -> None:
        fields = {field.column: field for field in model._meta.concrete_fields}
        unknown = set(columns) - fields.keys()
        if unknown:
            raise ValueError(f"{model.__name__} has no columns {sorted(unknown)}.")
        others = [name for name, field in fields.items() if name not in columns and not field.primary_key]
        self.model = model
        self.sent = 0
        self._tail = "".join(f"\t{_default(fields[column])}" for column in others) + "\n"
        names = ", ".join(f'"{column}"' for column in (*columns, *others))
        self._sql = f'copy "{model._meta.db_table}" ({names}) from stdin'
        self._lines: list[str] = []

    def add(self, *values: str) -> None:
        """Keep a row for the next `send`."""
        self._lines.append("\t".join(values) + self._tail)

    def send(self) -> None:
        """Bring the rows into the table, inside the caller's transaction."""
        if self._lines:
            with connection.cursor() as cursor, connection.wrap_database_errors:
                cursor.cursor.copy_expert(self._sql, io.StringIO("".join(self._lines)))
            self.sent += len(self._lines)
            self._lines.clear()


def escape(text: str) -> str:
    """Text as COPY reads it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def value(given: object) -> str:
    """A Python value as COPY reads it: NULL, truth, time, number or text."""
    if given is None:
        return NULL
    if isinstance(given, bool):
        return "t" if given else "f"
    if isinstance(given, datetime):
        return given.isoformat(" ")
    return escape(str(given))


def array(words: Iterable[str]) -> str:
    """Texts as COPY reads an array of them."""
    quoted = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return escape("{" + ",".join(f'"{word}"' for word in quoted) + "}")


def plain_json(given: object) -> str:
    """JSON as COPY reads it."""
    return escape(json.dumps(given, ensure_ascii=False))


def draw_keys(model: type[models.Model], count: int) -> list[int]:
    """So many keys of the table's sequence, rising, while others draw theirs."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(KEYS, [model._meta.db_table, count])
        return [key for (key,) in cursor.fetchall()]


def _default(field: models.Field) -> str:
    given = field.get_default()
    if isinstance(field, ArrayField):
        return "{}"
    if isinstance(field, models.JSONField):
        return NULL if given is None else ("[]" if given == [] else "{}")
    return value(given)
