"""When somebody who teaches is away, as an app above keeps it. Read like leave: nobody books that time any more."""

from collections.abc import Callable, Collection
from datetime import datetime

# Whom (key of a person), from when, until when.
Away = tuple[int, datetime, datetime]
Provider = Callable[[Collection[int], datetime, datetime, datetime], list[Away]]

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Ask `provider` from now on who of some people is away between two instants, and when."""
    _providers[:] = [provider]


def away_between(people: Collection[int], first: datetime, last: datetime, now: datetime) -> list[Away]:
    """The absences of these people that touch the time from `first` to `last`, as known now. One query at most."""
    return [one for provider in _providers for one in provider(people, first, last, now)] if people else []
