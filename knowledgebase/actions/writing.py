"""Writing: a page begins, and a text is saved on the one that its author began from (A1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.access import NotAllowed
from accounts.models import Person
from knowledgebase import merging
from knowledgebase.access import may_verify, may_write, newest_of, reads_space
from knowledgebase.actions.drafting import drop_draft, keep_draft, keep_losing, keep_new_draft
from knowledgebase.actions.keeping import (
    CannotKeep,
    add_revision,
    clean_text,
    clean_title,
    digest_of,
    locked,
    note,
)
from knowledgebase.actions.publishing import release
from knowledgebase.actions.verifying import verified
from knowledgebase.choices import ArticleKind, RevisionState, Significance
from knowledgebase.models import Article, ArticleDraft, Revision, Space
from knowledgebase.refusals import Refused
from knowledgebase.slugs import free_slug
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import take_transaction_lock

__all__ = [
    "CannotKeep", "Conflict", "NothingChanged", "create", "drop_draft", "keep_draft", "keep_new_draft", "save", "start",
]  # fmt: skip
SAME_AGAIN = timedelta(minutes=10)


class NothingChanged(Refused):
    """The text says what the newest one says already."""


class Conflict(Refused):
    """Somebody saved meanwhile. Nothing was changed, and the writer's words are kept as their draft, on their base.

    `head`: what stands now, `base`: what the writer began from (None: nothing), `parts`: both changes, piece by piece,
    `merged` and `merged_title`: both together, None where both changed the same lines and somebody has to choose.
    """

    def __init__(self, *, head: Revision, base: Revision | None, title: str, markdown: str) -> None:
        super().__init__(f"{head.author.shown_name} saved version {head.no} while you were writing.")
        self.head, self.base, self.title, self.markdown = head, base, title, markdown
        self.draft: ArticleDraft | None = None
        self.parts = merging.merge(base.markdown if base else "", markdown, head.markdown)
        self.merged = merging.text_of(self.parts)
        self.merged_title = merging.one_line(base.title if base else "", title, head.title)


@dataclass(frozen=True)
class _Words:
    """What somebody wants to keep, cleaned."""

    title: str
    markdown: str
    comment: str
    significance: str

    @property
    def digest(self) -> str:
        return digest_of(self.title, self.markdown)


@transaction.atomic
def start(
    *,
    space: Space,
    kind: str,
    title: str,
    slug: str = "",
    parent: Article | None = None,
    owner: Person | None = None,
    by: Person,
    now: datetime,
) -> Article:
    """A page without a text. Its slug comes of its title where none is named, and is nobody else's, ever.

    Raises NotAllowed, CannotKeep, and Refused where `parent` stands in another space.
    """
    if not may_write(by, space):
        raise NotAllowed("You may not write in this space.")
    if space.archived_at:
        raise Refused(f"{space.name} is archived.")
    if parent and parent.space_id != space.pk:
        raise Refused("A page stands below one of its own space.")
    title = clean_title(title)
    article = Article(
        space=space,
        kind=ArticleKind(kind),
        title=title,
        parent=parent,
        owner=owner or by,
        created_at=now,
        updated_at=now,
    )
    for attempt in range(5):
        article.slug = free_slug(slug or title)
        try:
            with transaction.atomic():
                article.save(force_insert=True)
        except IntegrityError:  # somebody took the slug between our look and our insert
            if attempt == 4:
                raise
        else:
            break
    note(article, "started", by=by, now=now, slug=article.slug)
    return article


@transaction.atomic
def create(
    *,
    space: Space,
    kind: str,
    title: str,
    markdown: str,
    comment: str = "",
    parent: Article | None = None,
    submit: bool = True,
    verify: bool = False,
    draft: int | None = None,
    by: Person,
    now: datetime,
) -> Article:
    """A new page with its first text. Asked for twice, as by a form that is sent twice: one page.

    `draft` is the key of the draft that it was written in, which ends. Raises as `start` and `save`.
    """
    take_transaction_lock(f"knowledgebase.create:{by.pk}")
    title, text = clean_title(title), clean_text(markdown)
    same = Revision.objects.filter(
        article__space=space, author=by, no=1, digest=digest_of(title, text), created_at__gt=now - SAME_AGAIN
    )
    if known := same.select_related("article__space").first():
        return known.article
    article = start(space=space, kind=kind, title=title, parent=parent, by=by, now=now)
    save(
        article=article, title=title, markdown=text, base_no=0, comment=comment, submit=submit, verify=verify, by=by,
        now=now,
    )  # fmt: skip
    if draft:
        drop_draft(pk=draft, by=by)
    article.refresh_from_db()
    return article


def save(
    *,
    article: Article,
    title: str,
    markdown: str,
    base_no: int,
    comment: str = "",
    significance: str = Significance.MEDIUM,
    submit: bool = True,
    verify: bool = False,
    known: int | None = 0,
    by: Person,
    now: datetime,
) -> Revision:
    """Keep a text as the newest revision. `submit`: publish it, or hand it in where somebody else has to approve.

    `verify`: `by` has read the whole page, word for word; only where they publish alone. Everybody who reads the space
    may hand in; who may not write there suggests. The same words again by the same person are one revision.
    `known` is the version of the draft that the form knows, 0 for none, as of programs and imports; None: whatever is
    there is part of this text. What another window has kept since stays a draft, also beside one that lost a race.

    Raises Conflict when anybody's text came after `base_no`, NothingChanged, CannotKeep, NoProcess and BadTemplate
    (only with `submit`), and NotAllowed.
    """
    words = _Words(clean_title(title), clean_text(markdown), comment, Significance(significance))
    try:
        with transaction.atomic():
            row = locked(article)
            revision = _save(row, words, base_no, submit=submit, verify=verify, by=by, now=now)
            _end_draft(row, words, known, by)
            failpoint("knowledgebase.save.before_commit")
            return revision
    except Conflict as conflict:
        conflict.draft = keep_losing(
            article=article, title=words.title, markdown=words.markdown, base_no=base_no, comment=comment,
            known=known, by=by, now=now,
        )  # fmt: skip
        raise


def _save(
    article: Article, words: _Words, base_no: int, *, submit: bool, verify: bool, by: Person, now: datetime
) -> Revision:
    _need_writer(article, by, verify=verify)
    submit = submit or not may_write(by, article.space)
    head = newest_of(article)
    is_newest = base_no == article.head_no or base_no == (head.no if head else 0)
    if head and head.digest == words.digest and (is_newest or head.author_id == by.pk):
        return _same(article, head, is_new=is_newest, submit=submit, verify=verify, by=by, now=now)
    if head and not is_newest:
        base = article.revisions.filter(no=base_no).first() if 0 < base_no < head.no else None
        raise Conflict(head=head, base=base, title=words.title, markdown=words.markdown)
    revision = add_revision(
        article, title=words.title, markdown=words.markdown, base_no=head.no if head else 0, by=by, now=now,
        comment=words.comment, significance=words.significance,
    )  # fmt: skip
    failpoint("knowledgebase.save.kept")
    if submit:
        release(article, revision, by=by, now=now, verify=verify)
    else:
        note(article, "saved", by=by, now=now, revision=revision.no)
    return revision


def _same(
    article: Article, head: Revision, *, is_new: bool, submit: bool, verify: bool, by: Person, now: datetime
) -> Revision:
    """What is asked for with the words that stand already: hand them in, vouch for them, or nothing."""
    if submit and head.state == RevisionState.SAVED and head.no == article.head_no:
        release(article, head, by=by, now=now, verify=verify)
    elif verify and head.pk == article.published_id and is_new:
        verified(article, head, by, now)
        note(article, "verified", by=by, now=now, revision=head.no)
    elif is_new:
        raise NothingChanged(f"Nothing is different from version {head.no}.")
    return head


def _end_draft(article: Article, words: _Words, known: int | None, by: Person) -> None:
    row = ArticleDraft.objects.filter(article=article, person=by).first()
    if row and (known in (None, row.version) or row.markdown.rstrip() == words.markdown):
        row.delete()


def _need_writer(article: Article, by: Person, *, verify: bool) -> None:
    if not reads_space(by, article.space):
        raise NotAllowed("You do not read this space.")
    if article.archived_at or article.space.archived_at:
        raise Refused("This page is archived. Bring it back first.")
    if verify and (article.space.needs_approval or not may_verify(by, article)):
        raise NotAllowed("Who approves the text says that they read it whole.")
