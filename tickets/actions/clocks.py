"""Clocks and dates: look at a ticket when its timer says so, and promise afresh when the promise changed."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from tickets import clocks, conditions
from tickets.actions import happenings, notify
from tickets.actions.keeping import LOOK_AGAIN, keep, locked, moments, neglect, write_event
from tickets.choices import LIVE, Category, Clock, Happened, Notice
from tickets.models import Breach, ClockNotice, ServiceLevel, Ticket
from tickets.queries_desk.start_of_day import captain_now


@transaction.atomic
def look(*, ticket_id: int, visit: int, now: datetime) -> datetime | None:
    """Do what is due on a ticket, once each, and answer when to look again; None when this visit is over.

    Runs in the timer's transaction. Effects are keyed by the due time that they belong to, so that a second run,
    a second sweep or a clock that jumps does nothing twice.
    """
    try:
        ticket = locked(ticket_id)
    except Ticket.DoesNotExist:
        return None
    if ticket.visit != visit or ticket.category == Category.CLOSED:
        return None
    promise = clocks.promise_for(ticket)
    changed = _end_snooze(ticket, now)
    if ticket.category in LIVE:
        for clock, due_at in clocks.running(ticket).items():
            changed |= _check_clock(ticket, clock, due_at, promise, now)
    changed |= _check_follow_up(ticket, now)
    changed |= _check_neglect(ticket, promise, now)
    if changed:
        keep(ticket, promise=promise, now=now, noticed=True)
        return None
    return min((at for at in moments(ticket, promise, now) if at > now), default=now + LOOK_AGAIN)


@transaction.atomic
def recompute(*, ticket_id: int, now: datetime) -> None:
    """The promise changed under a ticket: its due times follow. Done ones stay as they were."""
    ticket = locked(ticket_id)
    ticket.service_level = clocks.level_for(ticket.team)
    promise = clocks.promise_for(ticket)
    if ticket.category != Category.CLOSED:
        clocks.promise_again(ticket, promise, now)
        keep(ticket, promise=promise, now=now)


def recompute_level(*, level_id: int, now: datetime) -> int:
    """Recompute every unsolved ticket that stands, or now comes, under a level; answers how many.

    One transaction a ticket, so that nobody who works on one waits for all. Running it again changes nothing more.
    """
    teams = Q(service_level=level_id) | Q(team__service_level=level_id) | Q(support_level=level_id)
    if ServiceLevel.objects.filter(pk=level_id, is_default=True).exists():
        teams |= Q(team__service_level=None)
    keys = list(Ticket.objects.unsolved().filter(teams).order_by("pk").values_list("pk", flat=True))
    for key in keys:
        recompute(ticket_id=key, now=now)
    return len(keys)


def _end_snooze(ticket: Ticket, now: datetime) -> bool:
    if ticket.snoozed_until is None or ticket.snoozed_until > now:
        return False
    ticket.follow_up_at = ticket.snoozed_until
    _bring_back(ticket, conditions.late_words(ticket.wakes_on))
    write_event(ticket, kind="woke", text="The snooze ended.", by=None, now=now)
    return True


def _check_clock(ticket: Ticket, clock: str, due_at: datetime, promise: clocks.Promise | None, now: datetime) -> bool:
    if due_at <= now:
        if not _notice(ticket, clock, Notice.BROKEN, due_at, now):
            return False
        _bring_back(ticket, f"{Clock(clock).label} is overdue")
        write_event(ticket, kind="overdue", text=f"{Clock(clock).label} is overdue.", by=None, now=now)
        notify.broken_promise(ticket, clock=clock, due_at=due_at, now=now)
        happenings.also(ticket, Happened.BROKEN)
        return True
    warn_at = promise.warn_at(clock, now, due_at) if promise else None
    if warn_at is None or warn_at > now or not _notice(ticket, clock, Notice.WARNED, due_at, now):
        return False
    write_event(ticket, kind="due_soon", text=f"{Clock(clock).label} is due soon.", by=None, now=now)
    notify.promise_at_risk(ticket, clock=clock, due_at=due_at, now=now)
    happenings.also(ticket, Happened.AT_RISK)
    return True


def _check_follow_up(ticket: Ticket, now: datetime) -> bool:
    due_at = ticket.follow_up_at
    if due_at is None or due_at > now or not _notice(ticket, Clock.FOLLOW_UP, Notice.BROKEN, due_at, now):
        return False
    if not ticket.came_back and not ticket.has_failed_delivery:
        _bring_back(ticket, "Its follow-up is due")
    return True


def _check_neglect(ticket: Ticket, promise: clocks.Promise | None, now: datetime) -> bool:
    """Tell of a date that lies past its time: the day's captain after 20 hours of open days, the lead after 24.

    What was breached before anybody could be told, because nothing ran, is told as a breach alone.
    """
    since = ticket.next_action_at
    if since is None or since > now:
        return False
    nearly_at, left_at = neglect(ticket, promise, now)
    if left_at <= now:
        return _breach(ticket, since, left_at, now)
    if nearly_at > now or not _notice(ticket, Clock.FOLLOW_UP, Notice.NEARLY, since, now):
        return False
    notify.nearly_left_for_a_day(ticket, captain=captain_now(), since=since, left_at=left_at, now=now)
    return True


def _breach(ticket: Ticket, since: datetime, left_at: datetime, now: datetime) -> bool:
    facts = {"breached_at": left_at, "noticed_at": now, "person_id": ticket.assignee_id}
    Breach.objects.get_or_create(ticket=ticket, due_at=since, defaults=facts)
    if not _notice(ticket, Clock.FOLLOW_UP, Notice.LEFT, since, now):
        return False
    write_event(ticket, kind="left", text="Nobody acted for a day.", by=None, now=now)
    notify.left_for_a_day(ticket, captain=captain_now(), since=since, now=now)
    return True


def _bring_back(ticket: Ticket, why: str) -> None:
    ticket.snoozed_until = None
    ticket.came_back = why
    ticket.is_unread = True


def _notice(ticket: Ticket, clock: str, kind: str, due_at: datetime, now: datetime) -> bool:
    """True the first time only."""
    key = {"ticket": ticket, "clock": clock, "kind": kind, "due_at": due_at}
    return ClockNotice.objects.get_or_create(**key, defaults={"noticed_at": now})[1]
