"""The open hours in which an unpaid time is held. An app above says which calendar the desk keeps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from billing.actions import numbering
from supportdesk.lib.business_hours import Calendar, NeverOpens, add_business_time

# Monday to Friday, nine to five: until somebody registers the desk's own hours.
_DAY = ((9 * 60, 17 * 60),)

_providers: list[Callable[[], Calendar | None]] = []


def register(provider: Callable[[], Calendar | None]) -> None:
    """Ask `provider` for the desk's calendar from now on; None of it: the usual week in the seller's zone."""
    _providers[:] = [provider]


def calendar() -> Calendar:
    """When the desk is open."""
    found = _providers[0]() if _providers else None
    return found or Calendar(ZoneInfo(str(numbering.seller_zone())), (_DAY,) * 5 + ((), ()))


def after(start: datetime, hours: int) -> datetime:
    """When the desk will have been open for `hours` since `start`; as many hours of the clock where it never opens."""
    try:
        return add_business_time(calendar(), start, hours * 3600)
    except NeverOpens:
        return start + timedelta(hours=hours)
