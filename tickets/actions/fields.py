"""Fill in the desk's own fields on a ticket."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.journal import record
from tickets import clocks
from tickets.actions import details
from tickets.actions.keeping import keep, locked, write_event
from tickets.custom_fields import BadValue, all_fields, applies, by_key, clean_value, shown
from tickets.models import CustomField, Ticket
from tickets.refusals import Refused

MOST_BYTES = 60_000


class CannotFill(Refused):
    """A value that the field cannot hold, or a field that the ticket does not have. `key` names the field, or ""."""

    def __init__(self, words: str, key: str = "") -> None:
        super().__init__(words)
        self.key = key


@transaction.atomic
def fill(*, ticket: Ticket, values: Mapping[str, Any], by, now: datetime) -> dict[str, Any]:
    """Set `values` (by key) and leave every other field; None or "" empties one. Answers what changed.

    Whatever cannot be taken refuses the whole. An archived field, or one of another type or team, may only be emptied.
    Raises CannotFill.
    """
    row = locked(ticket)
    known = by_key(all_fields(archived=True))
    changes: dict[str, Any] = {}
    for key, given in values.items():
        field = known.get(key)
        if field is None:
            raise CannotFill(f"This desk has no field called {key[:60]}.", key)
        value = _read(field, given)
        if value == row.custom.get(key):
            continue
        if value is not None and (field.archived_at or not applies(field, row)):
            raise CannotFill(f"{field.name} is not a field of this ticket's type and team.", key)
        changes[key] = value
    if not changes:
        return {}
    row.custom = {key: value for key, value in {**row.custom, **changes}.items() if value is not None}
    if sum(len(str(value).encode()) for value in row.custom.values()) > MOST_BYTES:
        raise CannotFill("The fields of this ticket hold too much text. Write it as a note instead.")
    keep(row, promise=clocks.promise_for(row), now=now)
    said = [f"{known[key].name} to {shown(known[key], value)[:80] or 'nothing'}" for key, value in changes.items()]
    words = "; ".join(said)
    write_event(row, kind="changed", text=f"{by.shown_name} set {words}."[:300], by=by, now=now)
    record(by=by, action="tickets.fill_fields", subject=row, data={"fields": sorted(changes)}, now=now)
    return changes


@transaction.atomic
def change_with_fields(*, ticket: Ticket, by, now: datetime, fields: Mapping[str, Any] | None = None, **said) -> None:
    """`details.change` and `fill` as one: all of it, or nothing. Raises CannotChange and CannotFill."""
    details.change(ticket=ticket, by=by, now=now, **said)
    if fields:
        fill(ticket=ticket, values=fields, by=by, now=now)


def _read(field: CustomField, given: Any) -> Any:
    try:
        return clean_value(field, given)
    except BadValue as refusal:
        raise CannotFill(str(refusal), field.key) from None
