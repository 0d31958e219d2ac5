"""Each minute: which tickets have come to the moment of a rule on time, and which go back to their team.

Nothing looks back a certain time only: what was missed while no worker ran is found by the next look, once.
"""

from datetime import datetime, timedelta

from django.db import transaction

import timers
from tickets import open_hours, rule_matching
from tickets.actions.automation.distribute import OWNER_ABSENT, OWNER_IDLE, SHIFT_OVER, WHY
from tickets.actions.happenings import HAND_OUT
from tickets.choices import LIVE
from tickets.idle import idle_tickets
from tickets.models import Distribution, Rule, RuleRun, Ticket
from tickets.rule_conditions import Asked

LOOK_FOR_RULE = "tickets.rule_looks"
RUN_RULE = "tickets.rule_runs"
LOOK_FOR_RETURNS = "tickets.returns"

EACH = timedelta(minutes=1)
AT_ONCE = 500


def begin_looking(*, rule: Rule, now: datetime) -> None:
    """Let a rule on time that was just switched on, or changed, look each minute from now on."""
    if rule.is_enabled and rule.moment:
        timers.schedule(kind=LOOK_FOR_RULE, subject=rule.pk, visit=rule.version, due_at=now)


@transaction.atomic
def look_for_rule(*, rule_id: int, version: int, now: datetime) -> datetime | None:
    """Find the tickets whose moment has come and give each a timer of its own; answers when to look again.

    A rule that was changed or switched off meanwhile has nothing to look for in this visit.
    """
    rule = Rule.objects.filter(pk=rule_id, version=version, is_enabled=True).exclude(moment="").first()
    if rule is None:
        return None
    tickets = rule_matching.not_yet_met(rule, rule_matching.fitting(rule, Asked(now)))
    found = list(tickets.order_by("pk").values_list("pk", "moment_at")[:AT_ONCE])
    runs = [
        RuleRun(rule=rule, version=rule.version, ticket_id=ticket, cause=rule.moment, cause_at=moment_at, at=now)
        for ticket, moment_at in found
    ]
    RuleRun.objects.bulk_create(runs, ignore_conflicts=True)
    waiting = RuleRun.objects.filter(rule=rule, ticket__in=[ticket for ticket, _ in found], state="waiting")
    for run_id in waiting.order_by("pk").values_list("pk", flat=True):
        timers.schedule(kind=RUN_RULE, subject=run_id, due_at=now)
    return now + (EACH if len(found) < AT_ONCE else timedelta(seconds=5))


def begin_returns(*, rotation: Distribution, now: datetime) -> None:
    """Let a team's tickets be looked after each minute from now on."""
    timers.schedule(kind=LOOK_FOR_RETURNS, subject=rotation.pk, visit=rotation.version, due_at=now)


@transaction.atomic
def look_for_returns(*, rotation_id: int, version: int, now: datetime) -> datetime | None:
    """Find tickets that wait for an owner who is away, did not get to them, or went home; each gets its own timer."""
    rotation = Distribution.objects.select_related("team").filter(pk=rotation_id, version=version).first()
    if rotation is None:
        return None
    hours = open_hours.read().of_team(rotation.team)
    mine = Ticket.objects.filter(team=rotation.team_id, category__in=LIVE, snoozed_until=None, assignee__isnull=False)
    if rotation.returns_from_absent:
        away = mine.filter(assignee__absence__since__lte=now)
        _give_back(away.exclude(assignee__absence__until__lte=now), OWNER_ABSENT, now)
    if rotation.idle_minutes and open_hours.open_now(hours, now):
        since = open_hours.so_long_before(hours, now, rotation.idle_minutes)
        if since is not None:
            _give_back(idle_tickets(since).filter(team=rotation.team_id), OWNER_IDLE, now)
    if rotation.returns_after_hours and not open_hours.open_now(hours, now):
        _give_back(mine.filter(waiting_since__isnull=False), SHIFT_OVER, now)
    return now + EACH


@transaction.atomic
def return_all_of(*, person_id: int, now: datetime) -> int:
    """Somebody left: every unsolved ticket of theirs goes back to its team. Answers how many."""
    theirs = Ticket.objects.unsolved().filter(assignee=person_id)
    return _give_back(theirs, OWNER_ABSENT, now, most=None)


def _give_back(tickets, why: int, now: datetime, most: int | None = AT_ONCE) -> int:
    """One timer an hour for a ticket and a reason: what stayed with its owner after all may go back later."""
    found = list(tickets.order_by("pk").values_list("pk", "visit")[:most])
    hour = int(now.timestamp()) // 3600
    for pk, visit in found:
        timers.schedule(kind=HAND_OUT, subject=pk, visit=visit, number=hour * len(WHY) + why, due_at=now)
    return len(found)
