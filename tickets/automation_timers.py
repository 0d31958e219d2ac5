"""What happens when a timer of the desk's own doings falls due. An edge: each handler calls one action."""

from datetime import datetime

import timers
from tickets.actions.automation import distribute, nudges, rules, scan
from tickets.actions.flows import owners


def happened(timer, now: datetime) -> datetime | None:
    """Something happened that a rule waits for."""
    return rules.look(happening_id=timer.subject, now=now)


def hand_out(timer, now: datetime) -> datetime | None:
    """A ticket needs an owner, or may need another one."""
    return distribute.hand_out(ticket_id=timer.subject, why=timer.number % len(distribute.WHY), now=now)


def rule_looks(timer, now: datetime) -> datetime | None:
    """A rule on time looks for tickets, each minute."""
    return scan.look_for_rule(rule_id=timer.subject, version=timer.visit, now=now)


def rule_runs(timer, now: datetime) -> None:
    """A rule on time found a ticket."""
    rules.run(run_id=timer.subject, now=now)


def returns(timer, now: datetime) -> datetime | None:
    """A team's tickets are looked after, each minute."""
    return scan.look_for_returns(rotation_id=timer.subject, version=timer.visit, now=now)


def person_left(timer, now: datetime) -> None:
    """Somebody does not work here any more."""
    scan.return_all_of(person_id=timer.subject, now=now)
    if last := owners.look_again(now=now):
        visit = int(now.timestamp())
        timers.schedule(kind=owners.CHANGED, subject=timer.subject, visit=visit, number=last, due_at=now)


def nudge_looks(timer, now: datetime) -> datetime | None:
    """A team's reminders look for customers who do not answer."""
    return nudges.look(plan_id=timer.subject, version=timer.visit, now=now)


def nudge(timer, now: datetime) -> datetime | None:
    """A customer may have to be reminded."""
    return nudges.nudge(ticket_id=timer.subject, answer_id=timer.visit, step=timer.number % nudges.STEPS, now=now)


def register() -> None:
    """Called when the app is ready. What journals or mails has a transaction of its own."""
    timers.register("tickets.happened", happened, alone=True, order=1)
    timers.register("tickets.hand_out", hand_out, alone=True, order=2)
    timers.register("tickets.rule_looks", rule_looks, alone=True)
    timers.register("tickets.rule_runs", rule_runs, alone=True, order=1)
    timers.register("tickets.returns", returns, alone=True)
    timers.register("tickets.person_left", person_left, alone=True)
    timers.register("tickets.nudge_looks", nudge_looks, alone=True)
    timers.register("tickets.nudge", nudge, alone=True, order=3)
