"""The Date of a mail, believed only when it can be true."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz

from mail.parsing.headers import Headers

_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
_COMMENT = re.compile(r"\([^()]*\)")


def read_date(headers: Headers, *, now: datetime | None = None) -> tuple[datetime | None, str]:
    """The Date, else when our own server received it (None when neither is there), and a sentence or ""."""
    received = _received(headers)
    written = parse_date(headers.undecoded("date"))
    newest = (received or now or datetime.now(UTC)) + _AHEAD
    if written is not None and _OLDEST <= written <= newest:
        return written, ""
    if received is not None and received < _OLDEST:
        received = None
    if "date" not in headers:
        return received, "The mail has no date; the time of its arrival was taken." if received else ""
    return received, "The mail's date cannot be true; the time of its arrival was taken."


def parse_date(text: str) -> datetime | None:
    """An aware datetime from what mailers write in Date and Received, or None. A missing zone is taken as UTC."""
    text = _COMMENT.sub(" ", text[:200].replace("=20", " ")).strip()
    try:
        parsed = parsedate_tz(text)
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError):
        return None
    if parsed is None:
        return None
    offset = parsed[9] or 0
    if abs(offset) >= 24 * 3600:
        offset = 0
    try:
        zone = UTC if offset == 0 else timezone(timedelta(seconds=offset))
        return datetime(*parsed[:5], min(parsed[5] or 0, 59), tzinfo=zone)
    except (ValueError, OverflowError, TypeError):
        return None


def _received(headers: Headers) -> datetime | None:
    for value in headers.raws("received")[:3]:
        date = parse_date(value.decode("latin-1").rpartition(";")[2])
        if date is not None:
            return date
    return None
