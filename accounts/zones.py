"""Time zones by name."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from accounts.models import Person


@cache
def zone_names() -> tuple[str, ...]:
    """Every zone a person may choose, sorted: Region/City, and UTC."""
    regions = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ]
    return ("UTC", *sorted(name for name in available_timezones() if name.partition("/")[0] in regions))


def zone_of(person: Person) -> ZoneInfo:
    """The person's zone; UTC when its name is no longer known."""
    try:
        return ZoneInfo(person.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
