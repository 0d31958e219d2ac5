"""Dates as other desks write them."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from tickets.import_formats.records import Unreadable

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
TOLERANCE = timedelta(days=1)
_NUMBERS = re.compile(
    r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})(?:[,T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?)?"
)
_FORMS = (
    "%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%d %b %Y %I:%M %p", "%d %b %Y", "%b %d %Y %H:%M:%S", "%b %d %Y %H:%M",
    "%b %d %Y %I:%M %p", "%b %d %Y", "%d %B %Y %H:%M", "%d %B %Y", "%B %d %Y %I:%M %p", "%B %d %Y",
)  # fmt: skip


@lru_cache(maxsize=4096)
def read_time(text: str, *, day_first: bool = False, zone: str = "UTC") -> datetime | None:
    """The moment that a text names, None for an empty one. Without a zone it is one of `zone`. Raises Unreadable."""
    text = text.strip()
    if not text:
        return None
    try:
        found = _read(text, day_first)
        found = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))
        found = found.astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        raise Unreadable(f"“{text[:40]}” is no date that can be read.") from None
    if found < EARLIEST:
        raise Unreadable(f"“{text[:40]}” lies before 1980.")
    return found


def read_seconds(value: object) -> datetime | None:
    """A moment that JSON gives as seconds since 1970, or as text. Raises Unreadable."""
    if value is None or value == "" or value == 0 or isinstance(value, bool):
        return None
    return read_time(str(value)[:60])


def is_day_first(texts: list[str]) -> bool:
    """Whether dates such as 31/12/2026 among them put the day first; without any that tell, they do not."""
    for text in texts:
        found = _NUMBERS.match(text.strip())
        if found and len(found[1]) <= 2:
            if int(found[1]) > 12:
                return True
            if int(found[2]) > 12:
                return False
            if "." in text[: len(found[1]) + 1]:
                return True
    return False


def _read(text: str, day_first: bool) -> datetime:
    if text.replace(".", "", 1).isdigit() and text.isascii():
        number = float(text[:20])
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    try:
        return datetime.fromisoformat(text.removesuffix(" UTC").replace(" +", "+"))
    except ValueError:
        pass
    found = _NUMBERS.fullmatch(text)
    if found:
        return _of_numbers(found, day_first)
    plain = " ".join(text.replace(",", " ").split())
    for form in _FORMS:
        try:
            return datetime.strptime(plain, form)
        except ValueError:
            continue
    return parsedate_to_datetime(text)


def _of_numbers(found: re.Match[str], day_first: bool) -> datetime:
    one, two, three = int(found[1]), int(found[2]), int(found[3])
    if len(found[1]) == 4:
        year, month, day = one, two, three
    else:
        year = three if len(found[3]) == 4 else 2000 + three
        day, month = (one, two) if (day_first or one > 12) and two <= 12 else (two, one)
    hour, minute, second = (int(found[place] or 0) for place in (4, 5, 6))
    half = (found[7] or "").lower()[:1]
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return datetime(year, month, day, hour, minute, second)
