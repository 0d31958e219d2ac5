"""`{% load panels %}`: what apps above show beside a ticket."""

from django import template
from django.urls import reverse

from accounts import panels

register = template.Library()


@register.inclusion_tag("tickets/desk/_panels.html")
def ticket_panels(ticket) -> dict:
    """A closed fold for each panel, filled when it is opened. No query."""
    places = (("customer", ticket.requester_id), ("ticket", ticket.pk))
    return {
        "panels": [
            (panel, reverse(panel.url_name, args=[number]))
            for place, number in places
            for panel in panels.panels(place)
        ]
    }
