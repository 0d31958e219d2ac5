"""Where an article stands: its address, its place in the tree, its tags; put away and brought back (A6)."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from accounts.access import NotAllowed, can
from accounts.models import Person
from knowledgebase.access import may_write
from knowledgebase.actions import link_checking, publishing
from knowledgebase.actions.indexing import index
from knowledgebase.actions.keeping import add_revision, locked, note
from knowledgebase.actions.linking import judge
from knowledgebase.actions.shelves import is_wider
from knowledgebase.models import Article, Link, Redirect, Revision, Space
from knowledgebase.queries_tree import DEEPEST
from knowledgebase.refusals import Refused
from knowledgebase.slugs import LONGEST, TAKEN

MOST_TAGS = 20
LONGEST_TAG = 60


class CannotShelve(Refused):
    """Nothing moved. `field` names what was entered wrongly, if anything was."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


def may_shelve(person: Person, article: Article) -> bool:
    """Whether they may move, rename or archive it. What customers read moves by the hand of who may publish."""
    if not may_write(person, article.space):
        return False
    return not article.space.is_public_side or article.published_id is None or can(person, "articles.publish")


@transaction.atomic
def rename(*, article: Article, slug: str, by: Person, now: datetime) -> Article:
    """Give it another address. The old one leads here for ever, and no link breaks. Raises CannotShelve."""
    row = _mine(article, by)
    wanted = slug.strip().strip("/").lower()
    if wanted == row.slug:
        return row
    _need_free(wanted, row)
    Redirect.objects.filter(slug=wanted, article=row).delete()
    Redirect.objects.update_or_create(slug=row.slug, defaults={"article": row, "created_at": now})
    before, row.slug, row.updated_at = row.slug, wanted, now
    row.save(update_fields=["slug", "updated_at"])
    judge(Link.objects.filter(target=row))
    note(row, "renamed", by=by, now=now, before=before, after=wanted)
    return row


@transaction.atomic
def move(
    *,
    article: Article,
    space: Space,
    parent: Article | None = None,
    position: int = 0,
    by: Person,
    now: datetime,
) -> Article:
    """Put it elsewhere in the tree. Raises CannotShelve and NotAllowed.

    The pages below it come along within its space; into another one it goes alone. Where a text wants approval, one
    that nobody but its author has seen waits for it first, and so does any that more people will read there.
    """
    row = _mine(article, by)
    if not may_write(by, space) or space.archived_at:
        raise NotAllowed("You may not write in this space.")
    _need_place(row, space, parent)
    before = row.space
    if space.pk != before.pk:
        row.children.update(parent=row.parent_id, updated_at=now)
    row.space, row.parent, row.position, row.updated_at = space, parent, position, now
    row.save(update_fields=["space", "parent", "position", "updated_at"])
    if space.pk != before.pk:
        _ask_for_approval(row, before, by, now)
        judge(Link.objects.filter(Q(target=row) | Q(article=row)))
    index(row)
    note(row, "moved", by=by, now=now, before=before.pk, after=space.pk, below=parent.pk if parent else None)
    return row


@transaction.atomic
def tag(*, article: Article, tags: Sequence[str], by: Person, now: datetime) -> Article:
    """Set its tags: lower case, each once, in the order given. Raises CannotShelve."""
    row = _mine(article, by)
    wanted = list(dict.fromkeys(filter(None, (_plain(word).lower() for word in tags))))
    if len(wanted) > MOST_TAGS:
        raise CannotShelve(f"Use at most {MOST_TAGS} tags.", "tags")
    if long := next((word for word in wanted if len(word) > LONGEST_TAG), ""):
        raise CannotShelve(f"A tag has at most {LONGEST_TAG} characters: “{long[:30]}…” has {len(long)}.", "tags")
    if wanted == row.tags:
        return row
    row.tags, row.updated_at = wanted, now
    row.save(update_fields=["tags", "updated_at"])
    index(row)
    note(row, "tagged", by=by, now=now, tags=wanted)
    return row


@transaction.atomic
def give(*, article: Article, owner: Person, by: Person, now: datetime) -> Article:
    """Let somebody else of the staff look after it. Raises CannotShelve."""
    row = _mine(article, by)
    if not owner.is_active or not may_write(owner, row.space):
        raise CannotShelve(f"{owner.shown_name} may not write in this space, so cannot look after the page.", "owner")
    if owner.pk == row.owner_id:
        return row
    row.owner, row.updated_at = owner, now
    row.save(update_fields=["owner", "updated_at"])
    note(row, "given", by=by, now=now, owner=owner.pk)
    return row


@transaction.atomic
def archive(*, article: Article, by: Person, now: datetime) -> Article:
    """Put it away: staff still find it, nobody else does. The owners of pages that lead to it are told once (A6)."""
    row = _mine(article, by)
    if row.archived_at:
        return row
    row.children.update(parent=row.parent_id, updated_at=now)
    row.archived_at = row.updated_at = now
    row.save(update_fields=["archived_at", "updated_at"])
    judge(Link.objects.filter(target=row))
    link_checking.tell_owners(now=now)
    note(row, "archived", by=by, now=now)
    return row


@transaction.atomic
def unarchive(*, article: Article, by: Person, now: datetime) -> Article:
    """Bring it back as it was. Readers see what they saw."""
    row = _mine(article, by)
    if not row.archived_at:
        return row
    row.archived_at, row.updated_at = None, now
    row.save(update_fields=["archived_at", "updated_at"])
    judge(Link.objects.filter(target=row))
    note(row, "unarchived", by=by, now=now)
    return row


def _mine(article: Article, by: Person) -> Article:
    row = locked(article)
    if not may_shelve(by, row):
        raise NotAllowed("You may not move this page. Ask an editor.")
    return row


def _need_free(wanted: str, row: Article) -> None:
    if not wanted or len(wanted) > LONGEST or wanted != slugify(wanted).strip("-_"):
        raise CannotShelve(f"Use letters from a to z, figures and dashes for the address, at most {LONGEST}.", "slug")
    if wanted in TAKEN:
        raise CannotShelve(f"“{wanted}” is a page of the wiki itself. Choose another address.", "slug")
    if Article.objects.filter(slug=wanted).exists():
        raise CannotShelve(f"Another page has the address “{wanted}”.", "slug")
    if Redirect.objects.filter(slug=wanted).exclude(article=row).exists():
        raise CannotShelve(f"“{wanted}” was the address of another page and still leads there.", "slug")


def _need_place(row: Article, space: Space, parent: Article | None) -> None:
    if parent is None:
        return
    if parent.space_id != space.pk or parent.archived_at:
        raise CannotShelve("Choose a page of the same space to stand below.", "parent")
    above: Article | None = parent
    depth = 1
    while above:
        if above.pk == row.pk:
            raise CannotShelve("A page cannot stand below itself.", "parent")
        above, depth = above.parent, depth + 1
        if depth > DEEPEST:
            raise CannotShelve(f"Pages stand at most {DEEPEST} deep. Choose one higher up.", "parent")


def _ask_for_approval(row: Article, before: Space, by: Person, now: datetime) -> None:
    """Take back from readers what two people have not seen for these readers, and hand it in."""
    shown = row.published
    if not row.space.needs_approval or shown is None:
        return
    if shown.reviewer_id and shown.reviewer_id != shown.author_id and not is_wider(before, row.space):
        return
    row.published = row.published_at = None
    row.save(update_fields=["published", "published_at"])
    head = Revision.objects.filter(article=row, no=row.head_no).first() or shown
    again = add_revision(
        row, title=head.title, markdown=head.markdown, base_no=row.head_no, by=by, now=now,
        comment=f"Moved to {row.space.name}",
    )  # fmt: skip
    publishing.hand_in(row, again, by=by, now=now)


def _plain(word: str) -> str:
    return " ".join("".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in word).split())
