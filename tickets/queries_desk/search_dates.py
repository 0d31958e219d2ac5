"""Days and stretches of time as people type them: 2026-01-31, 2026-01, 2026, today, yesterday, monday, 7d, 2w, 3m."""

import re
from datetime import date, datetime, time, timedelta

from django.utils import timezone

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
AGO = re.compile(r"(\d{1,4})(h|d|w|m|y)")
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "m": timedelta(days=30.4375),
         "y": timedelta(days=365.25)}  # fmt: skip
EARLIEST, LATEST = 1970, 2100

Stretch = tuple[datetime, datetime]


def stretch(value: str, now: datetime) -> Stretch | None:
    """From when to when, the end left out, in the reader's zone; `7d` is the moment seven days ago. None: no time."""
    said = value.strip().lower()
    ago = AGO.fullmatch(said)
    if ago:
        moment = now - min(int(ago[1]) * UNITS[ago[2]], timedelta(days=20_000))
        return moment, moment
    today = timezone.localdate(now)
    named = {"today": today, "yesterday": today - timedelta(days=1), "tomorrow": today + timedelta(days=1)}
    if said in WEEKDAYS:
        named[said] = today - timedelta(days=(today.weekday() - WEEKDAYS.index(said)) % 7)
    if said in named:
        return _days(named[said], named[said] + timedelta(days=1))
    return _written(said)


def _written(said: str) -> Stretch | None:
    found = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", said)
    if not found or not EARLIEST <= int(found[1]) <= LATEST:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        start = date(year, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return _days(start, start + timedelta(days=1))
    if month:
        return _days(start, date(year + month // 12, month % 12 + 1, 1))
    return _days(start, date(year + 1, 1, 1))


def _days(first: date, after_last: date) -> Stretch:
    zone = timezone.get_current_timezone()
    return datetime.combine(first, time(), zone), datetime.combine(after_last, time(), zone)
