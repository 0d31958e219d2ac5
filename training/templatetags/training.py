"""Times on somebody's wall, and the link of a waiter."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template

from training.actions import letters
from training.models import WaitlistEntry

register = template.Library()


@register.filter
def in_zone(at: datetime, zone: str) -> datetime:
    """The same instant as the clock on a wall of `zone` reads it: naive, so that a template shows it as it is."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@register.simple_tag
def waiter_link(entry: WaitlistEntry) -> str:
    """Where a waiter takes a seat, or leaves the list."""
    return letters.waiter_path(entry)
