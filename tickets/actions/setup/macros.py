"""Macros are written: everybody's and a team's by leads, one's own by oneself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import access, journal
from accounts.models import Person
from tickets.models import Macro, Team
from tickets.refusals import Refused


class CannotChangeMacro(Refused):
    """The message may be shown to the person who asked."""


def save_macro(
    *,
    macro: Macro | None,
    name: str,
    text: str,
    steps: Sequence[dict[str, Any]],
    is_own: bool,
    team: Team | None,
    by: Person,
    now: datetime,
) -> Macro:
    """Make a macro, or change one: `is_own` for oneself, else for `team`, else for everybody. Raises CannotChangeMacro,
    and NotAllowed for somebody else's.
    """
    _require(macro, is_own=is_own, by=by, now=now)
    owner = by if is_own else None
    if not text.strip() and not steps:
        raise CannotChangeMacro("Write what the macro says, or choose what it does")
    with transaction.atomic():
        same = Macro.objects.filter(name__iexact=name, owner=owner, team=None if is_own else team)
        if same.exclude(pk=macro.pk if macro else 0).exists():
            raise CannotChangeMacro(f"There is already a macro called {name}")
        row = Macro.objects.select_for_update().filter(pk=macro.pk).first() if macro else Macro()
        if row is None:
            raise CannotChangeMacro("Somebody removed this macro a moment ago")
        is_new = row.pk is None
        row.name, row.text, row.steps = name, text, list(steps)
        row.owner, row.team = owner, None if is_own else team
        row.save()
        action = "tickets.create_macro" if is_new else "tickets.change_macro"
        _record(row, action, by, now)
    return row


def remove_macro(*, macro: Macro, by: Person, now: datetime) -> None:
    """Forget a macro. What it did stays done. Raises NotAllowed for somebody else's."""
    _require(macro, is_own=macro.owner_id is not None, by=by, now=now)
    with transaction.atomic():
        if Macro.objects.filter(pk=macro.pk).delete()[0]:
            _record(macro, "tickets.remove_macro", by, now)


def _require(macro: Macro | None, *, is_own: bool, by: Person, now: datetime) -> None:
    """Own macros for whoever works here; everything else takes the right, before and after."""
    access.require(by, "tickets.work", now=now)
    is_others = macro is not None and macro.owner_id not in (None, by.pk)
    was_shared = macro is not None and macro.owner_id is None
    if is_others:
        raise access.NotAllowed("This macro belongs to somebody else.")
    if was_shared or not is_own:
        access.require(by, "desk.automate", now=now)


def _record(macro: Macro, action: str, by: Person, now: datetime) -> None:
    data = {"name": macro.name, "owner": macro.owner_id, "team": macro.team_id, "steps": len(macro.steps)}
    journal.record(by=by, action=action, subject=f"tickets.macro:{macro.pk}", data=data, now=now)
