"""Spaces: made, described, put in order, put away. Who reads a space only ever gets fewer while pages stand in it."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from accounts.access import require
from accounts.journal import record
from accounts.models import Person
from knowledgebase.actions.linking import judge
from knowledgebase.choices import PUBLIC_SIDE, Visibility
from knowledgebase.models import Link, Space
from knowledgebase.refusals import Refused

RANK = {Visibility.PUBLIC: 0, Visibility.CUSTOMERS: 1, Visibility.STAFF: 2, Visibility.ROLE: 3}
WIDER = (
    "Pages stand in this space, and more people would read them without anybody looking first. Make another space "
    "and move pages there: each waits for approval."
)


class CannotSetSpace(Refused):
    """Nothing was changed. `field` names what was entered wrongly, if anything was."""

    def __init__(self, words: str, field: str = "") -> None:
        super().__init__(words)
        self.field = field


@transaction.atomic
def save_space(*, space: Space | None, wanted: dict, by: Person, now: datetime) -> Space:
    """Make a space, or change one. `wanted`: name, about, visibility, roles, needs_approval, verify_days, position.

    Its key comes of its first name and stays. Raises CannotSetSpace and NotAllowed.
    """
    require(by, "desk.set_up", now=now)
    name = _plain(wanted["name"])
    visibility, roles = Visibility(wanted["visibility"]), sorted(wanted["roles"])
    if not name:
        raise CannotSetSpace("Enter a name.", "name")
    if Space.objects.filter(name__iexact=name).exclude(pk=space.pk if space else 0).exists():
        raise CannotSetSpace(f"There is a space called “{name}”.", "name")
    if (visibility == Visibility.ROLE) != bool(roles):
        words = "Choose which roles read it." if not roles else "Roles are chosen for a space for certain roles alone."
        raise CannotSetSpace(words, "roles")
    if visibility in PUBLIC_SIDE and not wanted["needs_approval"]:
        raise CannotSetSpace("What customers read is approved by a second person.", "needs_approval")
    row = Space.objects.select_for_update().get(pk=space.pk) if space else Space(key=_free_key(name))
    if space:
        _need_no_wider(row, visibility, roles)
    row.name, row.about, row.visibility, row.roles = name, _plain(wanted["about"]), visibility, roles
    row.needs_approval, row.verify_days = wanted["needs_approval"], wanted["verify_days"]
    row.position = wanted["position"]
    row.save()
    judge(Link.objects.filter(target__space=row))
    data = {"visibility": row.visibility, "roles": row.roles, "approval": row.needs_approval, "days": row.verify_days}
    record(by=by, action="space.changed" if space else "space.added", subject=row, data=data, now=now)
    return row


@transaction.atomic
def archive_space(*, space: Space, by: Person, now: datetime) -> Space:
    """Put an empty space away. Raises CannotSetSpace while a page that is not archived stands in it."""
    require(by, "desk.set_up", now=now)
    row = Space.objects.select_for_update().get(pk=space.pk)
    if row.archived_at:
        return row
    if row.articles.current().exists():
        raise CannotSetSpace("Pages stand in this space. Move or archive them first.")
    row.archived_at = now
    row.save(update_fields=["archived_at"])
    record(by=by, action="space.archived", subject=row, now=now)
    return row


@transaction.atomic
def unarchive_space(*, space: Space, by: Person, now: datetime) -> Space:
    """Bring a space back."""
    require(by, "desk.set_up", now=now)
    row = Space.objects.select_for_update().get(pk=space.pk)
    if row.archived_at:
        row.archived_at = None
        row.save(update_fields=["archived_at"])
        record(by=by, action="space.unarchived", subject=row, now=now)
    return row


def _need_no_wider(row: Space, visibility: Visibility, roles: Sequence[str]) -> None:
    if not row.articles.exists():
        return
    if is_wider(row, Space(visibility=visibility, roles=list(roles))):
        raise CannotSetSpace(WIDER, "roles" if visibility == row.visibility else "visibility")


def is_wider(before: Space, after: Space) -> bool:
    """Whether anybody reads `after` who does not read `before`."""
    if before.visibility == after.visibility == Visibility.ROLE:
        return not set(after.roles) <= set(before.roles)
    return RANK[Visibility(after.visibility)] < RANK[Visibility(before.visibility)]


def _free_key(name: str) -> str:
    base = slugify(name)[:34].strip("-_") or "space"
    taken = set(Space.objects.filter(key__startswith=base).values_list("key", flat=True))
    return next(key for key in (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))) if key not in taken)


def _plain(words: str) -> str:
    return " ".join("".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in words).split())
