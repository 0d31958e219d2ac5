"""What happens by itself around Customer Day: invited, reminded, given a date, and missed (B7).

As often as you like, two at once, or late: each thing happens once, since it is written on the person's row of the
quarter, in the transaction that queues the mail.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import Person
from insights import quarters
from insights.actions.telling import tell
from insights.models import CustomerDay
from insights.programme_choices import DayState
from insights.queries_customer_day import (
    STILL_TO_COME,
    Diary,
    diary,
    is_away,
    is_held,
    participants,
    rules,
    today,
)
from supportdesk.lib.failpoints import failpoint
from tickets.actions.accompanied import end_for_a_day

AHEAD = timedelta(days=5)


def look_after(*, now: datetime) -> int:
    """Whatever is due of Customer Day; how many people heard of it."""
    on = today(now)
    quarter = quarters.quarter_of(on)
    if not is_held(rules(), quarter):
        return 0
    miss(on, now=now)
    told = invite(quarter, on, now=now)
    due = CustomerDay.objects.filter(quarter=quarter, state__in=STILL_TO_COME).order_by("pk")
    for pk in due.values_list("pk", flat=True):
        told += _look_after(pk, on, now)
    return told


def invite(quarter: date, on: date, *, now: datetime) -> int:
    """Everybody who has no row of this quarter yet gets one, and a mail; how many heard of it."""
    known = set(CustomerDay.objects.filter(quarter=quarter).values_list("person", flat=True))
    told, people = 0, participants(quarter)
    for person in people:
        if person.pk not in known:
            told += _invite(person, quarter, on, now)
    # Who left, or is left out by now, is asked no more.
    gone = known - {person.pk for person in people}
    CustomerDay.objects.filter(quarter=quarter, state=DayState.INVITED, person__in=gone).delete()
    return told


@transaction.atomic
def _invite(person: Person, quarter: date, on: date, now: datetime) -> int:
    lines = [line.strip()[:300] for line in rules().checklist.splitlines() if line.strip()]
    day, is_new = CustomerDay.objects.get_or_create(
        person=person, quarter=quarter, defaults={"invited_at": now, "checklist": lines}
    )
    if not is_new:
        return 0
    if on >= quarters.proposed_on(quarter):
        return 0  # the mail that proposes a date says all of it
    _mail(day, "invited", "Your Customer Day this quarter", [
        f"Once a quarter each of us answers customers for a day. Choose yours, up to {_written(_end(day))}:",
    ], now)  # fmt: skip
    failpoint("insights.programme.invited")
    return 1


@transaction.atomic
def _look_after(pk: int, on: date, now: datetime) -> int:
    day = CustomerDay.objects.select_for_update(of=("self",)).select_related("person").get(pk=pk)
    if day.state not in STILL_TO_COME or not day.person.is_staff_member:
        return 0
    told = _let_lapse(day, on, now)
    if day.date is None:
        told = _propose(day, on, now) or told or _remind(day, on, now)
    failpoint("insights.programme.reminded")
    return told


def _let_lapse(day: CustomerDay, on: date, now: datetime) -> int:
    """A date went by and the day was not held: it is to be booked anew."""
    if day.date is None or day.date >= on:
        return 0
    gone = day.date
    day.state, day.date, day.briefed_at = DayState.INVITED, None, None
    day.save(update_fields=["state", "date", "briefed_at"])
    lines = [f"It was to be on {_written(gone)}. Choose another day:"]
    _mail(day, f"lapsed:{gone}", "Your Customer Day went by", lines, now)
    return 1


def _remind(day: CustomerDay, on: date, now: datetime) -> int:
    invited = today(day.invited_at)
    if day.reminded_at or on < invited + quarters.REMINDED_AFTER or on >= quarters.proposed_on(day.quarter):
        return 0
    day.reminded_at = now
    day.save(update_fields=["reminded_at"])
    _mail(day, "reminded", "Choose your Customer Day", [
        f"You have not chosen a day yet. Days can be had up to {_written(_end(day))}:",
    ], now)  # fmt: skip
    return 1


def _propose(day: CustomerDay, on: date, now: datetime) -> int:
    """In the quarter's third month: a date that suits the desk, again when the one that we chose went by."""
    if on < quarters.proposed_on(day.quarter) or (day.proposed_for and day.proposed_for >= on):
        return 0
    chosen = _best(diary(day.quarter, but=day), day, on)
    if chosen is None and day.proposed_at:
        return 0
    day.proposed_for, day.proposed_at = chosen, now
    day.save(update_fields=["proposed_for", "proposed_at"])
    lines = [f"{_written(chosen)} would suit the desk. Take it, or choose another day:"] if chosen else []
    lines = lines or [f"The days are all taken. Ask your lead for one before {_written(_end(day))}:"]
    lines = ["You have not chosen a day this quarter.", *lines]
    _mail(day, f"proposed:{chosen}", "A date for your Customer Day", lines, now)
    return 1


def _best(days: Diary, day: CustomerDay, on: date) -> date | None:
    """The emptiest open day, at least five days ahead where there is one; the earliest of several."""
    last = _end(day)
    proposed = CustomerDay.objects.filter(quarter=day.quarter, date=None, proposed_for__isnull=False)
    offered = list(proposed.exclude(pk=day.pk).values_list("proposed_for", flat=True))
    found = [on + timedelta(days=ahead) for ahead in range(1, (last - on).days + 1)]
    found = [one for one in found if days.is_open(one) and not days.is_full(one) and not is_away(day.person, one)]
    later = [one for one in found if one >= on + AHEAD] or found
    return min(later, key=lambda one: (days.busy[one] + offered.count(one), one), default=None)


@transaction.atomic
def miss(on: date, *, now: datetime) -> int:
    """Days of quarters that are over and were not held are missed; how many. Who began has a week to end it."""
    current = quarters.quarter_of(on)
    rows = CustomerDay.objects.select_for_update(of=("self",)).filter(quarter__lt=current).order_by("pk")
    states: Sequence[str] = STILL_TO_COME
    if on >= current + quarters.GRACE:
        states = (*STILL_TO_COME, DayState.WORKING)
    found = list(rows.filter(state__in=states).select_related("person"))
    left_out = set(rules().left_out.values_list("pk", flat=True))
    for day in found:
        if day.state in STILL_TO_COME and (day.person_id in left_out or not day.person.is_staff_member):
            day.delete()  # nobody to miss it
            continue
        end_for_a_day(person=day.person, since=day.accompanied_since, now=now)
        day.state, day.missed_at, day.accompanied_since = DayState.MISSED, now, None
        day.save(update_fields=["state", "missed_at", "accompanied_since"])
    return len(found)


def _end(day: CustomerDay) -> date:
    return quarters.last_day(day.quarter)


def _written(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def _mail(day: CustomerDay, step: str, subject: str, lines: list[str], now: datetime) -> None:
    address = settings.SITE_URL + reverse("insights:customer_days")
    tell([day.person], subject, [*lines, "", address], about=f"day:{day.pk}:{step}", now=now)
