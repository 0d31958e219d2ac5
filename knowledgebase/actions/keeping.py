"""One writer at a time on an article, a new revision at its end, and what happens when a text is published."""

import hashlib
from datetime import datetime

from accounts.journal import record
from accounts.models import Person
from knowledgebase.actions.indexing import index
from knowledgebase.actions.linking import keep_links
from knowledgebase.actions.steps import check_runnable, keep_steps
from knowledgebase.actions.verifying import forget, verified
from knowledgebase.choices import ArticleKind, RevisionState, Significance, Visibility
from knowledgebase.markdown import plain, render
from knowledgebase.models import Article, Revision
from knowledgebase.models.articles import LONGEST_TEXT, LONGEST_TITLE
from knowledgebase.refusals import Refused
from knowledgebase.template_text import problems_in

SUMMARY = 255


class BadTemplate(Refused):
    """Braces in a mail that nothing can fill. `problems` are the sentences that say which."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class CannotKeep(Refused):
    """A title or a text that cannot be a revision. `field` names which."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


def locked(article: Article) -> Article:
    """The article as it stands now; nobody else changes it until the transaction ends. Raises Refused: it is gone."""
    row = Article.objects.select_for_update(of=("self",)).select_related("space", "published").filter(pk=article.pk)
    found = row.first()
    if found is None:
        raise Refused("This page is no longer here.")
    return found


def digest_of(title: str, markdown: str) -> str:
    """SHA-256 of a title and a text: equal exactly where both are."""
    return hashlib.sha256(f"{title}\n{markdown}".encode()).hexdigest()


def clean_title(title: str) -> str:
    """A title on one line. Raises CannotKeep where none is left, or too much."""
    words = " ".join(title.replace("\0", "").split())
    if not words:
        raise CannotKeep("Enter a title", "title")
    if len(words) > LONGEST_TITLE:
        raise CannotKeep(f"The title has {len(words)} characters. It may have {LONGEST_TITLE}.", "title")
    return words


def clean_text(markdown: str) -> str:
    """A text as it is kept: lines end alike, nothing after the last. Raises CannotKeep where it is too long."""
    text = markdown.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").rstrip()
    if len(text) > LONGEST_TEXT:
        raise CannotKeep(f"The text has {len(text):,} characters. A page takes {LONGEST_TEXT:,}.", "markdown")
    return text


def add_revision(
    article: Article,
    *,
    title: str,
    markdown: str,
    base_no: int,
    by: Person,
    now: datetime,
    comment: str = "",
    significance: str = Significance.MEDIUM,
    restores: int | None = None,
) -> Revision:
    """Put a text at the end of a locked article. It is saved with its steps, and nobody but staff sees it yet."""
    page = render(markdown)
    revision = Revision.objects.create(
        article=article, no=article.head_no + 1, base_no=base_no, title=title, markdown=markdown,
        html=page.html, words=page.words,
        headings=[{"level": one.level, "id": one.id, "words": one.words} for one in page.headings],
        digest=digest_of(title, markdown), author=by, comment=" ".join(comment.replace("\0", "").split())[:500],
        significance=significance, restores=restores, created_at=now,
    )  # fmt: skip
    keep_steps(revision)
    article.head_no = revision.no
    article.updated_at = now
    if article.published_id is None:
        article.title = title
    article.save(update_fields=["head_no", "updated_at", "title"])
    if article.published_id is None:
        index(article)
    return revision


def check_publishable(revision: Revision) -> None:
    """Raises NoProcess or BadTemplate where the text cannot be what a page of its kind has to be."""
    check_runnable(revision)
    if revision.article.kind == ArticleKind.TEMPLATE and (
        problems := problems_in(f"{revision.title}\n{revision.markdown}")
    ):
        raise BadTemplate(problems)


def publish(
    article: Article, revision: Revision, *, reviewer: Person | None, by: Person, now: datetime, verify: bool = False
) -> None:
    """Let readers see this text from now on. What waited before it is in it. `verify`: `by` has read it whole.

    What was reported as wrong before it was written is answered by it, unless it changes only wording.
    Raises NoProcess and BadTemplate.
    """
    check_publishable(revision)
    revision.state, revision.reviewer, revision.reviewed_at = RevisionState.APPROVED, reviewer, now
    revision.save(update_fields=["state", "reviewer", "reviewed_at"])
    article.revisions.waiting().filter(no__lt=revision.no).update(
        state=RevisionState.SAVED, answer=f"Went on in version {revision.no}."
    )
    article.published, article.published_at, article.updated_at = revision, now, now
    article.title, article.summary = revision.title, summary_of(revision.markdown)
    article.waiting = article.revisions.waiting().exists()
    if _answers_report(article, revision):
        article.needs_change, article.needs_change_at = "", None
    article.save(
        update_fields=[
            "published", "published_at", "updated_at", "title", "summary", "waiting", "needs_change", "needs_change_at",
        ]
    )  # fmt: skip
    keep_links(revision)
    index(article)
    if verify:
        verified(article, revision, by, now)
    else:
        forget(article, now)


def _answers_report(article: Article, revision: Revision) -> bool:
    if article.needs_change_at is None or article.needs_change_at > revision.created_at:
        return False
    return revision.significance != Significance.TYPO


def note(article: Article, action: str, *, by: Person, now: datetime, **data: object) -> None:
    """Write it into the journal: the last statement of the transaction.

    Leads and observers read the journal, and not every space of roles: of those pages it holds numbers, no words (A4).
    """
    if article.space.visibility == Visibility.ROLE:
        data = {name: value for name, value in data.items() if value is None or isinstance(value, int)}
    record(by=by, action=f"article.{action}", subject=article, data=data, now=now)


def summary_of(markdown: str) -> str:
    """The first words of a text."""
    words = " ".join(plain(markdown[:4_000]).split())
    return words if len(words) <= SUMMARY else words[: SUMMARY - 1].rsplit(" ", 1)[0] + "…"
