"""Macros: words and steps with one key. The steps act at once and can be taken back; the words go to the draft.

An agent who picks a macro sees what it did and goes on writing: nothing waits for a send that may never come.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.journal import record
from accounts.models import Person
from tickets.actions.automation.carry_out import PARTS, carry_out
from tickets.actions.deeds import note_deed
from tickets.actions.keeping import locked, write_event
from tickets.models import Macro, MacroUse, Ticket
from tickets.refusals import Refused


class CannotApply(Refused):
    """The macro has nothing to do here, or the ticket was merged away."""


@transaction.atomic
def apply(
    *, macro: Macro, ticket: Ticket | int, by: Person, now: datetime, key: str = "", undoable: bool = True
) -> MacroUse:
    """Do the steps of a macro to a ticket, all or none, and note what an undo restores.

    `key` names a job ("bulk:12"): asked again with it, the first use of the macro on this ticket is answered and
    nothing happens. The words of the macro are not touched here. Raises CannotApply, CannotCarryOut and other Refused.
    """
    row = locked(ticket)
    if key and (same := MacroUse.objects.filter(key=key, ticket=row).first()):
        return same
    if row.merged_into_id:
        raise CannotApply(f"This ticket was merged into ticket {row.merged_into_id}. Use the macro there.")
    said = carry_out(row, macro.steps, by=by, name=macro.name, now=now)
    text = ", ".join(said)
    if said:
        words = f"{by.shown_name} used the macro “{macro.name}”: {text}."
        write_event(row, kind="macro", text=words, by=by, now=now)
    parts = parts_of(macro)
    if said and parts and undoable:
        note_deed(row, by=by, kind="macro", text=f"“{macro.name}” on ticket {row.pk}", parts=parts, now=now)
    use = MacroUse.objects.create(
        macro=macro, name=macro.name, ticket=row, by=by, at=now, key=key, text=text[:300], before={}, after={}
    )
    Macro.objects.filter(pk=macro.pk).update(uses=F("uses") + 1)
    data = {"macro": macro.pk, "name": macro.name, "key": key}
    record(by=by, action="tickets.use_macro", subject=row, data=data, now=now)
    return use


def parts_of(macro: Macro) -> list[str]:
    """Which parts of a ticket the macro's steps may change, as `deeds` names them."""
    return sorted({PARTS[one["do"]] for one in macro.steps if one.get("do") in PARTS})
