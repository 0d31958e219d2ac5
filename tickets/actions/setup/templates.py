"""Reply templates: words that agents insert and then read before they send.

Everybody's and a team's are written by admins, one's own by whoever answers tickets.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import access, journal
from accounts.models import Person
from tickets.models import ReplyTemplate, ScopeRule, Team
from tickets.refusals import Refused


class CannotChangeTemplate(Refused):
    """The message may be shown to the person who asked."""


def create_template(
    *, name: str, body: str, by: Person, now: datetime, folder: str = "", team: Team | None = None, is_own: bool = False
) -> ReplyTemplate:
    """Keep words for later: `is_own` for oneself, else for `team`, else for everybody. Placeholders are stored as they
    were written (security.md S55). Raises CannotChangeTemplate, and NotAllowed for somebody else's.
    """
    _require(None, is_own=is_own, by=by, now=now)
    with transaction.atomic():
        template = ReplyTemplate()
        _write(template, name, body, folder, None if is_own else team, by if is_own else None)
        _record(template, "tickets.create_reply_template", by, now, body=body)
    return template


def change_template(
    *,
    template: ReplyTemplate,
    name: str,
    body: str,
    by: Person,
    now: datetime,
    folder: str = "",
    team: Team | None = None,
    is_own: bool = False,
) -> ReplyTemplate:
    """Replace the words and who is offered them. What was sent before stays as it was sent. Raises as above."""
    _require(template, is_own=is_own, by=by, now=now)
    with transaction.atomic():
        row = ReplyTemplate.objects.select_for_update().filter(pk=template.pk).first()
        if row is None:
            raise CannotChangeTemplate("Somebody removed this template a moment ago")
        _write(row, name, body, folder, None if is_own else team, by if is_own else None)
        _record(row, "tickets.change_reply_template", by, now, body=body)
    return row


def remove_template(*, template: ReplyTemplate, by: Person, now: datetime) -> None:
    """Forget the words; the journal keeps them. Gone already: nothing happens. Raises NotAllowed, and
    CannotChangeTemplate while a rule about what we support declines with them.
    """
    _require(template, is_own=template.owner_id is not None, by=by, now=now)
    with transaction.atomic():
        row = ReplyTemplate.objects.select_for_update().filter(pk=template.pk).first()
        if row is not None:
            if ScopeRule.objects.filter(template=row).exists():
                raise CannotChangeTemplate("A rule under “What we support” declines with these words. They stay.")
            _record(row, "tickets.remove_reply_template", by, now, body=row.body)
            row.delete()


def _require(template: ReplyTemplate | None, *, is_own: bool, by: Person, now: datetime) -> None:
    """Own ones for whoever answers tickets; everything else takes the right, before and after."""
    access.require(by, "tickets.work", now=now)
    if template is not None and template.owner_id not in (None, by.pk):
        raise access.NotAllowed("This template belongs to somebody else.")
    was_shared = template is not None and template.owner_id is None
    if was_shared or not is_own:
        access.require(by, "desk.set_up", now=now)


def _write(row: ReplyTemplate, name: str, body: str, folder: str, team: Team | None, owner: Person | None) -> None:
    if ReplyTemplate.objects.filter(name__iexact=name, owner=owner).exclude(pk=row.pk or 0).exists():
        raise CannotChangeTemplate(f"There is already a template called {name}")
    row.name, row.body, row.folder, row.team, row.owner = name, body, folder, team, owner
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:  # somebody was quicker
        raise CannotChangeTemplate(f"There is already a template called {name}, or its team was removed") from None


def _record(template: ReplyTemplate, action: str, by: Person, now: datetime, *, body: str) -> None:
    """What somebody wrote for themselves is their own: of that the journal keeps who and when."""
    kept: dict[str, object] = {"owner": template.owner_id} if template.owner_id else {"body": body}
    if template.team_id:
        kept["team"] = template.team_id
    journal.record(
        by=by,
        action=action,
        subject=f"tickets.reply_template:{template.pk}",
        data={"name": template.name, **kept},
        now=now,
    )
