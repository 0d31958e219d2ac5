"""What support is for is written down, shown to everybody once, and read (R79)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from accounts.journal import record
from accounts.models import Person
from accounts.permitted import permitted
from insights.models import Goal, Goals, GoalsRead
from insights.programme_choices import GoalFigure
from insights.queries_goals import ADDRESS
from insights.refusals import Refused
from knowledgebase.models import Article


class CannotPublish(Refused):
    """There is nothing to read."""


@permitted("desk.set_up")
def write(
    *, text: str, article: Article | None, asks_again: bool, targets: Mapping[str, Decimal | None], by: Person,
    now: datetime,
) -> Goals:  # fmt: skip
    """Change the words and the figures; a figure without a number is no goal. The first text, and each that
    `asks_again`, everybody is asked to read. Raises CannotPublish.
    """
    Goals.objects.get_or_create(pk=1)
    row = Goals.objects.select_for_update().get(pk=1)
    row.text, row.article = text.replace("\0", "").replace("\r\n", "\n").strip(), article
    if not row.text and row.article is None:
        raise CannotPublish("Write what support is for, or choose the article that says it.")
    if asks_again or not row.version:
        row.version, row.published_at = row.version + 1, now
    row.save()
    _aim(targets)
    hand_out()
    said = {figure: str(target) for figure, target in targets.items() if target is not None}
    record(by=by, action="insights.write_goals", subject=row, data={"version": row.version, "goals": said}, now=now)
    return row


def _aim(targets: Mapping[str, Decimal | None]) -> None:
    for figure in GoalFigure.values:
        target = targets.get(figure)
        if target is None:
            Goal.objects.filter(figure=figure).delete()
        else:
            Goal.objects.update_or_create(figure=figure, defaults={"target": target})


def hand_out() -> int:
    """Everybody on the staff who has not read what stands is asked to; how many. Asked twice, it is once."""
    version = Goals.objects.filter(pk=1, version__gt=0).values_list("version", flat=True).first()
    if version is None:
        return 0
    read = GoalsRead.objects.filter(version=version).values("person")
    return Person.objects.staff().filter(must_read="").exclude(pk__in=read).update(must_read=ADDRESS)


@transaction.atomic
def confirm(*, version: int, by: Person, now: datetime) -> None:
    """`by` read that version. Raises CannotPublish when another stands by now."""
    row = Goals.objects.select_for_update().filter(pk=1, version=version).first()
    if row is None or not version:
        raise CannotPublish("The goals were changed a moment ago. Read them, then say so.")
    _, is_new = GoalsRead.objects.get_or_create(person=by, version=version, defaults={"at": now})
    Person.objects.filter(pk=by.pk, must_read=ADDRESS).update(must_read="")
    if is_new:
        record(by=by, action="insights.read_goals", subject=row, data={"version": version}, now=now)
