"""Who takes part in a ticket. Only staff add people; a mailed copy never does (S9)."""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from tickets.actions.keeping import locked, write_event
from tickets.actions.watching import note_watchers
from tickets.choices import Role
from tickets.models import Participant, Ticket
from tickets.refusals import Refused


class CannotAdd(Refused):
    """The person takes part already, or is the requester."""


@transaction.atomic
def add(*, ticket: Ticket, person, role: str, by, now: datetime) -> Participant:
    """Let a person see the ticket and get its mails (`copied`), or be told inside the desk (`watcher`)."""
    row = locked(ticket)
    if person.pk == row.requester_id or role == Role.REQUESTER:
        raise CannotAdd(f"{person.shown_name} is the requester already.")
    if role == Role.WATCHER and not person.is_staff_member:
        raise CannotAdd(f"{person.shown_name} is not on the staff, so they cannot watch. Add them in copy instead.")
    participant, added = Participant.objects.update_or_create(
        ticket=row, person=person, defaults={"role": role}, create_defaults={"role": role, "added_at": now}
    )
    note_watchers(row)
    if added:
        write_event(row, kind="joined", text=f"{person.shown_name} was added by {by.shown_name}.", by=by, now=now)
        record(by=by, action="tickets.add_person", subject=row, data={"person": person.pk}, now=now)
    return participant


@transaction.atomic
def remove(*, ticket: Ticket, person, by, now: datetime) -> None:
    """End a person's part. Not taking part: nothing happens. The requester stays. Raises CannotAdd."""
    row = locked(ticket)
    if person.pk == row.requester_id:
        raise CannotAdd("The requester cannot be removed.")
    if Participant.objects.filter(ticket=row, person=person).delete()[0]:
        note_watchers(row)
        write_event(row, kind="left", text=f"{person.shown_name} was removed by {by.shown_name}.", by=by, now=now)
        record(by=by, action="tickets.remove_person", subject=row, data={"person": person.pk}, now=now)
