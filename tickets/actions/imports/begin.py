"""Begin an import: take the files, look into them, say what the columns mean, let it run, stop it, forget it."""

import codecs
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import IntegrityError, transaction

import timers
from accounts import access
from accounts.journal import record
from accounts.models import Person
from accounts.zones import zone_names
from mail.actions.store import header_preview
from mail.files import Written, add_row
from mail.models import StoredFile
from supportdesk.lib.background import enqueue_on_commit
from tickets.actions.imports.files import MOST_FILES, Gone, below, opened, rows_of
from tickets.actions.imports.work import KIND, PATIENCE, end, stages_of
from tickets.import_choices import ExportKind, ImportState
from tickets.import_formats import columns, intercom, tables, zendesk
from tickets.import_formats.records import Place, Unreadable
from tickets.models import ColumnMapping, ImportFile, Team, TicketImport
from tickets.open_days import desk_clock
from tickets.refusals import Refused

LARGEST = 2 * 1024**3
KEPT_FOR = timedelta(days=7)
UPLOADING = timedelta(days=1)
PIECE = 1024 * 1024
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
SHOWN = 200
SECONDS = 3.0  # nobody waits longer for a first look


class CannotImport(Refused):
    """Nothing was begun; the sentence says why."""


@dataclass(frozen=True)
class Sent:
    """A file that somebody sent."""

    name: str
    size: int
    content: BinaryIO


@dataclass
class Preview:
    """The first rows of an import. `head` and `rows` of a table; `found` counts records of JSON by their sort."""

    head: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    found: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_known: bool = False


def prepare(
    *, kind: str, source: str, team: Team, by: Person, now: datetime, sent: Sequence[Sent] = (), folder: str = ""
) -> TicketImport:
    """Take files that were sent, or those of a folder of the import folder. Nothing is read into the desk yet.

    Raises NotAllowed and CannotImport.
    """
    access.require(by, "desk.set_up", now=now)
    paths = below(folder, kind) if folder else []
    if not sent and not paths:
        raise CannotImport("There is no file of this kind in the folder." if folder else "Choose a file.")
    if len(sent) + len(paths) > MOST_FILES:
        raise CannotImport(f"These are more than {MOST_FILES} files. Take them in parts.")
    for one in sent:
        if one.size > LARGEST:
            raise CannotImport(f"{one.name} is larger than 2 GB. Put it into the import folder of the server.")
        if one.size == 0:
            raise CannotImport(f"{one.name} is empty. Choose a file with something in it.")
        if _begins(one.content).startswith(_PACKED):
            raise CannotImport(f"{one.name} is packed. Unpack it, and choose what was in it.")
    kept = [(one, _keep(one, now)) for one in sent]
    try:
        return _prepared(kind, source, team, by, kept, paths, now)
    except CannotImport:
        _drop([file for _, file in kept])
        raise


def _prepared(
    kind: str, source: str, team: Team, by: Person, kept: list[tuple[Sent, StoredFile]], paths: list, now: datetime
) -> TicketImport:
    with transaction.atomic():
        run = TicketImport.objects.create(kind=kind, source=source, team=team, by=by, prepared_at=now)
        files = [ImportFile(run=run, name=_name(one.name), file=file, size=file.size) for one, file in kept]
        files += [ImportFile(run=run, name=path[-255:], path=path, size=size) for path, size in paths]
        ImportFile.objects.bulk_create(files)
        if kind == ExportKind.TABLE:
            run.mapping = _first_mapping(run)
            run.save(update_fields=["mapping"])
    return run


def preview(run: TicketImport) -> Preview:
    """The first rows and what they would be. Reads the beginning of the files only."""
    found, until = Preview(), time.monotonic() + SECONDS
    for file in run.files.order_by("pk")[:MOST_FILES]:
        if time.monotonic() > until:
            break
        try:
            _look(run, file, found)
        except (Gone, Unreadable) as problem:
            found.problems.append(str(problem))
    return found


def map_columns(*, run: TicketImport, mapping: Mapping[str, Any], by: Person, now: datetime) -> TicketImport:
    """Say what the columns mean; it is remembered for tables with the same head. Raises CannotImport."""
    access.require(by, "desk.set_up", now=now)
    refusal = columns.lacks(mapping)
    if refusal:
        raise CannotImport(refusal)
    with transaction.atomic():
        row = TicketImport.objects.select_for_update().get(pk=run.pk)
        if row.state != ImportState.READY:
            raise CannotImport("This import was begun already.")
        row.mapping = dict(mapping)
        row.save(update_fields=["mapping"])
        head = preview(row).head
        ColumnMapping.objects.update_or_create(
            head=columns.fingerprint(head), defaults={"mapping": row.mapping, "by": by, "saved_at": now}
        )
    return row


def begin(*, run: TicketImport, by: Person, now: datetime, reasons_from_tags: bool = False) -> TicketImport:
    """Let it run. Begun twice, it runs once. Raises CannotImport."""
    access.require(by, "desk.set_up", now=now)
    try:
        with transaction.atomic():
            row = TicketImport.objects.select_for_update().get(pk=run.pk)
            if row.state != ImportState.READY:
                return row
            refusal = columns.lacks(row.mapping) if row.kind == ExportKind.TABLE else ""
            if refusal:
                raise CannotImport(refusal)
            row.state, row.started_at, row.reasons_from_tags = ImportState.RUNNING, now, reasons_from_tags
            row.save(update_fields=["state", "started_at", "reasons_from_tags"])
            timers.schedule(kind=KIND, subject=row.pk, due_at=now + PATIENCE)
            enqueue_on_commit("tickets.import_rows", run_id=row.pk)
            data = {"kind": row.kind, "source": row.source, "files": row.files.count()}
            record(by=by, action="tickets.import", subject=row, data=data, now=now)
    except IntegrityError:
        raise CannotImport("Another import runs just now. Wait for its end.") from None
    return row


@transaction.atomic
def stop(*, run: TicketImport, by: Person, now: datetime) -> None:
    """Take no more of it. What was taken stays. Over already: nothing happens."""
    access.require(by, "desk.set_up", now=now)
    row = TicketImport.objects.select_for_update().get(pk=run.pk)
    if row.state in (ImportState.READY, ImportState.RUNNING):
        end(row, ImportState.STOPPED, f"Stopped by {by.shown_name}.", now)
        record(by=by, action="tickets.stop_import", subject=row, now=now)


def forget_files(*, now: datetime) -> int:
    """Drop the files of imports that are over for a week, or were never begun. Answers how many.

    With them goes what uploads left behind whose process was killed.
    """
    for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < (now - UPLOADING).timestamp():
                path.unlink()
    old = ImportFile.objects.filter(file__isnull=False, run__prepared_at__lt=now - KEPT_FOR)
    old = old.exclude(run__state=ImportState.RUNNING)
    files = list(StoredFile.objects.filter(pk__in=old.values("file")))
    old.update(file=None)
    _drop(files)
    return len(files)


def _drop(files: Sequence[StoredFile]) -> None:
    for file in files:
        file.delete()
        storages["files"].delete(file.key)


def size_of(run: TicketImport) -> tuple[int, int]:
    """(bytes that were read, bytes that are to be read), over all stages."""
    files, stages = list(run.files.all()), len(stages_of(run))
    whole = sum(file.size for file in files)
    if run.state == ImportState.DONE:
        return whole * stages, whole * stages
    here = sum(file.size if file.is_read else int(file.place.get("at", 0)) for file in files)
    return whole * run.stage + here, whole * stages


def _first_mapping(run: TicketImport) -> dict[str, Any]:
    """What is remembered of tables with this head, or else a guess. Raises CannotImport."""
    file = run.files.order_by("pk").first()
    if file is None:
        raise CannotImport("Choose a file.")
    try:
        with opened(file) as data:
            table = tables.sniff(data)
            rows = [
                row.value for row in islice(tables.rows(data, Place(), table), SHOWN) if isinstance(row.value, list)
            ]
    except (Gone, Unreadable) as problem:
        raise CannotImport(str(problem)) from None
    known = ColumnMapping.objects.filter(head=columns.fingerprint(table.head)).first()
    if known and len(known.mapping.get("columns", ())) == len(table.head):
        return known.mapping
    zone = str(desk_clock().zone)  # desks export the times of their own wall
    return columns.guess(table.head, rows, zone if zone in zone_names() else "UTC")


def _look(run: TicketImport, file: ImportFile, found: Preview) -> None:
    if run.kind == ExportKind.TABLE:
        encoding = run.mapping.get("encoding") or ""
        with opened(file) as data:
            table = tables.sniff(data, encoding)
            first = islice(tables.rows(data, Place(), table, encoding), SHOWN)
            looked_at = list(first)
        rows = [row.value for row in looked_at if isinstance(row.value, list)]
        found.problems += [f"{file.name}, row {row.place.row}: {row.why}" for row in looked_at if row.why]
        if not found.head:
            found.head, found.rows = list(table.head), rows
            found.states = columns.states_in(run.mapping, rows)
            head = columns.fingerprint(table.head)
            found.is_known = ColumnMapping.objects.filter(head=head).exists()
        elif len(table.head) != len(found.head):
            found.problems.append(f"{file.name} has other columns than the first file.")
        return
    reading = zendesk if run.kind == ExportKind.ZENDESK else intercom
    file.place = {}
    with rows_of(run, file) as several:
        for row in islice(several, SHOWN):
            if row.why:
                found.problems.append(f"{file.name}, row {row.place.row}: {row.why}")
            elif isinstance(row.value, dict):
                for sort, one, _ in reading.read(row.value, row.hint):
                    name = one.get("subject") or one.get("title") or one.get("name") or one.get("email") or ""
                    found.found.append((sort.label, f"{reading.external_id(one)} {columns.line(name, 80)}".strip()))
            elif isinstance(row.value, bytes):
                found.found.append(("Mail", columns.line(_subject(row.value), 80)))


def _subject(mail: bytes) -> str:
    return header_preview(mail, b"subject")


def _keep(one: Sent, now: datetime) -> StoredFile:
    """A file that was sent, on the storage, with a row. It is read in pieces, however large it is."""
    name, digest, size = uuid.uuid4().hex, sha256(), 0
    content = _as_utf8(one.content) if _begins(one.content).startswith(_UTF16) else one.content
    while piece := content.read(PIECE):
        digest.update(piece)
        size += len(piece)
    content.seek(0)
    key = storages["files"].save(f"{name[:2]}/{name}", File(content))
    return add_row(written=Written(key, digest.hexdigest(), size), content_type="", now=now)


def _begins(content: BinaryIO) -> bytes:
    found = content.read(8)
    content.seek(0)
    return found


def _as_utf8(content: BinaryIO) -> BinaryIO:
    """What spreadsheets save as “Unicode text”, as everything else is read."""
    kept = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - whoever asked reads it
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    while piece := content.read(PIECE):
        kept.write(decoder.decode(piece).encode("utf-8", "replace"))
    kept.seek(0)
    return kept


def _name(name: str) -> str:
    flat = name.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in flat if sign.isprintable())[:255] or "file"
