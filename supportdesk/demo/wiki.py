"""What this company knows: the pages of `wiki/<space>/*.md`, written, approved and changed by its people over weeks.

Each file begins with front matter (title, kind, parent, tags, icon, owner, position); its name is the page's slug.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from accounts.models import Person
from knowledgebase.actions import publishing, writing
from knowledgebase.choices import ArticleKind, Significance
from knowledgebase.models import Article, Revision, Space
from supportdesk.demo.company import Company
from supportdesk.demo.trade import DOMAIN
from supportdesk.demo.wiki_changes import Change, all_changes

FOLDER = Path(__file__).parent / "wiki"
EDITOR, ADMIN = "elena", "adaeze"
FIRST_DAYS = timedelta(days=5)


@dataclass(frozen=True)
class Page:
    """A page of the demo as its file says it. `owner` is a first name."""

    space: str
    slug: str
    title: str
    markdown: str
    owner: str
    kind: str = ArticleKind.PAGE
    parent: str = ""
    icon: str = ""
    tags: tuple[str, ...] = ()
    position: int = 0


@cache
def all_pages() -> tuple[Page, ...]:
    """Every page, those that others stand below first."""
    pages = [_page(path) for path in sorted(FOLDER.glob("*/*.md"))]
    return tuple(sorted(pages, key=lambda page: (page.parent != "", page.space, page.position, page.slug)))


def begin(company: Company, pages: Sequence[Page], *, now: datetime) -> dict[str, Article]:
    """Open every page, yet without a text, so that a link leads somewhere whichever text comes first."""
    Space.objects.filter(key="work").update(needs_approval=True)  # here somebody else always looks
    spaces = {space.key: space for space in Space.objects.all()}
    found: dict[str, Article] = {}
    for page in pages:
        article = writing.start(
            space=spaces[page.space], kind=page.kind, title=page.title, slug=page.slug, parent=found.get(page.parent),
            owner=who(company, page.owner), by=who(company, _author(page)), now=now,
        )  # fmt: skip
        Article.objects.filter(pk=article.pk).update(tags=list(page.tags), icon=page.icon, position=page.position)
        found[page.slug] = article
    return found


def lives(company: Company, pages: Sequence[Page], *, since: datetime, until: datetime) -> Iterator[Iterator[datetime]]:
    """The story of each page: its first text in the first days, then what was changed; tell them to the World."""
    for place, page in enumerate(pages):
        yield _life(company, page, since + FIRST_DAYS * place / len(pages), until)


def who(company: Company, first_name: str) -> Person:
    """Somebody of the staff."""
    return company.staff[f"{first_name}@{DOMAIN}"]


def _life(company: Company, page: Page, begins: datetime, until: datetime) -> Iterator[datetime]:
    changes = [change for change in all_changes() if change.slug == page.slug]
    texts = _texts(page, changes)
    yield begins
    _publish(company, page, next(texts), _author(page), _approver(_author(page)), begins)
    for change, text in zip(changes, texts, strict=True):
        at = _working_day(until - timedelta(days=change.days_ago))
        yield at
        if change.answer or change.waits:
            revision = _save(company, page, text, change, at)
            if change.answer:
                at += timedelta(hours=20)
                yield at
                publishing.reject(revision, answer=change.answer, by=who(company, _approver(change.by)), now=at)
        else:
            _publish(company, page, text, change.by, _approver(change.by), at, change)


def _working_day(at: datetime) -> datetime:
    # Nobody changes a page at the weekend, nor on the last days of a month, when its reading has just been completed.
    while at.weekday() > 4 or (at + timedelta(days=2)).month != at.month:
        at -= timedelta(days=1)
    return at


def _texts(page: Page, changes: list[Change]) -> Iterator[str]:
    """The first text, and the text after each change. The file holds the text as readers see it today."""
    taken = [change for change in changes if not change.answer and not change.waits]
    first = page.markdown
    for change in reversed(taken):
        for before, now in reversed(change.swaps):
            first = _swap(first, now, before, page.slug)
    text = first
    yield text
    for change in changes:
        changed = text
        for before, now in change.swaps:
            changed = _swap(changed, before, now, page.slug)
        if not change.answer:
            text = changed
        yield changed


def _swap(text: str, old: str, new: str, slug: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"{slug}: “{old[:60]}” has to stand there exactly once.")
    return text.replace(old, new)


def _publish(
    company: Company, page: Page, text: str, author: str, approver: str, at: datetime, change: Change | None = None
) -> None:
    revision = _save(company, page, text, change, at, author=author)
    if revision.article.space.needs_approval:
        publishing.approve(revision, by=who(company, approver), now=at + timedelta(minutes=50))


def _save(
    company: Company, page: Page, text: str, change: Change | None, at: datetime, *, author: str = ""
) -> Revision:
    article = Article.objects.get(slug=page.slug)
    return writing.save(
        article=article, title=page.title, markdown=text, base_no=article.head_no,
        comment=change.comment if change else "First text", by=who(company, change.by if change else author), now=at,
        significance=Significance(change.significance) if change else Significance.MAJOR,
    )  # fmt: skip


def _author(page: Page) -> str:
    # Whoever only decides reviews does not write.
    return "tom" if page.owner == "ruth" else page.owner


def _approver(author: str) -> str:
    return ADMIN if author == EDITOR else EDITOR


def _page(path: Path) -> Page:
    _, head, text = path.read_text(encoding="utf-8").split("---\n", 2)
    said = dict(line.split(": ", 1) for line in head.splitlines())
    return Page(
        space=path.parent.name,
        slug=path.stem,
        title=said["title"].strip('"'),
        markdown=text.strip(),
        owner=said["owner"],
        kind=said.get("kind", ArticleKind.PAGE),
        parent=said.get("parent", ""),
        icon=said.get("icon", ""),
        tags=tuple(tag.strip() for tag in said.get("tags", "").split(",") if tag.strip()),
        position=int(said.get("position", 0)),
    )
