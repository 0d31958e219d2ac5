"""What insights lets the palette find: its pages, by their names."""

from collections.abc import Iterator
from datetime import datetime

from accounts.access import can
from accounts.models import Person
from insights.places import places
from supportdesk.lib import palette
from supportdesk.lib.palette import Asked, Found

FOR_ALL = ("customer_day", "goals")
TITLES = {"overview": "Insights", "reports": "Reports: tickets and times", "satisfaction": "What customers said"}


def register() -> None:
    """Called once the models are there."""
    palette.register("insights", "Insights", pages, order=80)


def pages(person: Person, question: Asked, now: datetime) -> Iterator[Found]:
    """Every page whose name has all the words. No query."""
    words = question.words.casefold().split()
    if not words or not can(person, "people.see"):
        return
    sees_all = can(person, "insights.see")
    for name, address, shown in places():
        if not sees_all and name not in FOR_ALL:
            continue
        title = TITLES.get(name, shown)
        if all(word in f"{title} insights".casefold() for word in words):
            yield Found(title, address, "chart")
