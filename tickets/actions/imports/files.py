"""The files of an import: those that were sent, and those below the import folder. Read only, links never followed."""

import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from tickets.actions.attach import LARGEST
from tickets.import_choices import ExportKind
from tickets.import_formats import json_records, mbox, tables
from tickets.import_formats.records import Attached, Place, Row, Unreadable
from tickets.models import ImportFile, TicketImport

MOST_FILES = 200
ENDINGS: dict[str, tuple[str, ...]] = {
    ExportKind.ZENDESK: (".json", ".ndjson", ".jsonl"),
    ExportKind.INTERCOM: (".json", ".ndjson", ".jsonl"),
    ExportKind.MBOX: (".mbox", ".mbx"),
    ExportKind.TABLE: (".csv", ".tsv", ".txt"),
}


class Gone(Exception):
    """A file cannot be read any more. The message may be shown."""


@contextmanager
def opened(file: ImportFile) -> Iterator[Any]:
    """The bytes of a file, mapped and not loaded. Raises Gone."""
    try:
        number = _open(file)
    except (OSError, ValueError) as error:
        raise Gone(f"{file.name} cannot be read: {getattr(error, 'strerror', '') or 'it is not there'}.") from None
    try:
        about = os.fstat(number)
        if not stat.S_ISREG(about.st_mode):
            raise Gone(f"{file.name} is no plain file.")
        if about.st_size == 0:
            yield b""
            return
        with mmap.mmap(number, 0, access=mmap.ACCESS_READ) as data:
            yield data
    finally:
        os.close(number)


@contextmanager
def rows_of(run: TicketImport, file: ImportFile) -> Iterator[Iterator[Row]]:
    """The rows that were not read yet. Raises Gone and Unreadable."""
    with opened(file) as data:
        place = Place.load(file.place)
        if run.kind == ExportKind.TABLE:
            encoding = run.mapping.get("encoding") or ""
            table = tables.sniff(data, encoding)
            if len(table.head) != len(run.mapping["columns"]):
                raise Unreadable(f"{file.name} has other columns than the first file.")
            yield tables.rows(data, place, table, encoding)
        elif run.kind == ExportKind.MBOX:
            yield mbox.rows(data, place)
        else:
            if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise Unreadable(f"{file.name} is UTF-16. Save it as UTF-8.")
            yield json_records.rows(data, place)


def below(folder: str, kind: str) -> list[tuple[str, int]]:
    """Files of a folder of the import folder that this kind reads, with their sizes, by name."""
    top = Path(settings.IMPORT_DIR, folder)
    found = []
    for path in sorted(top.rglob("*")):
        inside = path.relative_to(settings.IMPORT_DIR)
        is_hidden = any(part.startswith(".") for part in inside.parts)
        if path.suffix.lower() in ENDINGS[kind] and not is_hidden and path.is_file() and not _has_link(path):
            found.append((inside.as_posix(), path.stat().st_size))
    return found


def folders() -> list[str]:
    """Folders directly below the import folder, links not followed."""
    top = Path(settings.IMPORT_DIR)
    if not top.is_dir():
        return []
    found = (one.name for one in top.iterdir() if one.is_dir() and not one.is_symlink() and one.name.isprintable())
    return sorted(name for name in found if not name.startswith("."))[:MOST_FILES]


class Beside:
    """Attachments that lie beside an export in the import folder: attachments/NUMBER/NAME, or attachments/NAME."""

    def __init__(self, run: TicketImport) -> None:
        paths = run.files.exclude(path="").order_by("pk").values_list("path", flat=True)
        self._folders = {Path(settings.IMPORT_DIR, path).parent / "attachments" for path in paths[:MOST_FILES]}

    def find(self, file: Attached) -> Path | None:
        """Where its content is, if it is there: a plain file, no link, not too large."""
        for folder in self._folders:
            for path in (folder / file.number / file.name if file.number else folder, folder / file.name):
                if path.is_file() and not _has_link(path) and 0 < path.stat().st_size <= LARGEST:
                    return path
        return None


def _open(file: ImportFile) -> int:
    if file.file is not None:
        with file.file.open() as kept:
            return os.dup(kept.fileno())
    path = Path(settings.IMPORT_DIR, file.path)
    if not file.path or ".." in path.parts or _has_link(path):
        raise ValueError(file.path)
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)


def _has_link(path: Path) -> bool:
    top = Path(settings.IMPORT_DIR)
    return any(one.is_symlink() for one in (path, *path.parents) if top in one.parents)
