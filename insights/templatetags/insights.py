"""`{% load insights %}`: what report pages and the rating page draw."""

from collections.abc import Mapping
from typing import Any

from django import forms, template

from insights import places, words
from supportdesk.lib import money

register = template.Library()


@register.simple_tag
def scale_option(option: Any, bound: forms.BoundField) -> dict[str, Any]:
    """A choice of a scale in its parts: its number, where it has one, and its words."""
    value = str(option.data["value"])
    return {"number": value if value.isdigit() else "", "words": option.choice_label}


@register.simple_tag
def insights_places() -> list[tuple[str, str, str]]:
    """(name, address, words) of every page of insights, in their order."""
    return places.places()


@register.filter
def cents(amount: object, currency: str) -> str:
    """“$8.00”; a dash for what is not known."""
    return money.shown(amount, currency) if isinstance(amount, int) else "–"


@register.filter
def thousands(number: int) -> str:
    """“2,140”."""
    return f"{number:,}"


@register.filter
def parts(part: float | None) -> str:
    """“47%” of 0.47; a dash for what is not known."""
    return "–" if part is None else f"{round(100 * part)}%"


@register.filter
def signed(part: float) -> str:
    """“−76%” of −0.76, “+5%” of 0.05."""
    whole = round(100 * part)
    return f"−{-whole}%" if whole < 0 else f"+{whole}%" if whole else "0%"


@register.filter
def get(found: Mapping[Any, Any], key: Any) -> Any:
    """What stands there by that key."""
    return found.get(key, "")


register.filter("duration", words.duration)
register.filter("share", words.share)
