"""When a session can begin: rules on the trainer's wall, less what is taken. Reads only; all arithmetic is in UTC.

A rule is wall-clock time of the trainer's zone, so 13:00 stays 13:00 when clocks change and another instant answers to
it. What lies in an hour that a night skips is never offered, and a night that has an hour twice offers it twice.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from supportdesk.lib.business_hours import Calendar, open_stretches
from training.away import away_between
from training.models import DateException, Rule, SessionType, Trainer

NEAREST = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)

_TAKEN = """
SELECT trainer_id, array_agg(floor(extract(epoch FROM begins))::bigint),
  array_agg(ceil(extract(epoch FROM ends))::bigint)
FROM (
  SELECT trainer_id, lower(blocked) AS begins, upper(blocked) AS ends FROM training_session
  WHERE is_on AND trainer_id = ANY(%(trainers)s) AND blocked && tstzrange(%(first)s, %(last)s)
  UNION ALL
  SELECT trainer_id, starts_at, ends_at FROM training_leave
  WHERE trainer_id = ANY(%(trainers)s) AND starts_at < %(last)s AND ends_at > %(first)s
) AS taken GROUP BY trainer_id
"""

Stretch = tuple[int, int]  # seconds since the epoch, the end left out


@dataclass(frozen=True)
class Bounds:
    """The first and the last instant at which a session of a type may begin (C7)."""

    first: datetime
    last: datetime

    @classmethod
    def of(cls, type: SessionType, now: datetime) -> "Bounds":
        return cls(now + timedelta(hours=type.notice_hours), now + timedelta(days=type.horizon_days))


def free_starts(
    type: SessionType, now: datetime, *, since: datetime | None = None, until: datetime | None = None
) -> dict[datetime, list[int]]:
    """Each instant at which a session may begin, in order, with the trainers (keys) who are free then.

    `since` and `until` narrow the search; notice and horizon bound it. Five queries, whatever there is.
    """
    bounds = Bounds.of(type, now)
    first, last = max(bounds.first, since or bounds.first), min(bounds.last, until or bounds.last)
    if type.is_class or first > last:
        return {}
    trainers = list(Trainer.objects.filter(session_types=type, is_active=True, person__is_active=True))
    day = _DAY + timedelta(minutes=type.minutes + type.after_buffer)
    taken = _taken(trainers, first - _DAY, last + day, now)
    hours = _hours(trainers, first, last + day)
    found: dict[int, list[int]] = defaultdict(list)
    for trainer in trainers:
        for start in _starts(hours[trainer.pk], taken[trainer.pk], type, _seconds_up(first), _seconds(last)):
            found[start].append(trainer.pk)
    return {_EPOCH + timedelta(seconds=start): found[start] for start in sorted(found)}


def free_trainers(type: SessionType, starts_at: datetime, now: datetime) -> list[int]:
    """Who could give a session that begins exactly then; nobody where it may not begin then at all."""
    return free_starts(type, now, since=starts_at, until=starts_at).get(starts_at, [])


def nearest(type: SessionType, around: datetime, now: datetime, *, count: int = NEAREST) -> list[datetime]:
    """The free starts that lie closest to `around`, in order of time."""
    near = free_starts(type, now, since=around - 7 * _DAY, until=around + 7 * _DAY)
    if len(near) < count:
        near = free_starts(type, now)
    return sorted(sorted(near, key=lambda start: abs(start - around))[:count])


def open_hours_of(trainer: Trainer, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    """When a trainer could be booked between two instants, whatever is taken. Two queries."""
    stretches = _hours([trainer], first, last)[trainer.pk]
    return [(_EPOCH + timedelta(seconds=start), _EPOCH + timedelta(seconds=end)) for start, end in stretches]


def _hours(trainers: Sequence[Trainer], first: datetime, last: datetime) -> dict[int, list[Stretch]]:
    keys = [one.pk for one in trainers]
    rules: dict[int, list[Rule]] = defaultdict(list)
    for rule in Rule.objects.filter(trainer__in=keys):
        rules[rule.trainer_id].append(rule)
    others: dict[int, list[DateException]] = defaultdict(list)
    days = (first - 2 * _DAY).date(), (last + 2 * _DAY).date()
    for other in DateException.objects.filter(trainer__in=keys, day_on__range=days):
        others[other.trainer_id].append(other)
    return {one.pk: _hours_of(ZoneInfo(one.time_zone), rules[one.pk], others[one.pk], first, last) for one in trainers}


def _hours_of(
    zone: ZoneInfo, rules: Iterable[Rule], others: Sequence[DateException], first: datetime, last: datetime
) -> list[Stretch]:
    """Open stretches, merged, from the midnight on the trainer's wall before `first`."""
    opens = _midnight(first.astimezone(zone).date(), zone)
    closed = frozenset(other.day_on for other in others)
    by_validity: dict[tuple[date | None, date | None], list[Rule]] = defaultdict(list)
    for rule in rules:
        by_validity[rule.first_on, rule.last_on].append(rule)
    found: list[Stretch] = []
    for (first_on, last_on), group in by_validity.items():
        since = max(opens, _midnight(first_on, zone)) if first_on else opens
        until = min(last, _midnight(last_on + _DAY, zone)) if last_on else last
        if since < until:
            found += _stretches(_week(zone, group, closed), since, until)
    for other in others:
        if other.opens is not None and other.closes is not None:
            week = Calendar(zone, (((other.opens, other.closes),),) * 7)
            found += _stretches(week, _midnight(other.day_on, zone), _midnight(other.day_on + _DAY, zone))
    return _merged(found)


def _week(zone: ZoneInfo, rules: Iterable[Rule], closed: frozenset[date]) -> Calendar:
    week: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for rule in rules:
        week[rule.weekday].append((rule.opens, rule.closes))
    return Calendar(zone, tuple(tuple(day) for day in week), closed)


def _stretches(calendar: Calendar, since: datetime, until: datetime) -> list[Stretch]:
    return [(_seconds(start), _seconds(end)) for start, end in open_stretches(calendar, since, until)]


def _taken(trainers: Sequence[Trainer], first: datetime, last: datetime, now: datetime) -> dict[int, list[Stretch]]:
    """What nobody can book: sessions with the buffers after them, leave, and absences. Whole seconds, summed up in SQL:
    ranges by the thousand take longer to read than to find."""
    found: dict[int, list[Stretch]] = defaultdict(list)
    keys = {one.person_id: one.pk for one in trainers}
    for person, begins_at, ends_at in away_between(list(keys), first, last, now):
        found[keys[person]].append((_seconds(max(begins_at, first)), _seconds_up(min(ends_at, last))))
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, {"trainers": list(keys.values()), "first": first, "last": last})
        for trainer, begins, ends in cursor.fetchall():
            found[trainer] += zip(begins, ends, strict=True)
    return defaultdict(list, {trainer: _merged(stretches) for trainer, stretches in found.items()})


def _starts(
    hours: Iterable[Stretch], taken: Sequence[Stretch], type: SessionType, first: int, last: int
) -> Iterable[int]:
    """Every step from the beginning of an open stretch at which session and buffer meet nothing that is taken."""
    step, lasts, blocks = type.every_minutes * 60, type.minutes * 60, (type.minutes + type.after_buffer) * 60
    ends = [end for _, end in taken]
    for opens, closes in hours:
        start = opens if opens >= first else opens + -(-(first - opens) // step) * step
        latest = min(closes - lasts, last)
        place = bisect_right(ends, start)
        while start <= latest:
            while place < len(taken) and ends[place] <= start:
                place += 1
            if place < len(taken) and taken[place][0] < start + blocks:
                start += -(-(ends[place] - start) // step) * step
                continue
            yield start
            start += step


def _merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    merged: list[Stretch] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _seconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1)


def _seconds_up(at: datetime) -> int:
    return -((_EPOCH - at) // timedelta(seconds=1))
