"""Take pages from a folder: page by page, each in a transaction with the line that says what became of it.

Killed anywhere, a page was either taken with its line or not at all, and the import's timer wakes the next worker. A
second reading of the same folder changes nothing; of a changed one it changes what changed.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from posixpath import dirname
from typing import Any

from django.db import IntegrityError, transaction

import timers
from accounts import access
from accounts.journal import record
from accounts.models import Person
from knowledgebase import dokuwiki, markdown_folder
from knowledgebase.access import may_write
from knowledgebase.actions import filing, shelving, writing
from knowledgebase.actions.keeping import BadTemplate, clean_text, clean_title
from knowledgebase.actions.steps import NoProcess
from knowledgebase.choices import ArticleKind, ImportKind, ImportOutcome, ImportState
from knowledgebase.dokuwiki import Converted, FileLink
from knowledgebase.import_folder import Folder, NotAFolder, Unreadable, bytes_of, scan, text_of
from knowledgebase.merging import merge
from knowledgebase.merging import text_of as merged_text
from knowledgebase.models import Article, ImportedFile, ImportedPage, ImportLine, ImportRun, Space
from knowledgebase.refusals import Refused
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import try_lock

KIND = "knowledgebase.import"
PATIENCE = timedelta(seconds=20)  # how long a worker may be missing before it is woken again
_FOR_A_FOLDER = frozenset({"index.md", "readme.md", "_index.md"})
SECONDS = 15.0  # a worker goes on to other work after this, and comes back
logger = logging.getLogger(__name__)


class CannotImport(Refused):
    """Nothing was begun; the sentence says why."""


def begin(*, kind: str, folder: Path, space: Space, by: Person, now: datetime) -> ImportRun:
    """Look into the folder and begin to take what is there. Raises NotAllowed and CannotImport."""
    access.require(by, "desk.set_up", now=now)
    if not may_write(by, space):
        raise access.NotAllowed("You may not write in this space.")
    try:
        found = scan(folder, ImportKind(kind))
    except NotAFolder as refusal:
        raise CannotImport(str(refusal)) from None
    try:
        with transaction.atomic():
            run = ImportRun.objects.create(
                kind=kind, folder=str(folder)[:1000], space=space, by=by, total=len(found.pages) + len(found.problems),
                started_at=now,
            )  # fmt: skip
            timers.schedule(kind=KIND, subject=run.pk, due_at=now + PATIENCE)
            enqueue_on_commit("knowledgebase.import_pages", run_id=run.pk)
            data = {"kind": kind, "pages": run.total, "space": space.key}
            record(by=by, action="knowledgebase.import", subject=run, data=data, now=now)
    except IntegrityError:
        raise CannotImport(f"Another import into {space.name} runs just now. Wait for its end.") from None
    return run


def wake_again(*, run_id: int, now: datetime) -> datetime | None:
    """The timer of an import: until it is done somebody works on it."""
    if not ImportRun.objects.filter(pk=run_id, state=ImportState.RUNNING).exists():
        return None
    enqueue_on_commit("knowledgebase.import_pages", run_id=run_id)
    return now + PATIENCE


@transaction.atomic
def stop(*, run: ImportRun, by: Person, now: datetime) -> None:
    """Take no more of it. What was taken stays. Done already: nothing happens."""
    access.require(by, "desk.set_up", now=now)
    row = ImportRun.objects.select_for_update().get(pk=run.pk)
    if row.state == ImportState.RUNNING:
        _end(row, ImportState.STOPPED, f"Stopped by {by.shown_name}.", now)
        record(by=by, action="knowledgebase.stop_import", subject=row, now=now)


def work(
    *, run_id: int, now: Callable[[], datetime], seconds: float = SECONDS, step: Callable[[], object] | None = None
) -> bool:
    """Take pages until all are or `seconds` are over; whether nothing is left. Any number may call it at once.

    `step` is called after each page.
    """
    with try_lock(f"{KIND}:{run_id}") as got:
        return _work(run_id, now, seconds, step) if got else False


def _work(run_id: int, now: Callable[[], datetime], seconds: float, step: Callable[[], object] | None) -> bool:
    run = ImportRun.objects.select_related("space", "by").filter(pk=run_id, state=ImportState.RUNNING).first()
    if run is None:
        return True
    try:
        found = scan(Path(run.folder), ImportKind(run.kind))
    except NotAFolder as refusal:
        _end(run, ImportState.STOPPED, str(refusal), now())
        return True
    until = time.monotonic() + seconds
    reader = _Reader(run, found)
    done = set(run.lines.values_list("source", flat=True))
    for name, words in found.problems.items():
        if name not in done:
            _line(run, name, ImportOutcome.BAD, words)
    try:
        if not reader.place_all(now, until):
            return False
    except (Refused, access.NotAllowed) as refusal:
        _end(run, ImportState.STOPPED, str(refusal), now())
        return True
    for source in found.pages:
        if source in done or source not in reader.places:
            continue
        if time.monotonic() > until or not ImportRun.objects.filter(pk=run.pk, state=ImportState.RUNNING).exists():
            return False
        reader.take(source, now())
        if step:
            step()
    _end(run, ImportState.DONE, "", now())
    return True


@dataclass
class _Reader:
    """One import while somebody works on it. `places`: where each page of the folder stands in the wiki."""

    run: ImportRun
    found: Folder

    def __post_init__(self) -> None:
        rows = ImportedPage.objects.filter(space=self.run.space).select_related("article")
        self.places: dict[str, ImportedPage] = {row.source: row for row in rows}
        self.indexes = _indexes(self.found)

    def place_all(self, now: Callable[[], datetime], until: float) -> bool:
        """Every page has an article before the first text is read, so that links between them lead somewhere."""
        for source in self.found.pages:
            if source not in self.places:
                if time.monotonic() > until:
                    return False
                self._place(source, now())
        for source, page in self.places.items():
            above = self.places.get(_above(source, self.run.kind, self.found, self.indexes))
            if above and not page.is_read and page.article.parent_id is None and above.article_id != page.article_id:
                Article.objects.filter(pk=page.article_id).update(parent=above.article_id)
        return True

    def take(self, source: str, now: datetime) -> None:
        """One page. What is wrong with it is said in its line, and the import goes on."""
        page = self.places[source]
        try:
            text = text_of(self.found.pages[source])
            made = self._convert(text, source, page, now)
            with transaction.atomic():
                outcome = self._save(page, made, text, now)
                failpoint("knowledgebase.import.before_commit")
                _line(self.run, source, outcome, "\n".join(made.problems), page.article)
        except (Refused, access.NotAllowed, Unreadable) as refusal:
            _line(self.run, source, ImportOutcome.BAD, str(refusal), page.article)
        except Exception:  # one page that we cannot read may not keep thousands from coming
            logger.exception("A page could not be imported", extra={"run": self.run.pk, "source": source})
            _line(self.run, source, ImportOutcome.BAD, "It could not be read. The log says more.", page.article)

    def slug_of(self, source: str) -> str | None:
        """Where a page of the folder stands."""
        known = self.places.get(source)
        return known.article.slug if known and source in self.found.pages else None

    def _place(self, source: str, now: datetime) -> None:
        """An article without a text yet. A page that cannot be read gets its line, and none."""
        try:
            head = self._head(text_of(self.found.pages[source]))
        except Unreadable as refusal:
            _line(self.run, source, ImportOutcome.BAD, str(refusal))
            return
        name = source.rsplit(".", 1)[0] if self.run.kind == ImportKind.MARKDOWN else source
        title = name.replace(":", "/").rsplit("/", 1)[-1].replace("_", " ").replace("-", " ").strip() or "Page"
        with transaction.atomic():
            article = writing.start(
                space=self.run.space, kind=_kind_of(head), title=title.capitalize()[:200],
                slug=str(head.get("slug") or name.replace(":", "-").replace("/", "-")), by=self.run.by, now=now,
            )  # fmt: skip
            self.places[source] = ImportedPage.objects.create(space=self.run.space, source=source, article=article)

    def _head(self, text: str) -> dict:
        return markdown_folder.front_matter(text)[0] if self.run.kind == ImportKind.MARKDOWN else {}

    def _convert(self, text: str, source: str, page: ImportedPage, now: datetime) -> Converted:
        reading = dokuwiki if self.run.kind == ImportKind.DOKUWIKI else markdown_folder
        refused: list[str] = []
        file_of = partial(self._file, page, now, refused)
        made = reading.convert(text, page_id=source, page_of=self.slug_of, file_of=file_of)
        problems = list(dict.fromkeys([*refused, *made.problems]))
        return Converted(clean_title(made.title), clean_text(made.markdown), problems)

    def _file(self, page: ImportedPage, now: datetime, refused: list[str], name: str) -> FileLink | None:
        """A file that the page shows: taken once, and again when it changed."""
        path = self.found.files.get(name)
        if path is None:
            return None
        try:
            content = bytes_of(path)
            digest = hashlib.sha256(content).hexdigest()
            known = page.files.filter(source=name, sha256=digest).select_related("file").first()
            if known is None:
                with transaction.atomic():
                    file = filing.add_file(
                        article=page.article, content=content, name=path.name, by=self.run.by, now=now
                    )
                    known = ImportedFile.objects.create(page=page, source=name, sha256=digest, file=file)
        except (Refused, Unreadable) as refusal:
            refused.append(f"{path.name}: {refusal}")
            return None
        return FileLink(f"/a/files/{known.file_id}/", bool(known.file.picture_type))

    def _save(self, page: ImportedPage, made: Converted, text: str, now: datetime) -> str:
        row = ImportedPage.objects.select_for_update(of=("self",)).select_related("article__space").get(pk=page.pk)
        if row.is_read and (row.title, row.markdown) == (made.title, made.markdown):
            return ImportOutcome.SAME
        article = row.article
        if article.archived_at:
            raise CannotImport("It was put away here. Bring it back first.")
        head = article.revisions.filter(no=article.head_no).first()
        title, markdown = made.title, made.markdown
        if head and head.markdown != row.markdown:
            markdown = _merged(row.markdown, head.markdown, made.markdown, head.no)
        if head and head.title != row.title:
            title = head.title
        text_is: dict[str, Any] = {"title": title, "markdown": markdown, "comment": f"Imported from {row.source}"[:500]}
        try:
            writing.save(article=article, **text_is, base_no=article.head_no, by=self.run.by, now=now)
        except (NoProcess, BadTemplate) as refusal:
            writing.save(article=article, **text_is, base_no=article.head_no, submit=False, by=self.run.by, now=now)
            made.problems.append(f"Saved, but not published: {refusal}")
        self._tag(article, text, now)
        was_read = row.is_read
        row.title, row.markdown, row.is_read = made.title, made.markdown, True
        row.save(update_fields=["title", "markdown", "is_read"])
        return ImportOutcome.CHANGED if was_read else ImportOutcome.MADE

    def _tag(self, article: Article, text: str, now: datetime) -> None:
        tags = self._head(text).get("tags")
        wanted = [str(tag).strip()[:60] for tag in tags if str(tag).strip()][:20] if isinstance(tags, list) else []
        if wanted and not article.tags:
            shelving.tag(article=article, tags=wanted, by=self.run.by, now=now)


def _merged(base: str, ours: str, theirs: str, no: int) -> str:
    """What was written here and what changed there, in one text. Raises CannotImport where both changed a line."""
    text = merged_text(merge(base, ours, theirs))
    if text is None:
        raise CannotImport(f"The same lines changed here and in the folder. Version {no} stays; change it by hand.")
    return text


def _above(source: str, kind: str, found: Folder, indexes: dict[str, str]) -> str:
    """The page of the folder below which `source` stands; empty at the top."""
    if kind == ImportKind.DOKUWIKI:
        parts = source.split(":")
        spaces = parts[:-2] if parts[-1] == "start" else parts[:-1]
        while spaces:
            for name in (":".join([*spaces, "start"]), ":".join(spaces)):
                if name in found.pages and name != source:
                    return name
            spaces = spaces[:-1]
        return ""
    folder = dirname(source)
    if indexes.get(folder) == source:
        if not folder:
            return ""
        folder = dirname(folder)
    while folder not in indexes and folder:
        folder = dirname(folder)
    above = indexes.get(folder, "")
    return above if above != source else ""


def _indexes(found: Folder) -> dict[str, str]:
    """The page that stands for each folder of Markdown, where it has one."""
    pages = [source for source in found.pages if source.rsplit("/", 1)[-1].lower() in _FOR_A_FOLDER]
    return {dirname(source): source for source in sorted(pages, reverse=True)}


def _kind_of(head: dict) -> str:
    wanted = str(head.get("kind") or "").strip().lower()
    return wanted if wanted in ArticleKind.values else ArticleKind.PAGE


def _line(run: ImportRun, source: str, outcome: str, says: str, article: Article | None = None) -> None:
    ImportLine.objects.get_or_create(
        run=run, source=source[:500], defaults={"outcome": outcome, "says": says[:4000], "article": article}
    )


def _end(run: ImportRun, state: str, said: str, now: datetime) -> None:
    ImportRun.objects.filter(pk=run.pk, state=ImportState.RUNNING).update(state=state, said=said[:500], ended_at=now)
