"""Moments as people type them: "tomorrow 9:00", "in 2 hours", "next mon 14:30", "27 nov", "2026-11-27 09:00"."""

import re
from datetime import datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

MORNING = time(9, 0)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}
IN = re.compile(r"in (\d{1,4}) ?(m|min|minutes?|h|hours?|d|days?|w|weeks?)")
WEEKDAY = "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
DAY = re.compile(rf"(today|tomorrow|{WEEKDAY})?(?: ?(?:at )?(.+))?")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?)"
)
DATE = re.compile(
    rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.? (?P<month>{MONTH})|(?P<month_first>{MONTH}) (?P<day_last>\d{{1,2}})"
    r"(?:st|nd|rd|th)?)\.?,?(?: (?P<year>20\d\d))?(?:,? (?:at )?(?P<hour>\S.*))?"
)
HOUR = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))? ?(am|pm)?")


def moment_in(words: str, now: datetime) -> datetime | None:
    """What `words` mean at `now` in the reader's zone; None for what means nothing. A day alone is its morning."""
    text = " ".join(words.lower().split())
    span = IN.fullmatch(text)
    if span:
        return now + timedelta(minutes=int(span[1]) * UNITS[span[2][0]])
    written = _written(text)
    if written:
        return written
    local = timezone.localtime(now)
    dated = DATE.fullmatch(text)
    if dated:
        return _dated(dated, local)
    match = DAY.fullmatch(text.removeprefix("next ").replace("noon", "12:00"))
    hour = _hour(match[2]) if match and match[2] else MORNING
    if not match or not text or hour is None:
        return None
    return _on(local, match[1], hour)


class TypedMomentField(forms.CharField):
    """A moment in words or from the browser's own picker; cleans to the words, which `moment_in` understands."""

    def __init__(
        self, *, unknown: str = "Write the time like “tomorrow 9:00”, “in 2 hours” or 2026-11-27 09:00", **options
    ) -> None:
        super().__init__(**options)
        self.unknown = unknown

    def clean(self, value) -> str:
        words = super().clean(value)
        if words and moment_in(words, timezone.now()) is None:
            raise ValidationError(self.unknown)
        return words


def _written(text: str) -> datetime | None:
    try:
        found = parse_datetime(text.replace(" ", "t", 1).upper())
    except ValueError:
        return None
    if found is None or not 2000 <= found.year < 2200:
        return None
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _dated(match: re.Match, local: datetime) -> datetime | None:
    """A day of a month, at its hour or in its morning; without a year the next one that has not passed."""
    month = MONTHS.index((match["month"] or match["month_first"])[:3]) + 1
    day, hour = int(match["day"] or match["day_last"]), _hour(match["hour"]) if match["hour"] else MORNING
    if hour is None:
        return None
    year = int(match["year"] or local.year)
    try:
        at = local.replace(year=year, month=month, day=day, hour=hour.hour, minute=hour.minute, second=0, microsecond=0)
        return at.replace(year=year + 1) if not match["year"] and at.date() < local.date() else at
    except ValueError:  # the 31st of June
        return None


def _hour(text: str) -> time | None:
    match = HOUR.fullmatch(text)
    if not match:
        return None
    hours, minutes = int(match[1]), int(match[2] or 0)
    if match[3]:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if match[3] == "pm" else 0)
    return time(hours, minutes) if hours < 24 and minutes < 60 else None


def _on(local: datetime, day: str | None, hour: time) -> datetime:
    at = local.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)
    if day == "tomorrow":
        return at + timedelta(days=1)
    if day and day != "today":
        ahead = (DAYS.index(day[:3]) - local.weekday()) % 7
        return at + timedelta(days=ahead or (7 if at <= local else 0))
    # An hour alone is the next one of that name.
    return at + timedelta(days=1) if not day and at <= local else at
