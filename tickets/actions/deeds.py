"""What a person did a moment ago, and taking it back: exactly what it changed, where nobody changed it since.

A deed changes one or more parts of a ticket. Each part has guards: when one of them is not as the deed left it,
somebody changed the part meanwhile, and all of it stays. The other fields of a part are restored one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model

from accounts.journal import record
from tickets import clocks
from tickets.actions.keeping import PromiseOf, keep, locked, write_event
from tickets.choices import Category
from tickets.models import Deed, Ticket
from tickets.refusals import Refused

# Nobody reads a strip and presses a key in five seconds; a longer window of the person's own counts (WCAG 2.2.1).
SHORTEST = timedelta(seconds=10)

CLOCKS = ("first_response_due_at", "next_response_due_at", "resolution_due_at", "clocks_paused_at", "sla_started_at")


@dataclass(frozen=True)
class Part:
    """Fields that change together. The guards are among them and decide."""

    name: str
    guards: tuple[str, ...]
    rest: tuple[str, ...] = ()


PARTS = {
    "assignee": Part("who has it", ("assignee_id",)),
    "team": Part("the team", ("team_id", "service_level_id"), CLOCKS),
    "priority": Part("the priority", ("priority",), CLOCKS),
    "type": Part("the type", ("type",)),
    "subject": Part("the subject", ("subject",)),
    "tags": Part("the tags", ("tags",)),
    "seen": Part("whether it was read", ("is_unread", "last_message_id")),
    "reason": Part("the contact reason", ("contact_reason_id",)),
    "follow_up": Part("the follow-up", ("follow_up_at", "category", "snoozed_until"), ("came_back",)),
    # What the customer or an agent wrote since is a change of the state, even when its name is the same.
    "state": Part(
        "the state",
        ("category", "status_id", "snoozed_until", "closed_at", "last_message_id"),
        (*CLOCKS, "closed_by_id", "closed_unanswered", "contact_reason_id", "wakes_on", "stays_snoozed",
         "follow_up_at", "came_back", "is_unread", "has_failed_delivery", "waiting_since", "state_since"),
    ),
}  # fmt: skip


class CannotUndo(Refused):
    """It is too late, it was taken back already, or somebody changed the ticket since."""


@dataclass(frozen=True)
class Outcome:
    """Which parts an undo restored and which it had to leave, in words."""

    restored: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def changes_of(row: Ticket, parts: Sequence[str]) -> dict[str, Any]:
    """What the deed on a locked row changed in `parts`: {"parts": […], "fields": {name: [before, after]}} as JSON."""
    before = row.__dict__["_as_locked"]
    fields: dict[str, list] = {}
    for part in (PARTS[name] for name in parts):
        for name in (*part.guards, *part.rest):
            was, now_is = before[name], row.__dict__[name]
            if name in part.guards or was != now_is:
                fields[name] = [_plain(was), _plain(now_is)]
    return {"parts": list(parts), "fields": fields}


def note_deed(row: Ticket, *, by, kind: str, text: str, parts: Sequence[str], now: datetime) -> None:
    """Let `by` take back what was just done to a row from `keeping.locked`. Comes before the journal's entry."""
    Deed.objects.create(
        by=by,
        ticket=row,
        kind=kind,
        text=text[:200],
        changes=changes_of(row, parts),
        done_at=now,
        until=now + max(SHORTEST, timedelta(seconds=by.undo_send_seconds)),
    )


@transaction.atomic
def undo(*, deed: Deed, by, now: datetime) -> Outcome:
    """Take a deed of one's own back, once. Raises CannotUndo."""
    claimed = Deed.objects.filter(pk=deed.pk, by=by, undone_at__isnull=True, until__gt=now).update(undone_at=now)
    if not claimed:
        is_undone = Deed.objects.filter(pk=deed.pk, undone_at__isnull=False).exists()
        raise CannotUndo("That was taken back already." if is_undone else "It is too late to take that back.")
    row = locked(deed.ticket_id)
    if row.merged_into_id:
        raise CannotUndo(f"Ticket {row.pk} was merged into ticket {row.merged_into_id} since. Undo the merge first.")
    outcome = restore(row, deed.changes, promise_of=clocks.promise_for, now=now)
    if not outcome.restored:
        raise CannotUndo(f"Somebody changed ticket {row.pk} since, so it stays as it is.")
    keep(row, promise=clocks.promise_for(row), now=now)
    text, is_public = undone_line(row, by)
    write_event(row, kind="undone", text=text, by=by, now=now, is_public=is_public)
    record(by=by, action="tickets.undo", subject=row, data={"deed": deed.kind, "parts": outcome.restored}, now=now)
    return outcome


def restore(row: Ticket, changes: dict[str, Any], *, promise_of: PromiseOf, now: datetime) -> Outcome:
    """Put the parts of a locked row back that nobody touched since. The caller keeps the row."""
    outcome = Outcome()
    fields: dict[str, list] = changes.get("fields", {})
    for name in changes.get("parts", []):
        part = PARTS[name]
        if name == "tags":
            is_as_left = _restore_tags(row, *fields["tags"])
        else:
            is_as_left = all(_plain(row.__dict__[guard]) == fields[guard][1] for guard in part.guards)
            if is_as_left:
                _restore_fields(row, part, fields)
        (outcome.restored if is_as_left else outcome.left).append(part.name)
        if is_as_left and name in ("team", "priority") and not _are_clocks_as_before(row, fields):
            clocks.promise_again(row, promise_of(row), now)
    return outcome


def undone_line(row: Ticket, by) -> tuple[str, bool]:
    """What the thread says about an undo, and whether the customer reads it: only where they read what it undid."""
    before = row.__dict__["_as_locked"]
    if Category.CLOSED in (before["category"], row.category) and before["category"] != row.category:
        what = "Opened again" if before["category"] == Category.CLOSED else "Closed again"
        return f"{what}: {by.shown_name} took the last step back.", True
    return f"{by.shown_name} took the last step back.", False


def _restore_fields(row: Ticket, part: Part, fields: dict[str, list]) -> None:
    for name in (*part.guards, *part.rest):
        if name in fields and _plain(row.__dict__[name]) == fields[name][1]:
            column = next(one for one in Ticket._meta.concrete_fields if one.attname == name)
            setattr(row, name, column.to_python(fields[name][0]))


def _restore_tags(row: Ticket, before: list[str], after: list[str]) -> bool:
    """Take off what the deed put on and put on what it took off; tags that others changed meanwhile stay changed."""
    put_on = [tag for tag in after if tag not in before and tag in row.tags]
    taken_off = [tag for tag in before if tag not in after and tag not in row.tags]
    if row.tags == after:
        row.tags = list(before)
    else:
        row.tags = [tag for tag in row.tags if tag not in put_on] + taken_off
    return bool(put_on or taken_off)


def _are_clocks_as_before(row: Ticket, fields: dict[str, list]) -> bool:
    return all(_plain(row.__dict__[name]) == fields[name][0] for name in CLOCKS if name in fields)


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        raise TypeError("Deeds keep columns, not rows.")
    return value.isoformat() if isinstance(value, datetime) else value
