"""Opening hours as people write them: "09:00–12:00, 13:00–17:30".

Minutes count from midnight. A shift that ends on the next day closes beyond 1,440.
"""

import re
from itertools import pairwise

MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY

Interval = tuple[int, int]

_BETWEEN = re.compile(r"[,;]")
_INTERVAL = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(?:-|–|—|to)\s*(\d{1,2})(?:[:.h](\d{2}))?", re.ASCII)
_CLOSED = frozenset({"", "closed", "-", "–"})


class UnreadableHours(ValueError):
    """The message says what to write instead."""


def parse_day(text: str) -> list[Interval]:
    """The intervals of one day in order, [] when closed. Raises UnreadableHours."""
    if text.strip().lower() in _CLOSED:
        return []
    intervals = sorted(_parse_interval(part.strip()) for part in _BETWEEN.split(text) if part.strip())
    for (_, closes), (opens, _) in pairwise(intervals):
        if opens < closes:
            raise UnreadableHours(f"{format_minute(opens)} lies inside the hours before it")
    return intervals


def check_week(week: dict[int, list[Interval]]) -> tuple[int, str] | None:
    """The first weekday whose hours collide with the night before it, with the reason; None when the week fits.

    A shift past Sunday midnight reaches into Monday.
    """
    spans = sorted(
        (weekday * MINUTES_A_DAY + opens, weekday * MINUTES_A_DAY + closes, weekday)
        for weekday, intervals in week.items()
        for opens, closes in intervals
    )
    if not spans:
        return None
    first = spans[0]
    following = [*spans[1:], (first[0] + MINUTES_A_WEEK, first[1] + MINUTES_A_WEEK, first[2])]
    for (_, closes, _), (opens, _, weekday) in zip(spans, following, strict=True):
        if opens < closes:
            return weekday, "The shift of the day before is still open at " + format_minute(opens % MINUTES_A_DAY)
    return None


def format_day(intervals: list[Interval]) -> str:
    """What `parse_day` reads back to the same intervals."""
    return ", ".join(f"{format_minute(opens)}–{_format_close(opens, closes)}" for opens, closes in intervals)


def format_minute(minute: int) -> str:
    """`540` is "09:00"; midnight at the end of a day is "24:00"."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _format_close(opens: int, closes: int) -> str:
    return format_minute(closes if closes <= MINUTES_A_DAY else closes - MINUTES_A_DAY)


def _parse_interval(text: str) -> Interval:
    found = _INTERVAL.fullmatch(text)
    if not found:
        raise UnreadableHours("Write hours like 09:00–12:00, 13:00–17:30, or leave the day empty when closed")
    opens = _minute(found[1], found[2])
    closes = _minute(found[3], found[4])
    if opens >= MINUTES_A_DAY:
        raise UnreadableHours("A day opens before 24:00")
    if opens == closes:
        raise UnreadableHours("Write 00:00–24:00 for the whole day")
    return (opens, closes) if closes > opens else (opens, closes + MINUTES_A_DAY)


def _minute(hour: str, minute: str | None) -> int:
    total = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or total > MINUTES_A_DAY:
        raise UnreadableHours(f"There is no {hour}:{minute or '00'} on a clock")
    return total
