"""Who is away, for lists of people."""

from django import template
from django.utils import timezone

from tickets.models import Absence
from tickets.queries_desk.automation import absent_people

register = template.Library()


@register.simple_tag
def away_now() -> dict[int, Absence]:
    """`{% away_now as away %}`: the absence of everybody who is away, by their key. One query."""
    return absent_people(timezone.now())
