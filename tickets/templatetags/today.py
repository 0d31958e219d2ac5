"""Words of the start of the day. `{% load today %}`"""

from datetime import datetime, tzinfo

from django import template

register = template.Library()


@register.filter
def at_desk(at: datetime, zone: tzinfo) -> str:
    """ "10:30" by the clock of the desk."""
    return f"{at.astimezone(zone):%H:%M}"
