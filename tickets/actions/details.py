"""What a ticket is about and how urgent: its subject, priority, type, tags, team."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.journal import record
from tickets import clocks
from tickets.actions.assign import change_team
from tickets.actions.deeds import note_deed
from tickets.actions.intake import SUBJECT_LENGTH, clean_line
from tickets.actions.keeping import keep, locked, write_event
from tickets.choices import Priority, TicketType
from tickets.models import Team, Ticket
from tickets.refusals import Refused

MOST_TAGS = 20
TAG_LENGTH = 60


class CannotChange(Refused):
    """The new value is not one that a ticket can have."""


@transaction.atomic
def change(
    *,
    ticket: Ticket,
    by,
    now: datetime,
    subject: str | None = None,
    priority: str | None = None,
    type: str | None = None,
    tags: Sequence[str] | None = None,
    team: Team | None = None,
    undoable: bool = False,
) -> None:
    """Change what is given, leave what is None. A new priority or team is a new promise from the same start.

    `undoable`: `by` may take it back from the strip. Raises CannotChange.
    """
    row = locked(ticket)
    changes = _changes(row, subject=subject, priority=priority, type=type, tags=tags, team=team)
    if not changes:
        return
    for name, value in changes.items():
        if name == "team":
            change_team(row, value, now)
        else:
            setattr(row, name, value)
    promise = clocks.promise_for(row)
    if "priority" in changes:
        clocks.promise_again(row, promise, now)
    keep(row, promise=promise, now=now)
    words = ", ".join(f"{name} to {_shown(value)}" for name, value in changes.items())
    write_event(row, kind="changed", text=f"{by.shown_name} changed {words}.", by=by, now=now)
    if undoable:
        note_deed(row, by=by, kind="changed", text=f"Ticket {row.pk} changed", parts=tuple(changes), now=now)
    data = {name: _shown(value) for name, value in changes.items()}
    record(by=by, action="tickets.change", subject=row, data=data, now=now)


def _changes(row: Ticket, *, subject, priority, type, tags, team) -> dict:
    wanted = {"priority": priority, "type": type, "team": team}
    if subject is not None:
        wanted["subject"] = clean_line(subject)[:SUBJECT_LENGTH]
        if not wanted["subject"]:
            raise CannotChange("A ticket needs a subject.")
    if tags is not None:
        wanted["tags"] = _tags(tags)
    if priority is not None and priority not in Priority.values:
        raise CannotChange("Choose one of the priorities.")
    if type is not None and type not in TicketType.values:
        raise CannotChange("Choose one of the types.")
    return {name: value for name, value in wanted.items() if value is not None and getattr(row, name) != value}


def _tags(tags: Sequence[str]) -> list[str]:
    cleaned = [clean_line(tag).lower().lstrip("#") for tag in tags]
    distinct = list(dict.fromkeys(tag for tag in cleaned if tag))
    if len(distinct) > MOST_TAGS:
        raise CannotChange(f"A ticket carries {MOST_TAGS} tags at most.")
    if any(len(tag) > TAG_LENGTH for tag in distinct):
        raise CannotChange(f"A tag has {TAG_LENGTH} characters at most.")
    return distinct


def _shown(value) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)
