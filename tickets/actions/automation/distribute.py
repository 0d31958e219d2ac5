"""Who of a team gets the next ticket, and when a ticket goes back to its team.

A timer of the ticket does it right after the verb that made it nobody's, so that no mail waits for a rotation: the
ticket is locked, then the team's rotation, and the journal comes last. Nobody is at work: it is asked again when the
desk opens, or soon.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q

from accounts.access import WORKERS
from accounts.journal import record
from accounts.models import Person
from supportdesk.lib.failpoints import failpoint
from tickets import clocks, open_hours
from tickets.actions.keeping import keep, locked, write_event
from tickets.choices import LIVE, UNSOLVED, Category, Distributing
from tickets.idle import is_idle
from tickets.models import Distribution, Handout, TeamMember, Ticket

ASK_AGAIN = timedelta(minutes=2)
# Whoever a ticket was just taken from does not get it back on the same day.
NOT_AGAIN_FOR = timedelta(hours=12)

# Why a timer asks. The timer's `number`, divided by how many there are, leaves it.
NEW_WORK, OWNER_ABSENT, OWNER_IDLE, SHIFT_OVER = range(4)

WHY = {
    NEW_WORK: "",
    OWNER_ABSENT: "{} is away",
    OWNER_IDLE: "{} did not get to it",
    SHIFT_OVER: "the desk closed before {} got to it",
}


@dataclass(frozen=True)
class Candidate:
    """A member who could get a ticket, with how many open ones they have."""

    member: TeamMember
    open: int

    @property
    def has_room(self) -> bool:
        """Below what was set for them."""
        return self.member.most_open is None or self.open < self.member.most_open


@transaction.atomic
def hand_out(*, ticket_id: int, why: int, now: datetime) -> datetime | None:
    """Take a ticket back from an owner who cannot answer, and give it to the next person of its team.

    Answers when to ask again while it is nobody's and nobody is at work; None when nothing is left to do. Asked twice,
    or late, it acts on what is true then.
    """
    try:
        row = locked(ticket_id)
    except Ticket.DoesNotExist:
        return None
    if row.merged_into_id or row.category not in UNSOLVED:
        return None
    rotation = Distribution.objects.select_for_update().filter(team=row.team_id).first()
    hours = open_hours.read().of_team(row.team)
    before = row.assignee
    reason = _reason(row, rotation, why, hours, now)
    if before is not None and not reason:
        return None
    is_wanted = row.category in LIVE and row.snoozed_until is None and _is_automatic(rotation)
    to = _choose(row, rotation, hours, now) if rotation and is_wanted else None
    if before is None and to is None:
        return open_hours.opening(hours, now + ASK_AGAIN) if is_wanted else None
    _change(row, before, to, reason, now)
    failpoint("tickets.hand_out.changed")
    data = {"from": before.pk if before else None, "to": to.pk if to else None, "team": row.team_id}
    record(by=None, action="tickets.hand_out", subject=row, data=data, now=now)
    return open_hours.opening(hours, now + ASK_AGAIN) if to is None and is_wanted else None


def next_person(row: Ticket, *, now: datetime) -> Person | None:
    """The person whose turn it is in the team of a locked row, for a step of a rule. Moves the turn."""
    rotation, _ = Distribution.objects.get_or_create(team=row.team)
    rotation = Distribution.objects.select_for_update().get(pk=rotation.pk)
    return _choose(row, rotation, open_hours.read().of_team(row.team), now)


def is_absent(person: Person, now: datetime) -> bool:
    """Left, without a role, or away at `now`."""
    if not person.is_active or person.roles.isdisjoint(WORKERS):
        return True
    absence = getattr(person, "absence", None)
    return absence is not None and (absence.until is None or absence.until > now)


def _is_automatic(rotation: Distribution | None) -> bool:
    return rotation is not None and rotation.mode != Distributing.BY_HAND


def _reason(row: Ticket, rotation: Distribution | None, why: int, hours, now: datetime) -> str:
    """Why the ticket leaves its owner, in words; "" when it stays. What was true when the timer was set may not be."""
    owner = row.assignee
    if owner is None:
        return ""
    if not owner.is_active or owner.roles.isdisjoint(WORKERS):
        return f"{owner.shown_name} does not work here any more"
    if rotation is None or row.category not in LIVE or row.snoozed_until is not None:
        return ""
    if rotation.returns_from_absent and is_absent(owner, now):
        return WHY[OWNER_ABSENT].format(owner.shown_name)
    if why == OWNER_IDLE and rotation.idle_minutes:
        since = open_hours.so_long_before(hours, now, rotation.idle_minutes)
        return WHY[OWNER_IDLE].format(owner.shown_name) if since and is_idle(row.pk, since) else ""
    if why == SHIFT_OVER and rotation.returns_after_hours and row.waiting_since:
        return "" if open_hours.open_now(hours, now) else WHY[SHIFT_OVER].format(owner.shown_name)
    return ""


def _choose(row: Ticket, rotation: Distribution, hours, now: datetime) -> Person | None:
    """The next person of the team who is at work and has room; the turn moves. None: nobody."""
    if not open_hours.open_now(hours, now):
        return None
    there = [one for one in _candidates(row, now) if one.has_room]
    lately = Handout.objects.filter(ticket=row, ended_at__gt=now - NOT_AGAIN_FOR)
    had_it = set(lately.values_list("person", flat=True))
    fresh = [one for one in there if one.member.person_id not in had_it and one.member.person_id != row.assignee_id]
    best = _skilled(row, fresh)
    if not best:
        return None
    turn = _in_turn(best, rotation.last_member_id or 0)
    if rotation.mode == Distributing.BY_LOAD:
        turn = sorted(turn, key=lambda one: one.open)
    chosen = turn[0].member
    rotation.last_member = chosen
    rotation.save(update_fields=["last_member"])
    return chosen.person


def _candidates(row: Ticket, now: datetime) -> list[Candidate]:
    members = TeamMember.objects.filter(
        Q(person__absence__isnull=True) | Q(person__absence__until__lte=now),
        team=row.team_id,
        person__in=Person.objects.with_role(*WORKERS),
    )
    found = list(members.select_related("person").order_by("pk"))
    loads = dict(
        Ticket.objects.filter(assignee__in=[one.person_id for one in found], category__in=LIVE, snoozed_until=None)
        .values_list("assignee")
        .annotate(Count("pk"))
        .order_by()
    )
    return [Candidate(one, loads.get(one.person_id, 0)) for one in found]


def _skilled(row: Ticket, there: Sequence[Candidate]) -> list[Candidate]:
    """Those who know one of the ticket's tags, where there are any; else everybody."""
    skilled = [one for one in there if set(one.member.skills) & set(row.tags)]
    return skilled or list(there)


def _in_turn(there: Sequence[Candidate], last: int) -> list[Candidate]:
    """In the order of the rotation, beginning after whoever had the last turn."""
    return sorted(there, key=lambda one: (one.member.pk <= last, one.member.pk))


def _change(row: Ticket, before: Person | None, to: Person | None, reason: str, now: datetime) -> None:
    if before is not None:
        ended = Handout.objects.filter(ticket=row, person=before, ended_at__isnull=True)
        if not ended.update(ended_at=now, why_ended=reason[:80]):
            Handout.objects.create(
                ticket=row, team=row.team, person=before, at=now, ended_at=now, why_ended=reason[:80]
            )
        row.came_back = "Given back" if row.category != Category.CLOSED else row.came_back
    row.assignee = to
    if to is not None:
        Handout.objects.create(ticket=row, team=row.team, person=to, at=now)
    keep(row, promise=clocks.promise_for(row), now=now)
    words = f"Given to {to.shown_name} in turn" if to else f"Given back to {row.team.name}"
    because = f": {reason}" if reason else ""
    write_event(row, kind="assigned", text=f"{words}{because}.", by=None, now=now)
