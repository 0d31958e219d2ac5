"""How a team's tickets find their people, and how its customers are reminded."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import timers
from accounts import journal
from accounts.models import Person
from tickets.actions.automation import nudges, scan
from tickets.actions.happenings import HAND_OUT
from tickets.actions.setup.door import by_lead
from tickets.choices import LIVE, Distributing
from tickets.models import Distribution, NudgePlan, Team, TeamMember, Ticket
from tickets.placeholders import unknown
from tickets.refusals import Refused

MOST_SKILLS = 20


class CannotChangeTeamwork(Refused):
    """The message may be shown to the person who asked."""


@by_lead
def set_distribution(
    *,
    team: Team,
    mode: str,
    returns_from_absent: bool,
    returns_after_hours: bool,
    idle_minutes: int | None,
    members: Mapping[int, tuple[int | None, Sequence[str]]],
    by: Person,
    now: datetime,
) -> Distribution:
    """Set how tickets of a team are handed out and given back; `members` holds for each membership how many open
    tickets are enough and which tags it knows best. What is nobody's now is handed out as well.
    """
    rotation, _ = Distribution.objects.get_or_create(team=team)
    rotation = Distribution.objects.select_for_update().get(pk=rotation.pk)
    rotation.mode, rotation.returns_from_absent = mode, returns_from_absent
    rotation.returns_after_hours, rotation.idle_minutes = returns_after_hours, idle_minutes
    rotation.version += 1
    rotation.save()
    for member in TeamMember.objects.select_for_update().filter(team=team, pk__in=members).order_by("pk"):
        most, skills = members[member.pk]
        member.most_open, member.skills = most, list(dict.fromkeys(skills))[:MOST_SKILLS]
        member.save(update_fields=["most_open", "skills"])
    scan.begin_returns(rotation=rotation, now=now)
    if mode != Distributing.BY_HAND:
        _hand_out_what_waits(team, rotation.version, now)
    data = {"mode": mode, "idle_minutes": idle_minutes, "absent": returns_from_absent, "after": returns_after_hours}
    journal.record(by=by, action="tickets.set_distribution", subject=f"tickets.team:{team.pk}", data=data, now=now)
    return rotation


@by_lead
def set_nudges(
    *,
    team: Team,
    is_enabled: bool,
    first_after: int,
    second_after: int,
    close_after: int,
    first_text: str,
    second_text: str,
    close_text: str,
    by: Person,
    now: datetime,
) -> NudgePlan:
    """Set how customers of a team are reminded. Raises CannotChangeTeamwork while words are missing."""
    texts = {"first": first_text, "second": second_text, "closing": close_text}
    for name, text in texts.items():
        if is_enabled and not text.strip():
            raise CannotChangeTeamwork(f"Write the {name} words before the reminders are switched on")
        if strange := unknown(text):
            raise CannotChangeTeamwork(f"Nobody knows what {{{strange[0]}}} stands for in the {name} words")
    plan, _ = NudgePlan.objects.get_or_create(team=team)
    plan = NudgePlan.objects.select_for_update().get(pk=plan.pk)
    plan.is_enabled, plan.version = is_enabled, plan.version + 1
    plan.first_after, plan.second_after, plan.close_after = first_after, second_after, close_after
    plan.first_text, plan.second_text, plan.close_text = first_text, second_text, close_text
    plan.save()
    nudges.begin_looking(plan=plan, now=now)
    data = {"is_enabled": is_enabled, "days": [first_after, second_after, close_after]}
    journal.record(by=by, action="tickets.set_nudges", subject=f"tickets.team:{team.pk}", data=data, now=now)
    return plan


def _hand_out_what_waits(team: Team, version: int, now: datetime) -> None:
    waiting = Ticket.objects.filter(team=team, category__in=LIVE, assignee__isnull=True, snoozed_until__isnull=True)
    for pk in waiting.order_by("next_action_at", "pk").values_list("pk", flat=True):
        # A number of its own for each time that the rotation was set, beside the hours of `scan`.
        timers.schedule(kind=HAND_OUT, subject=pk, visit=0, number=-4 * version, due_at=now)
