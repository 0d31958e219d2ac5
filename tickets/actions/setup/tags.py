"""Rename a tag, or make one of two."""

from datetime import datetime

from accounts import journal
from accounts.models import Person
from tickets.actions.intake import clean_line
from tickets.actions.setup.door import by_admin
from tickets.actions.tags import start_carrying
from tickets.models import Tag
from tickets.refusals import Refused

LENGTH = 60


class CannotRename(Refused):
    """The message may be shown to the admin who asked."""


@by_admin
def rename_tag(*, tag: Tag, to: str, by: Person, now: datetime) -> Tag:
    """Call `tag` something else; if that word is a tag already, the two become one. Answers the tag that stays.

    Tickets follow in the background; whoever types the old word meanwhile gets the new one. Raises CannotRename.
    """
    word = clean_line(to).lower().lstrip("#").strip()
    if not word:
        raise CannotRename("Write the new word.")
    if len(word) > LENGTH or "," in word:
        raise CannotRename(f"A tag has {LENGTH} characters at most and no comma.")
    rows = {row.pk: row for row in Tag.objects.select_for_update().filter(name__in=[tag.name, word]).order_by("pk")}
    row = rows.get(tag.pk)
    if row is None or row.becomes:
        raise CannotRename(f"“{tag.name}” is being renamed already.")
    if row.name == word:
        raise CannotRename("That is its name already.")
    target = next((each for each in rows.values() if each.name == word), None)
    if target is None:
        target = Tag.objects.create(name=word, made_at=now)
    elif target.becomes:
        raise CannotRename(f"“{word}” is becoming “{target.becomes}”. Choose that word.")
    # What was on its way to the old word goes on to the new one.
    Tag.objects.filter(becomes=row.name).exclude(name=word).update(becomes=word)
    row.becomes = word
    row.save(update_fields=["becomes"])
    start_carrying(row, now=now)
    data = {"from": row.name, "to": word}
    journal.record(by=by, action="tickets.rename_tag", subject=f"tickets.tag:{row.pk}", data=data, now=now)
    return target
