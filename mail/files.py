"""Writing content so that a row never points at nothing."""

import hashlib
import uuid
from datetime import datetime
from typing import NamedTuple

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from mail.addresses import one_line
from mail.models import StoredFile
from mail.storage import DurableFileStorage


class Written(NamedTuple):
    """Content that is safe on the storage and has no row yet."""

    key: str
    sha256: str
    size: int


def write(content: bytes) -> Written:
    """Put `content` on the storage, synced. Raises OSError when the storage is full or away; then nothing is kept."""
    name = uuid.uuid4().hex
    key = storages["files"].save(f"{name[:2]}/{name}", ContentFile(content))
    return Written(key, hashlib.sha256(content).hexdigest(), len(content))


def store_file(*, content: bytes, now: datetime, content_type: str = "") -> StoredFile:
    """Keep `content` as a file with a row. Usable inside a transaction: the content is synced before the row exists."""
    written = write(content)
    return add_row(written=written, content_type=content_type, now=now)


def add_row(*, written: Written, now: datetime, content_type: str = "") -> StoredFile:
    """The row for content that was written before."""
    return StoredFile.objects.create(
        key=written.key,
        sha256=written.sha256,
        size=written.size,
        content_type=one_line(content_type, 127),
        created_at=now,
    )


def discard(written: Written) -> None:
    """Remove content for which no row was made."""
    storages["files"].delete(written.key)


def forget_orphans(*, older_than: datetime) -> int:
    """Remove content that never got a row, from writers that were killed in between. Answers how many files it was.

    Only the local storage can be walked; elsewhere nothing is done. Content younger than `older_than` may be in the
    making and stays.
    """
    storage = storages["files"]
    if not isinstance(storage, DurableFileStorage):
        return 0
    removed = 0
    for key in storage.keys_older_than(older_than):
        if not StoredFile.objects.filter(key=key).exists():
            storage.delete(key)
            removed += 1
    return removed
