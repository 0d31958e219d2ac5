"""What a service level promises, and when a ticket comes up again. Arithmetic on a ticket in memory, nothing is saved.

Open time is that of the service level's calendar. Clocks run while a ticket is new or open, and stand still while it
waits on the customer or is on hold: what was left when it paused is left when it goes on.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.db import connection

from supportdesk.lib.business_hours import (
    Calendar,
    NeverOpens,
    add_business_time,
    business_seconds_between,
    next_opening,
)
from supportdesk.lib.compiled import CompiledRows
from supportdesk.lib.public_holidays import closed_days
from tickets.choices import LIVE, PAUSED, Category, Clock, NextAction
from tickets.models import BusinessCalendar, ServiceLevel, Ticket

# With no promise running, a ticket is looked at again after a day while it is ours, and after three while it waits.
FOLLOW_UP_AFTER: dict[str, timedelta] = {Category.WAITING: timedelta(days=3), Category.HOLD: timedelta(days=3)}
FOLLOW_UP_LIVE = timedelta(days=1)

DUE_FIELDS: dict[str, str] = {
    Clock.FIRST_RESPONSE: "first_response_due_at",
    Clock.NEXT_RESPONSE: "next_response_due_at",
    Clock.RESOLUTION: "resolution_due_at",
}

# A promise at one priority with the hours and days of its calendar. Every mail asks, so it is one statement that is
# not composed anew each time.
PROMISE = """
select target.first_response_minutes, target.next_response_minutes, target.resolution_minutes, level.warn_at_percent,
  array(select array[weekday, opens, closes]::int[] from tickets_calendarinterval where calendar_id = calendar.id),
  array(select day_on from tickets_calendarholiday where calendar_id = calendar.id),
  calendar.time_zone, calendar.country, calendar.subdivision
from tickets_servicetarget as target
join tickets_servicelevel as level on level.id = target.level_id
join tickets_businesscalendar as calendar on calendar.id = level.calendar_id
where target.level_id = %s and target.priority = %s
"""


@dataclass(frozen=True)
class Promise:
    """Open seconds for each clock at one priority; None where nothing is promised."""

    calendar: Calendar
    seconds: dict[str, int | None]
    warn_at_percent: int

    def due(self, clock: str, start: datetime) -> datetime | None:
        """When `clock`, started at `start`, runs out."""
        seconds = self.seconds.get(clock)
        return None if seconds is None else _add(self.calendar, start, seconds)

    def warn_at(self, clock: str, now: datetime, due_at: datetime) -> datetime | None:
        """When to warn: the moment at which only the last part of the promise is left."""
        seconds = self.seconds.get(clock)
        if seconds is None:
            return None
        last_part = seconds * (100 - self.warn_at_percent) // 100
        left = business_seconds_between(self.calendar, now, due_at) if due_at > now else 0
        return _add(self.calendar, now, left - last_part) if left > last_part else now


def _calendar(time_zone: str, country: str, subdivision: str, intervals, own_days: list[date]) -> Calendar:
    """Its hours, closed on its own days and on the public holidays of its country."""
    week: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for weekday, opens, closes in intervals:
        week[weekday].append((opens, closes))
    closed = closed_days(country, subdivision) if country else frozenset()
    return Calendar(ZoneInfo(time_zone), tuple(tuple(day) for day in week), closed.union(own_days))


def calendar_of(known: BusinessCalendar) -> Calendar | None:
    """When a calendar is open, for whoever measures; None for one that never opens. Two queries."""
    hours = [list(hour) for hour in known.intervals.values_list("weekday", "opens", "closes")]
    days = list(known.holidays.values_list("day_on", flat=True))
    return _calendar(known.time_zone, known.country, known.subdivision, hours, days) if hours else None


def promise_for(ticket: Ticket) -> Promise | None:
    """The promise that holds for a ticket, None where its team has none and no level is the default.

    Read once for a ticket in memory, and again when its level or priority changed.
    """
    key = (ticket.promised_level_id, ticket.priority)
    known = ticket.__dict__.get("_promise")
    if known is None or known[0] != key:
        known = ticket.__dict__["_promise"] = (key, _read_promise(ticket))
    return known[1]


def _read_promise(ticket: Ticket) -> Promise | None:
    if ticket.promised_level_id is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(PROMISE, [ticket.promised_level_id, ticket.priority])
        found = cursor.fetchone()
    if found is None or not found[4]:
        return None
    *minutes, warn_at_percent, hours, days, time_zone, country, subdivision = found
    seconds = {clock: None if value is None else value * 60 for clock, value in zip(DUE_FIELDS, minutes, strict=True)}
    return Promise(_calendar(time_zone, country, subdivision, hours, days), seconds, warn_at_percent)


def level_for(team) -> ServiceLevel | None:
    """The team's service level, else the default one."""
    if team.service_level_id:
        return team.service_level
    return _default_level().first({})


@cache
def _default_level() -> CompiledRows[ServiceLevel]:
    return CompiledRows(ServiceLevel.objects.select_related("calendar").filter(is_default=True).order_by("pk")[:1])


def running(ticket: Ticket) -> dict[str, datetime]:
    """The due times of the clocks that still wait for something."""
    due = {clock: getattr(ticket, field) for clock, field in DUE_FIELDS.items()}
    if ticket.first_responded_at is not None:
        due[Clock.FIRST_RESPONSE] = None
    if ticket.category == Category.CLOSED:
        return {}
    return {clock: at for clock, at in due.items() if at is not None}


def start(ticket: Ticket, promise: Promise | None, now: datetime) -> None:
    """Start a ticket's clocks: it was opened, or came back after it was closed."""
    ticket.sla_started_at = now
    ticket.clocks_paused_at = None
    ticket.follow_up_at = None
    if ticket.first_responded_at is None:
        ticket.first_response_due_at = _due(promise, Clock.FIRST_RESPONSE, now)
    ticket.next_response_due_at = None
    ticket.resolution_due_at = _due(promise, Clock.RESOLUTION, now)


def customer_wrote(ticket: Ticket, promise: Promise | None, now: datetime) -> None:
    """The customer's oldest unanswered message counts; a second one does not start the clock afresh."""
    if ticket.waiting_since is None:
        ticket.waiting_since = now
        if ticket.first_responded_at is not None:
            ticket.next_response_due_at = _due(promise, Clock.NEXT_RESPONSE, now)
            ticket.sla_started_at = now


def agent_answered(ticket: Ticket, now: datetime) -> None:
    """An answer ends the wait, wherever it was written."""
    ticket.first_responded_at = ticket.first_responded_at or now
    ticket.next_response_due_at = None
    ticket.waiting_since = None


def pause(ticket: Ticket, now: datetime) -> None:
    """Stand still. A second pause does not move the first."""
    ticket.clocks_paused_at = ticket.clocks_paused_at or now


def go_on(ticket: Ticket, promise: Promise | None, now: datetime) -> None:
    """Run again with what was left. A promise already broken stays broken."""
    paused_at, ticket.clocks_paused_at = ticket.clocks_paused_at, None
    if paused_at is None or promise is None:
        return
    for clock, due_at in running(ticket).items():
        if due_at > paused_at:
            left = business_seconds_between(promise.calendar, paused_at, due_at)
            setattr(ticket, DUE_FIELDS[clock], _add(promise.calendar, now, left))


def promise_again(ticket: Ticket, promise: Promise | None, now: datetime) -> None:
    """The promise itself changed (priority, team, policy): due times follow from the same starts.

    What somebody is entitled to runs from the moment in which they showed it, and from no earlier one (N2).
    """
    shown_at = ticket.entitled_at if ticket.support_level_id else None
    began = _no_earlier(ticket.waiting_since or ticket.created_at, shown_at)
    if ticket.first_responded_at is None:
        # Who was merged in may have waited for longer than the ticket exists.
        start_at = _no_earlier(min(began, ticket.created_at), shown_at)
        ticket.first_response_due_at = _due(promise, Clock.FIRST_RESPONSE, start_at)
    ticket.next_response_due_at = (
        _due(promise, Clock.NEXT_RESPONSE, began)
        if ticket.waiting_since is not None and ticket.first_responded_at is not None
        else None
    )
    started_at = _no_earlier(ticket.sla_started_at or ticket.created_at, shown_at)
    ticket.resolution_due_at = _due(promise, Clock.RESOLUTION, started_at)
    if ticket.category in PAUSED:
        ticket.clocks_paused_at = ticket.clocks_paused_at or now


def plan(ticket: Ticket, promise: Promise | None, now: datetime) -> None:
    """Set `sla_due_at`, `next_action_at` and `next_action` from the facts; never empty while unsolved."""
    due = running(ticket) if ticket.category in LIVE else {}
    ticket.sla_due_at = min(due.values(), default=None)
    if ticket.category == Category.CLOSED:
        ticket.next_action_at, ticket.next_action, ticket.follow_up_at = None, "", None
        ticket.snoozed_until = ticket.clocks_paused_at = None
        return
    if not due and ticket.follow_up_at is None and ticket.snoozed_until is None:
        ticket.follow_up_at = usual_follow_up(promise, ticket.category, now)
    ticket.next_action_at, ticket.next_action = _next(ticket, due)


def usual_follow_up(promise: Promise | None, category: str, now: datetime) -> datetime:
    """When to look again if nobody says: in the first open minute after the usual time."""
    at = now + FOLLOW_UP_AFTER.get(category, FOLLOW_UP_LIVE)
    try:
        return next_opening(promise.calendar, at) if promise else at
    except NeverOpens:
        return at


def _next(ticket: Ticket, due: dict[str, datetime]) -> tuple[datetime, str]:
    if ticket.has_failed_delivery and ticket.follow_up_at is not None:
        return ticket.follow_up_at, NextAction.DELIVERY
    if ticket.snoozed_until is not None:
        return ticket.snoozed_until, NextAction.SNOOZE
    moments = [(at, str(clock)) for clock, at in due.items()]
    if ticket.follow_up_at is not None:
        moments.append((ticket.follow_up_at, str(NextAction.FOLLOW_UP)))
    if ticket.steps_due_at is not None:
        moments.append((ticket.steps_due_at, str(NextAction.STEP)))
    return min(moments)


def _add(calendar: Calendar, start_at: datetime, seconds: float) -> datetime | None:
    """None where the calendar never opens again: nothing can be promised."""
    try:
        return add_business_time(calendar, start_at, seconds)
    except NeverOpens:
        return None


def _no_earlier(at: datetime, than: datetime | None) -> datetime:
    return max(at, than) if than else at


def _due(promise: Promise | None, clock: str, start_at: datetime) -> datetime | None:
    return promise.due(clock, start_at) if promise else None
