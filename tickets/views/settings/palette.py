"""The pages of the settings, for the palette."""

from datetime import datetime

from django.urls import NoReverseMatch, reverse

from accounts.access import can
from supportdesk.lib.palette import Asked, Found
from tickets.queries_desk.palette import named
from tickets.views.settings.overview import PAGES


def pages(person, asked: Asked, now: datetime) -> list[Found]:
    """By their name or by what can be done there."""
    found = []
    for entries in PAGES.values():
        for name, icon, title, detail, right in entries:
            address = _address(name)
            if address and (right is None or can(person, right)):
                found.append(Found(title, address, icon, detail))
    by_name = named(asked.words, found)
    words = asked.words.casefold()
    more = [one for one in found if len(words) > 2 and words in one.detail.casefold() and one not in by_name]
    return [*by_name, *more]


def _address(name: str) -> str:
    try:
        return reverse(name if ":" in name else f"settings:{name}")
    except NoReverseMatch:
        return ""
