"""The journal of who did what: written once, chained by hashes, checked by `verify_journal` (S59)."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Model

from accounts.models import JournalEntry, Person

LOCK = 0x6A6F7572  # "jour": one writer at a time, until its transaction ends
FIRST_HASH = "0" * 64


def record(*, by: Person | None, action: str, subject: Model | str, data: dict | None = None, now: datetime):
    """Add an entry and return it. `by` is None when the product acts by itself.

    Belongs inside the transaction of what it tells about, as its last statement: other writers wait from here to the
    commit. `data` is plain JSON without personal data, since nothing here is ever removed.
    """
    return record_all(by=by, action=action, subjects=[subject], data=data, now=now)[0]


def record_all(
    *, by: Person | None, action: str, subjects: Sequence[Model | str], data: dict | None = None, now: datetime
) -> list[JournalEntry]:
    """As `record`, with an entry for each subject of one deed."""
    if not subjects:
        return []
    plain, entries = _plain(data or {}), []
    with transaction.atomic(durable=False), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        last, previous = head()
        for number, subject in enumerate(subjects, last + 1):
            named = subject if isinstance(subject, str) else name_of(subject)
            entry = JournalEntry(
                number=number, at=now, by=by, action=action, subject=named, data=plain, previous_hash=previous
            )
            entry.hash = previous = hash_of(entry)
            entries.append(entry)
        JournalEntry.objects.bulk_create(entries)
    return entries


def head() -> tuple[int, str]:
    """Number and hash of the last entry, (0, zeros) while there is none."""
    last = JournalEntry.objects.order_by("-number").values_list("number", "hash").first()
    return last or (0, FIRST_HASH)


def name_of(subject: Model) -> str:
    """`accounts.person:7`"""
    return f"{subject._meta.label_lower}:{subject.pk}"


def hash_of(entry: JournalEntry) -> str:
    """SHA-256 over the hash before it and the entry as canonical JSON (sorted keys, no spaces, UTC microseconds)."""
    content = {
        "number": entry.number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "by": entry.by_id,
        "action": entry.action,
        "subject": entry.subject,
        "data": entry.data,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{entry.previous_hash}{canonical}".encode()).hexdigest()


def _plain(data: dict) -> dict:
    """JSON as the database gives it back. Fractions become text: PostgreSQL would write 1e16 another way."""
    return json.loads(json.dumps(data, cls=DjangoJSONEncoder), parse_float=str, parse_constant=str)


class JournalBroken(Exception):
    """The journal is not as it was written. The message names the first wrong row."""


def verify(entries: Iterator[JournalEntry], *, head: tuple[int, str] | None = None) -> tuple[int, str]:
    """Walk the whole journal in order and return its last number and hash, (0, zeros) when it is empty.

    `head` is a number and a hash noted earlier, outside this database: only that shows that the end was cut off.
    Raises JournalBroken.
    """
    number, previous = 0, FIRST_HASH
    for entry in entries:
        if entry.number != number + 1:
            raise JournalBroken(f"Row {number + 1} is missing.")
        if entry.previous_hash != previous:
            raise JournalBroken(f"Row {entry.number} does not follow the row before it.")
        if entry.hash != hash_of(entry):
            raise JournalBroken(f"Row {entry.number} was changed.")
        number, previous = entry.number, entry.hash
        if head and number == head[0] and previous != head[1]:
            raise JournalBroken(f"Row {number} was written anew.")
    if head and number < head[0]:
        raise JournalBroken(f"Row {number + 1} is missing: the journal once reached row {head[0]}.")
    return number, previous
