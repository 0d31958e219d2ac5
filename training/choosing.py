"""Days and times to choose from, in the zone of whoever chooses. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q

from accounts.models import Person
from accounts.zones import zone_names
from training import slots
from training.choices import SEATED, WaitState
from training.models import Session, SessionType

NEAR_WEEKS = 3
YEARS = range(2000, 2101)


@dataclass(frozen=True)
class Day:
    """A day with free times, and the address that shows them."""

    on: date
    free: int
    address: str
    is_chosen: bool


@dataclass(frozen=True)
class Start:
    """A time of the chosen day; `local` is the visitor's wall, without a zone.

    `detail` tells the two apart where an hour comes twice.
    """

    at: datetime
    local: datetime
    address: str
    detail: str = ""
    session_id: int = 0
    free: int = 1

    @property
    def value(self) -> str:
        """As a form sends it."""
        return stamp(self.at)


@dataclass(frozen=True)
class Choice:
    """What a page offers. `days` are all with something free; `starts` those of the chosen day, or of a class all."""

    zone: str
    days: Sequence[Day]
    starts: Sequence[Start]
    chosen: Start | None


def zone_for(person: Person | None, asked: str, otherwise: str = "UTC") -> str:
    """The zone that times are shown in: what the visitor chose, else what we know of them."""
    known = zone_names()
    for name in (asked, person.time_zone if person else "", otherwise):
        if name in known:
            return name
    return "UTC"


def stamp(at: datetime) -> str:
    """2026-11-24T15:00Z"""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def moment(text: str) -> datetime | None:
    """What `stamp` wrote, or None for anything else. No zone and no buffer leads out of the years that dates have."""
    if len(text) != 17 or not text.isascii():
        return None
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def choose(type: SessionType, *, zone: str, day: str, at: str, now: datetime) -> Choice:
    """The days and times of a type, with the one that `at` names where it is free."""
    return _classes(type, zone, at, now) if type.is_class else _times(type, zone, day, at, now)


def _times(type: SessionType, zone: str, day: str, at: str, now: datetime) -> Choice:
    wall = ZoneInfo(zone)
    by_day: dict[date, list[datetime]] = {}
    for start in slots.free_starts(type, now):
        by_day.setdefault(start.astimezone(wall).date(), []).append(start)
    wanted = moment(at)
    shown = _day(day) or (wanted.astimezone(wall).date() if wanted else None)
    if shown not in by_day:
        shown = next(iter(by_day), None)
    days = [
        Day(one, len(starts), _address(zone, day=one.isoformat()), one == shown) for one, starts in by_day.items()
    ]  # fmt: skip
    starts = starts_of(by_day.get(shown, []) if shown else [], zone)
    chosen = next((one for one in starts if one.at == wanted), None)
    return Choice(zone, days, starts, chosen)


def starts_of(instants: Sequence[datetime], zone: str) -> list[Start]:
    """Instants as times on a wall; where two of them read alike, each says which it is."""
    wall = ZoneInfo(zone)
    locals_ = [at.astimezone(wall) for at in instants]
    read = [f"{local:%Y-%m-%d %H:%M}" for local in locals_]
    return [
        Start(
            at, local.replace(tzinfo=None), _address(zone, at=stamp(at)), f"{local:%Z}" if read.count(words) > 1 else ""
        )
        for at, local, words in zip(instants, locals_, read, strict=True)
    ]


def _classes(type: SessionType, zone: str, at: str, now: datetime) -> Choice:
    bounds = slots.Bounds.of(type, now)
    wall = ZoneInfo(zone)
    rows = (
        Session.objects.filter(
            type=type,
            is_on=True,
            starts_at__range=(bounds.first, bounds.last),
            trainer__is_active=True,
            trainer__person__is_active=True,
        )
        .annotate(
            seated=Count("bookings", filter=Q(bookings__state__in=SEATED), distinct=True),
            offered=Count("waiters", filter=Q(waiters__state=WaitState.OFFERED), distinct=True),
        )
        .annotate(left=F("seats") - F("seated") - F("offered"))
        .order_by("starts_at", "pk")
    )
    starts = [
        Start(
            row.starts_at, row.starts_at.astimezone(wall).replace(tzinfo=None), _address(zone, at=str(row.pk)),
            session_id=row.pk, free=max(0, row.left),
        )
        for row in rows
    ]  # fmt: skip
    return Choice(zone, (), starts, next((one for one in starts if str(one.session_id) == at), None))


def _address(zone: str, **more: str) -> str:
    return f"?{urlencode({'tz': zone, **more})}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Weeks:
    """Days by the Monday of their week: those around the chosen day, and the others."""

    near: Sequence[tuple[date, list[Day]]]
    far: Sequence[tuple[date, list[Day]]]
    last: date | None


def weeks(days: Sequence[Day]) -> Weeks:
    """The week of the chosen day and the two after it; all the others apart, so that times stay in sight."""
    found: dict[date, list[Day]] = {}
    for day in days:
        found.setdefault(day.on - timedelta(days=day.on.weekday()), []).append(day)
    all_weeks = list(found.items())
    first = next((place for place, (_, ones) in enumerate(all_weeks) if any(one.is_chosen for one in ones)), 0)
    near = all_weeks[first : first + NEAR_WEEKS]
    return Weeks(near, all_weeks[:first] + all_weeks[first + NEAR_WEEKS :], days[-1].on if days else None)
