"""A trainer's week: what is booked, held, or away, day by day on the trainer's wall. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Prefetch, Q

from training.away import away_between
from training.choices import LIVE, SEATED, BookingState
from training.models import Booking, Leave, Session, Trainer

DAYS = 7
AHEAD = timedelta(days=400)


@dataclass(frozen=True)
class Item:
    """A session or a leave. `kind`: booked, hold, class, away; `starts` and `ends` as the wall reads them."""

    kind: str
    starts: datetime
    ends: datetime
    title: str
    detail: str = ""
    uid: str = ""
    pk: int = 0


@dataclass(frozen=True)
class DayOf:
    """A day of the calendar."""

    on: date
    is_today: bool
    items: list[Item] = field(default_factory=list)


def monday_of(text: str, zone: str, now: datetime) -> date:
    """The Monday of the week that an address names, else of this one."""
    try:
        day = date.fromisoformat(text) if len(text) == 10 else now.astimezone(ZoneInfo(zone)).date()
    except ValueError:
        day = now.astimezone(ZoneInfo(zone)).date()
    day = min(max(day, date(2000, 1, 10)), date(2100, 1, 1))
    return day - timedelta(days=day.weekday())


def week_of(trainer: Trainer, monday: date, now: datetime) -> list[DayOf]:
    """Seven days. Four queries."""
    zone = ZoneInfo(trainer.time_zone)
    first, last = (_midnight(monday + timedelta(days=ahead), zone) for ahead in (0, DAYS))
    today = now.astimezone(zone).date()
    days = [DayOf(monday + timedelta(days=ahead), monday + timedelta(days=ahead) == today) for ahead in range(DAYS)]
    items = [*_sessions(trainer, first, last, zone), *_leaves(trainer, first, last, zone, now)]
    for item in sorted(items, key=lambda one: (one.starts, one.ends)):
        for day in days:
            if item.starts.date() <= day.on and datetime.combine(day.on, time()) < item.ends:
                day.items.append(item)
    return days


def next_after(trainer: Trainer, monday: date) -> date | None:
    """The day of the first session after the week of `monday`; a class date counts before anybody sits in it."""
    zone = ZoneInfo(trainer.time_zone)
    rows = Session.objects.filter(trainer=trainer, is_on=True, starts_at__gte=_midnight(monday + timedelta(DAYS), zone))
    held = rows.filter(Q(seats__gt=1) | Exists(Booking.objects.filter(session=OuterRef("pk"), state__in=LIVE)))
    first = held.order_by("starts_at").values_list("starts_at", flat=True).first()
    return _wall(first, zone).date() if first else None


def in_leave(trainer: Trainer, now: datetime) -> list[Booking]:
    """What is booked in a time in which the trainer is away, or gives no trainings any more: somebody has to move it
    (C9). Three queries."""
    leaves = list(Leave.objects.filter(trainer=trainer, ends_at__gt=now).values_list("starts_at", "ends_at"))
    leaves += [(starts, ends) for _, starts, ends in away_between([trainer.person_id], now, now + AHEAD, now)]
    if not (trainer.is_active and trainer.person.is_active):
        leaves = [(now, datetime.max.replace(tzinfo=UTC))]
    if not leaves:
        return []
    rows = Booking.objects.filter(
        state__in=LIVE, session__trainer=trainer, session__is_on=True, session__starts_at__gt=now
    ).select_related("session__type", "person")
    return [
        one
        for one in rows.order_by("session__starts_at")
        if any(one.session.starts_at < end and one.session.ends_at > start for start, end in leaves)
    ]


def _sessions(trainer: Trainer, first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[Item]:
    seated = Prefetch("bookings", Booking.objects.filter(state__in=SEATED).select_related("person"), to_attr="seated")
    rows = Session.objects.filter(trainer=trainer, is_on=True, starts_at__lt=last, ends_at__gt=first)
    for row in rows.select_related("type").prefetch_related(seated).order_by("starts_at"):
        starts, ends = _wall(row.starts_at, zone), _wall(row.ends_at, zone)
        there: list[Booking] = row.seated
        if row.seats > 1:
            yield Item("class", starts, ends, row.type.name, f"{len(there)} of {row.seats} seats", pk=row.pk)
        for one in there if row.seats == 1 else ():
            kind = "hold" if one.state == BookingState.PAYMENT_HOLD else "booked"
            words = {
                BookingState.PAYMENT_HOLD: "Hold: not paid yet", BookingState.COMPLETED: "Took place",
                BookingState.NO_SHOW: "Nobody came",
            }.get(BookingState(one.state), "")  # fmt: skip
            detail = f"{row.type.name}. {words}" if words else row.type.name
            yield Item(kind, starts, ends, one.person.shown_name, detail, uid=one.uid)


def _leaves(trainer: Trainer, first: datetime, last: datetime, zone: ZoneInfo, now: datetime) -> Iterator[Item]:
    for row in Leave.objects.filter(trainer=trainer, starts_at__lt=last, ends_at__gt=first):
        yield Item("away", _wall(row.starts_at, zone), _wall(row.ends_at, zone), "Away", row.words, pk=row.pk)
    for _, starts_at, ends_at in away_between([trainer.person_id], first, last, now):
        starts, ends = _wall(max(starts_at, first), zone), _wall(min(ends_at, last), zone)
        yield Item("away", starts, ends, "Away", "Away from the desk")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
