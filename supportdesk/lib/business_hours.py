"""Open time: when a desk that opens at certain hours will have been open for so long.

An instant is open when the clock on the desk's wall shows an open minute then. So a night in which the hour from
2 to 3 passes twice has it open twice, a night that skips it has it not at all, and every sum is in real seconds.
A holiday is closed from midnight to midnight, a shift that began on the evening before included.

All times in and out are aware; answers are in UTC. The arithmetic is in whole microseconds, one step a day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property

MINUTES_A_DAY = 24 * 60
HORIZON_DAYS = 10 * 366

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WEEKDAY = _EPOCH.weekday()
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_DAY = 86_400 * _SECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) - 2 * _DAY

Spans = tuple[tuple[int, int], ...]


class NeverOpens(ValueError):
    """The calendar has no, or not enough, open time in the next ten years."""


@dataclass(frozen=True)
class Calendar:
    """A week of open hours in a zone. `week[0]` is Monday; each day holds any number of `(opens, closes)`.

    Both are minutes after the day's midnight; a shift past midnight closes beyond 1,440, at most a day after it
    opens. Intervals may overlap. Raises ValueError for a week that is not one.
    """

    zone: tzinfo
    week: tuple[Spans, ...]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("A week has seven days.")
        for opens, closes in (span for day in self.week for span in day):
            if not (0 <= opens < MINUTES_A_DAY and opens < closes <= opens + MINUTES_A_DAY):
                raise ValueError(
                    f"An interval opens within its day and closes within a day after; got {opens}-{closes}."
                )

    @cached_property
    def ever_opens(self) -> bool:
        """Whether any minute of the week is open."""
        return any(self.week)

    @cached_property
    def _week_by_midnights(self) -> tuple[Spans, ...]:
        """What is open on each weekday between its midnights, merged, in microseconds."""
        return tuple(_merged([*self.week[day], *_spilled(self.week[day - 1])]) for day in range(7))

    @cached_property
    def _holiday_numbers(self) -> frozenset[int]:
        return frozenset((day - _EPOCH.date()).days for day in self.holidays)

    def _open_on(self, day: int) -> Spans:
        """Open spans of the `day`-th day after the epoch, in microseconds after its midnight on the wall."""
        return () if day in self._holiday_numbers else self._week_by_midnights[(day + _EPOCH_WEEKDAY) % 7]


def add_business_time(calendar: Calendar, start: datetime, seconds: float) -> datetime:
    """The first instant at which the desk will have been open for `seconds` since `start`.

    That is the closing time, not the next opening, when the time is up just as the desk closes, and `start`
    itself for 0 seconds. Raises NeverOpens, and ValueError for a naive start or negative seconds.
    """
    left = round(seconds * _SECOND)
    if left < 0:
        raise ValueError("Open time is added, not taken away.")
    since = _number(start)
    if left == 0:
        return _instant(since)
    for opens, closes in _ahead(calendar, since):
        if closes - opens >= left:
            return _instant(opens + left)
        left -= closes - opens
    raise NeverOpens(f"There are no {seconds} open seconds in the ten years after {start}.")


def business_seconds_between(calendar: Calendar, start: datetime, end: datetime) -> float:
    """Open seconds from `start` to `end`; negative when `end` is earlier."""
    since, until = _number(start), _number(end)
    if until < since:
        return -business_seconds_between(calendar, end, start)
    return sum(closes - opens for opens, closes in _open_spans(calendar, since, until)) / _SECOND


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether the desk is open at this instant. At the minute of closing it is closed."""
    moment = _number(at)
    return next(_open_spans(calendar, moment, moment + 1), None) is not None


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """`at` itself when the desk is open then, otherwise when it opens next. Raises NeverOpens."""
    for opens, _ in _ahead(calendar, _number(at)):
        return _instant(opens)
    raise NeverOpens(f"The desk does not open in the ten years after {at}.")


def open_stretches(calendar: Calendar, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """When the desk is open between two instants, in order; stretches that touch are one. Empty where `until` is not
    later."""
    merged: list[tuple[int, int]] = []
    for first, last in _open_spans(calendar, _number(since), _number(until)):
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return [(_instant(first), _instant(last)) for first, last in merged]


def _ahead(calendar: Calendar, since: int) -> Iterator[tuple[int, int]]:
    if calendar.ever_opens:
        yield from _open_spans(calendar, since, min(since + HORIZON_DAYS * _DAY, _LAST))


def _open_spans(calendar: Calendar, since: int, until: int) -> Iterator[tuple[int, int]]:
    """Open stretches between two instants, in order and disjoint; stretches that touch may come as several."""
    for start, end, offset in _steady(calendar.zone, since, until):
        for day in range((start + offset) // _DAY, (end - 1 + offset) // _DAY + 1):
            midnight = day * _DAY - offset
            for opens, closes in calendar._open_on(day):
                first, last = max(start, midnight + opens), min(end, midnight + closes)
                if first < last:
                    yield first, last


def _steady(zone: tzinfo, since: int, until: int) -> Iterator[tuple[int, int, int]]:
    """Stretches of at most a day in which the zone keeps one offset from UTC, with that offset."""
    offset = _offset(zone, since)
    while since < until:
        end = min(since + _DAY, until)
        offset_then = _offset(zone, end)
        if offset_then != offset:
            end = _change(zone, since, end)
            offset_then = _offset(zone, end)
        yield since, end, offset
        since, offset = end, offset_then


def _change(zone: tzinfo, before: int, after: int) -> int:
    """The instant at which the offset that holds at `before` ends; it no longer holds at `after`."""
    offset = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: tzinfo, moment: int) -> int:
    ahead = _instant(moment).astimezone(zone).utcoffset() or timedelta()
    return ahead // timedelta(microseconds=1)


def _spilled(day: Spans) -> list[tuple[int, int]]:
    """What shifts past midnight leave open on the day after."""
    return [(0, closes - MINUTES_A_DAY) for _, closes in day if closes > MINUTES_A_DAY]


def _merged(spans: list[tuple[int, int]]) -> Spans:
    merged: list[tuple[int, int]] = []
    for opens, closes in sorted((opens * _MINUTE, min(closes, MINUTES_A_DAY) * _MINUTE) for opens, closes in spans):
        if merged and opens <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(closes, merged[-1][1])
        else:
            merged.append((opens, closes))
    return tuple(merged)


def _number(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("A time without a zone has no place in open hours.")
    return (at - _EPOCH) // timedelta(microseconds=1)


def _instant(moment: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)
