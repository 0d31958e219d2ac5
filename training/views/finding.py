"""What the palette finds of training: the calendar, for whoever may have one. No query."""

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse

from accounts.access import can
from supportdesk.lib import palette
from supportdesk.lib.palette import Asked, Found


def register() -> None:
    """Make it known."""
    palette.register("training", "Training", pages, order=65)


def pages(person, asked: Asked, now: datetime) -> Iterator[Found]:
    """The calendar, by its name."""
    words = asked.words.casefold()
    if (
        len(words) > 1
        and can(person, "training.give")
        and any(one.startswith(words) for one in ("training", "calendar"))
    ):
        yield Found("Training", reverse("training:calendar"), "calendar", "Who is booked when")
