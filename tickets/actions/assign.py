"""Whose ticket it is."""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from tickets import clocks
from tickets.actions.deeds import note_deed
from tickets.actions.keeping import Line, PromiseOf, keep, locked, write_event
from tickets.models import ServiceLevel, Team, Ticket
from tickets.refusals import Refused


class CannotAssign(Refused):
    """The person does not work here, or no longer."""


@transaction.atomic
def assign(*, ticket: Ticket, to, by, now: datetime, team: Team | None = None, undoable: bool = False) -> None:
    """Hand a ticket to a person; `to` None gives it back to its team. `team` moves it there as well.

    Another team's promise counts from the same starts. `undoable`: `by` may take it back from the strip.
    Raises CannotAssign.
    """
    must_work_here(to)
    row = locked(ticket)
    lines = [line for line in (send_to(row, team=team, by=by, now=now), give(row, to=to, by=by)) if line]
    if not lines:
        return
    keep(row, promise=clocks.promise_for(row), now=now)
    for line in lines:
        write_event(row, kind=line.kind, text=line.text, by=by, now=now)
    if undoable:
        words = f"Ticket {row.pk} given to {to.shown_name}" if to else f"Ticket {row.pk} given back to {row.team.name}"
        note_deed(
            row, by=by, kind="assigned", text=words, parts=("team", "assignee") if team else ("assignee",), now=now
        )
    data = {"to": to.pk if to else None, "team": row.team_id}
    record(by=by, action="tickets.assign", subject=row, data=data, now=now)


def must_work_here(person) -> None:
    """Raises CannotAssign for a customer and for somebody who left."""
    if person is not None and not person.is_staff_member:
        raise CannotAssign(f"{person.shown_name} is not on the staff, so nobody can be sure they would see it.")


def give(row: Ticket, *, to, by) -> Line | None:
    """A locked row's new owner; None where it is so already. The caller keeps it."""
    if row.assignee_id == (to.pk if to else None):
        return None
    row.assignee = to
    whom = f"Given to {to.shown_name}" if to else f"Given back to {row.team.name}"
    return Line("assigned", f"{whom} by {by.shown_name}.")


def send_to(
    row: Ticket,
    *,
    team: Team | None,
    by,
    now: datetime,
    level: ServiceLevel | None = None,
    promise_of: PromiseOf = clocks.promise_for,
) -> Line | None:
    """A locked row's new team; None where it is so already. The caller keeps it."""
    if team is None or team.pk == row.team_id:
        return None
    change_team(row, team, now, level=level, promise_of=promise_of)
    return Line("moved", f"Moved to {team.name} by {by.shown_name}.")


def change_team(
    ticket: Ticket,
    team: Team,
    now: datetime,
    *,
    level: ServiceLevel | None = None,
    promise_of: PromiseOf = clocks.promise_for,
) -> None:
    """Another team, another promise. The caller keeps the ticket. `level` spares looking the team's up."""
    ticket.team = team
    ticket.service_level = level or clocks.level_for(team)
    clocks.promise_again(ticket, promise_of(ticket), now)
