"""What somebody did at the doors or asked of a page, for the log of their own account (R88)."""

from datetime import datetime, timedelta

from accounts.choices import EventKind
from accounts.masking import masked_line
from accounts.models import AccountEvent, Person

KEPT = timedelta(days=90)


def note(
    *, person: Person, kind: EventKind, words: str = "", place: str = "", browser: str = "", now: datetime
) -> AccountEvent:
    """Write an event down, with every secret taken out of `words`. Not journalled: it is the customer's own doing."""
    return AccountEvent.objects.create(
        person=person, kind=kind, words=_plain(masked_line(words), 300), place=_plain(place, 64),
        browser=_plain(browser, 80), at=now,
    )  # fmt: skip


def forget(*, now: datetime) -> int:
    """Remove what is older than 90 days; how many there were."""
    return AccountEvent.objects.filter(at__lt=now - KEPT).delete()[0]


def _plain(text: str, longest: int) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)[:longest]
