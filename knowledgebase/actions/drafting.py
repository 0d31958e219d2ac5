"""What somebody writes is kept while they write, before they save it. Nobody else sees it.

Two windows of one person never overwrite each other: whoever keeps names the version that they know, and is refused
where it is no longer the newest. An empty editor overwrites nothing, ever: a draft is thrown away by saying so.
"""

from datetime import datetime

from django.db import transaction

from accounts.access import NotAllowed
from accounts.models import Person
from knowledgebase.access import may_write, reads_space
from knowledgebase.models import Article, ArticleDraft, Space
from knowledgebase.models.articles import LONGEST_TEXT, LONGEST_TITLE
from knowledgebase.refusals import Refused
from supportdesk.lib.locks import take_transaction_lock

MOST_DRAFTS = 100


class DraftChanged(Refused):
    """Another window kept, saved or threw away since. `other` is what stands there now, None when nothing does."""

    def __init__(self, other: ArticleDraft | None) -> None:
        what = "wrote on this page in another window" if other else "saved or threw away this draft in another window"
        super().__init__(f"You {what}. Your words are still here.")
        self.other = other


@transaction.atomic
def keep_draft(
    *,
    article: Article,
    title: str,
    markdown: str,
    base_no: int,
    comment: str = "",
    known: int | None = None,
    by: Person,
    now: datetime,
) -> ArticleDraft | None:
    """Keep what `by` writes on a page. `known`: the version that the window knows, 0 for none; None: whatever is there.

    Raises DraftChanged. None: nothing was written, and nothing is kept.
    """
    if not reads_space(by, article.space):
        raise NotAllowed("You do not read this space.")
    _hold(by)
    row = ArticleDraft.objects.select_for_update().filter(article=article, person=by).first()
    empty = ArticleDraft(article=article, person=by, space=article.space, kind=article.kind, created_at=now)
    return _keep(row, empty, title=title, markdown=markdown, base_no=base_no, comment=comment, known=known, now=now)


@transaction.atomic
def keep_losing(
    *, article: Article, title: str, markdown: str, base_no: int, comment: str, known: int | None, by: Person,
    now: datetime,
) -> ArticleDraft | None:  # fmt: skip
    """Keep the text of whoever came second to save as their draft of that page.

    There is one of a page: what another window of theirs has kept since is set aside as a draft of a new page.
    """
    _hold(by)
    row = ArticleDraft.objects.select_for_update().filter(article=article, person=by).first()
    is_another = row is not None and known not in (None, row.version) and row.markdown.strip()
    if row and is_another and row.markdown.rstrip() != markdown.rstrip():
        ArticleDraft.objects.create(
            person=by, space=row.space, kind=row.kind, title=row.title, markdown=row.markdown, comment=row.comment,
            version=1, created_at=row.created_at, updated_at=now,
        )  # fmt: skip
    return keep_draft(article=article, title=title, markdown=markdown, base_no=base_no, comment=comment, by=by, now=now)


@transaction.atomic
def keep_new_draft(
    *,
    pk: int | None = None,
    space: Space,
    kind: str,
    title: str,
    markdown: str,
    comment: str = "",
    known: int | None = None,
    ticket_id: int | None = None,
    by: Person,
    now: datetime,
) -> ArticleDraft | None:
    """Keep what `by` writes as a new page. Without `pk` a new draft begins. Raises as `keep_draft`, and Refused when
    there are too many.
    """
    if not may_write(by, space):
        raise NotAllowed("You may not write in this space.")
    _hold(by)
    mine = ArticleDraft.objects.select_for_update().filter(person=by, article=None)
    row = mine.filter(pk=pk).first() if pk else None
    if pk and row is None:
        raise DraftChanged(None)
    if row is None and mine.count() >= MOST_DRAFTS:
        raise Refused(f"You have {MOST_DRAFTS} drafts of new pages. Throw some away first.")
    empty = ArticleDraft(person=by, ticket_id=ticket_id, created_at=now)
    draft = row or empty
    draft.space, draft.kind = space, kind
    return _keep(row, draft, title=title, markdown=markdown, base_no=0, comment=comment, known=known, now=now)


@transaction.atomic
def drop_draft(*, article: Article | None = None, pk: int | None = None, by: Person) -> None:
    """Throw away one's draft of a page, or of a new page by its key. Nothing there: nothing happens."""
    rows = ArticleDraft.objects.filter(person=by)
    (rows.filter(article=article) if article else rows.filter(article=None, pk=pk or 0)).delete()


def _keep(
    row: ArticleDraft | None, draft: ArticleDraft, *, known: int | None, now: datetime, **typed: str | int
) -> ArticleDraft | None:
    words = {name: _storable(value) if isinstance(value, str) else value for name, value in typed.items()}
    words["title"], words["comment"] = str(words["title"])[:LONGEST_TITLE], str(words["comment"])[:500]
    if len(str(words["markdown"])) > LONGEST_TEXT:
        raise Refused(f"A page takes {LONGEST_TEXT:,} characters. What is above that is not kept.")
    if row and all(getattr(row, name) == value for name, value in words.items()) and row.space_id == draft.space_id:
        return row
    if not str(words["markdown"]).strip() and (row is not None or not str(words["title"]).strip()):
        return row
    if known is not None and known != (row.version if row else 0):
        raise DraftChanged(row)
    draft = row or draft
    for name, value in words.items():
        setattr(draft, name, value)
    draft.version += 1
    draft.updated_at = now
    draft.save()
    return draft


def _hold(by: Person) -> None:
    take_transaction_lock(f"knowledgebase.drafts:{by.pk}")


def _storable(text: str) -> str:
    return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
