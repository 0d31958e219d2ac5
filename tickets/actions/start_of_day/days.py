"""A day of the desk: it begins by itself, has a captain who is there, and at half past ten says who is late.

Each minute a worker keeps it. Two at once, a worker that was killed, a clock that jumps: the day's row is locked, and
whatever was done stands on a row.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

import timers
from accounts.choices import Role
from accounts.models import Person
from mail.actions.send import queue_mail
from mail.addresses import Address
from mail.choices import Kind
from mail.models import Mailbox
from supportdesk.lib.failpoints import failpoint
from tickets.actions.keeping import LOOK
from tickets.actions.start_of_day.mailboxes import count_mailboxes
from tickets.models import Breach, DayRules, DayRun, DeskDay, Ticket
from tickets.open_days import NEARLY, DeskClock, desk_clock
from tickets.queries_desk.start_of_day import away, starters
from tickets.source_choices import RunState
from timers.models import Timer

AT_ONCE = 500


@transaction.atomic
def keep_day(*, now: datetime) -> DeskDay | None:
    """Let today have its row, its people, its captain and its mailboxes' counts, and say once who is late.

    None while the desk is closed.
    """
    clock = desk_clock()
    count_mailboxes(clock=clock, now=now)
    day = _todays(clock, now)
    if day is None:
        return None
    _meet(day, now)
    if now >= day.late_at:
        _call_late(day, now)
    return day


def keep(*, now: datetime) -> None:
    """What a worker does each minute."""
    keep_day(now=now)
    look_again(now=now)


@transaction.atomic
def look_again(*, now: datetime) -> int:
    """Wake the timer of every ticket that lies past its date without its breach, in case it was lost. How many.

    The timer itself counts open days; woken early it only sets itself again.
    """
    known = Breach.objects.filter(ticket=OuterRef("pk"), due_at=OuterRef("next_action_at"))
    lying = Ticket.objects.unsolved().filter(next_action_at__lte=now - NEARLY).exclude(Exists(known))
    asleep = lying.exclude(Exists(_waiting_timers()))
    found = list(asleep.order_by("next_action_at", "pk").values_list("pk", "visit")[:AT_ONCE])
    for pk, visit in found:
        timers.schedule(kind=LOOK, subject=pk, visit=visit, due_at=now)
    return len(found)


def _waiting_timers() -> QuerySet:
    return Timer.objects.filter(kind=LOOK, subject=OuterRef("pk"), visit=OuterRef("visit"), done_at__isnull=True)


def _todays(clock: DeskClock, now: datetime) -> DeskDay | None:
    on = clock.day_of(now)
    if not clock.opens_on(on):
        return None
    if not DeskDay.objects.filter(on=on).exists():
        rules = DayRules.objects.filter(pk=1).first() or DayRules()
        begins, ends = clock.at(on), clock.ends(on)
        late = min(max(clock.at(on, rules.late_minute), begins + timedelta(minutes=1)), ends - timedelta(minutes=1))
        day = DeskDay(on=on, begins_at=begins, late_at=late, ends_at=ends)
        DeskDay.objects.bulk_create([day], ignore_conflicts=True)
        failpoint("tickets.day.begun")
    return DeskDay.objects.select_for_update().get(on=on)


def _meet(day: DeskDay, now: datetime) -> None:
    """Everybody who answers tickets has a start of the day; whoever is away is excused, and back when they are."""
    gone = away(now)
    people = list(starters().order_by("pk").values_list("pk", flat=True))
    runs = {run.person_id: run for run in DayRun.objects.filter(day=day)}
    missing = [
        DayRun(day=day, person_id=pk, state=_first_state(pk in gone, day, now)) for pk in people if pk not in runs
    ]
    DayRun.objects.bulk_create(missing, ignore_conflicts=True)
    waiting = DayRun.objects.filter(day=day, done_at__isnull=True)
    idle = waiting.filter(state=RunState.OPEN, began_at__isnull=True)
    idle.filter(person__in=gone).update(state=RunState.EXCUSED)
    if now < day.late_at:  # later nobody could be in time
        waiting.filter(state=RunState.EXCUSED, person__in=people).exclude(person__in=gone).update(state=RunState.OPEN)
    waiting.filter(state=RunState.OPEN).exclude(person__in=people).update(state=RunState.EXCUSED)
    _see_to_captain(day, [pk for pk in people if pk not in gone])


def _first_state(is_away: bool, day: DeskDay, now: datetime) -> str:
    """Whoever joins after the hour at which a start is late begins tomorrow."""
    return RunState.EXCUSED if is_away or (now >= day.late_at and day.alerted_at) else RunState.OPEN


def _see_to_captain(day: DeskDay, there: list[int]) -> None:
    """In turn: whoever has not been captain for the longest. Whom a person chose stays, unless they are away."""
    if day.captain_id in there or not there:
        return
    led = dict(DeskDay.objects.filter(captain__in=there).order_by().values_list("captain").annotate(last=Max("on")))
    turn = min(there, key=lambda pk: (led[pk].toordinal() if pk in led else 0, pk))
    day.captain_id, day.is_captain_chosen = turn, False
    day.save(update_fields=["captain", "is_captain_chosen"])


def _call_late(day: DeskDay, now: datetime) -> None:
    """Whoever is not done is late from now on, and the captain and the leads hear of it once."""
    DayRun.objects.filter(day=day, state=RunState.OPEN).update(state=RunState.LATE)
    if day.alerted_at is not None:
        return
    late = list(DayRun.objects.filter(day=day, state=RunState.LATE, done_at__isnull=True).select_related("person"))
    DeskDay.objects.filter(pk=day.pk).update(alerted_at=now)
    if late:
        _tell(day, [run.person for run in late], now)
    failpoint("tickets.day.alerted")


def _tell(day: DeskDay, late: list[Person], now: datetime) -> None:
    leads = list(Person.objects.with_role(Role.LEAD).order_by("pk"))
    if not leads:
        leads = list(Person.objects.with_role(Role.ADMIN).order_by("pk"))
    people = {person.pk: person for person in (*leads, *late)}
    if day.captain_id and day.captain and day.captain.is_active:
        people.setdefault(day.captain_id, day.captain)
    names = ", ".join(sorted(person.shown_name for person in late))
    mailbox = Mailbox.objects.default()
    for person in people.values():
        queue_mail(
            kind=Kind.NOTIFICATION,
            mailbox=mailbox,
            to=Address(person.email, person.name),
            subject=f"Start of the day not done: {day.on:%d %B %Y}",
            text=f"Not done yet: {names}.\n\nThe day is here:\n{settings.SITE_URL}/today/\n",
            now=now,
        )
