"""What reports need to know of the desk: its time zone, its hours, what it promises."""

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from supportdesk.lib.business_hours import Calendar
from tickets import clocks
from tickets.models import ServiceLevel, ServiceTarget


def desk_zone() -> ZoneInfo:
    """The time zone in which this desk's days begin: that of the default service level's calendar, else UTC."""
    levels = ServiceLevel.objects.order_by("-is_default", "pk")
    return ZoneInfo(levels.values_list("calendar__time_zone", flat=True).first() or "UTC")


@dataclass(frozen=True)
class Promises:
    """Calendars and promises of every service level, read once."""

    calendars: dict[int, Calendar | None]
    default: Calendar | None
    with_next: frozenset[tuple[int, str]]

    def calendar(self, level_id: int | None) -> Calendar | None:
        """The calendar of a ticket's level, else the desk's own; None is always open."""
        return self.calendars.get(level_id, self.default) if level_id else self.default

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of the desk's own calendar."""
        return desk_zone()


def read_promises() -> Promises:
    """What every level promises now. Two queries a level, of which a desk has a handful."""
    calendars, default = {}, None
    for level in ServiceLevel.objects.select_related("calendar").order_by("-is_default", "pk"):
        calendars[level.pk] = clocks.calendar_of(level.calendar)
        default = default or calendars[level.pk]
    targets = ServiceTarget.objects.filter(next_response_minutes__isnull=False).values_list("level", "priority")
    return Promises(calendars, default, frozenset(targets))
