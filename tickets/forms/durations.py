"""Open time as people write it: "30 min", "4 h", "1 h 30 min"."""

import re

LONGEST_MINUTES = 60 * 24 * 365

_DURATION = re.compile(
    r"(?:(\d{1,5})\s*(?:h|hour|hours))?\s*(?:(\d{1,6})\s*(?:m|min|minute|minutes))?", re.ASCII | re.IGNORECASE
)


class UnreadableDuration(ValueError):
    """The message says what to write instead."""


def parse_minutes(text: str) -> int | None:
    """Minutes, or None for an empty text. A bare number is refused: it could be hours or minutes."""
    text = text.strip()
    if not text:
        return None
    found = _DURATION.fullmatch(text)
    if not found or not (found[1] or found[2]):
        raise UnreadableDuration("Write a time like 30 min, 4 h or 1 h 30 min")
    minutes = int(found[1] or 0) * 60 + int(found[2] or 0)
    if minutes == 0:
        raise UnreadableDuration("Promise at least 1 min, or leave it empty to promise nothing")
    if minutes > LONGEST_MINUTES:
        raise UnreadableDuration("Promise at most 8,760 h, a year of open time")
    return minutes


def format_minutes(minutes: int) -> str:
    """`90` is "1 h 30 min". `parse_minutes` reads it back."""
    hours, rest = divmod(minutes, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest)) or "0 min"
