"""What a ticket belongs to. `{% load together %}`"""

import re

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from billing.models import Customer
from tickets.choices import Role
from tickets.custom_fields import fields_of, filled, missing_at_close
from tickets.learned import client_to_learn_from
from tickets.models import CustomField
from tickets.queries_desk.together import Ties, ties_of

register = template.Library()

NUMBER = re.compile(r"(?:#|\bticket )(\d{1,12})\b")


@register.simple_tag(takes_context=True)
def ties(context) -> Ties:
    """`{% ties as belongs %}` on a page with `ticket`. One query."""
    return ties_of(context["ticket"], context["request"].user)


@register.simple_tag(takes_context=True)
def own_fields(context) -> list[tuple[CustomField, str]]:
    """`{% own_fields as asked %}`: the desk's own fields of `ticket` with their values in words. One query."""
    return filled(context["ticket"], fields_of(context["ticket"]))


@register.simple_tag(takes_context=True)
def needed_at_close(context) -> list[CustomField]:
    """Fields that `ticket` needs before it is closed. One query."""
    return missing_at_close(context["ticket"])


@register.simple_tag(takes_context=True)
def to_learn_from(context) -> Customer | None:
    """The new client whose first ticket `ticket` is, while nobody said what it taught. One query."""
    return client_to_learn_from(context["ticket"])


@register.simple_tag(takes_context=True)
def is_following(context) -> bool:
    """Whether the reader follows `ticket`, read off the people beside it. No query."""
    reader = context["request"].user.pk
    return any(one.person_id == reader and one.role == Role.WATCHER for one in context["side"].participants)


@register.filter
def numbered(text: str) -> SafeString:
    """Escaped text in which “ticket 4127” and “#4127” lead to that ticket. Other addresses stay words."""
    parts, position = [], 0
    for found in NUMBER.finditer(text):
        parts.append(escape(text[position : found.start()]))
        parts.append(format_html('<a href="{}">{}</a>', reverse("desk:short_address", args=[found[1]]), found[0]))
        position = found.end()
    parts.append(escape(text[position:]))
    return SafeString("".join(parts))
