"""When a person looks at requests next: what customers are promised, in their words (U23)."""

from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils import timezone

from billing.actions import numbering
from selfservice.models import ReviewRules

STARTS_AT = time(10, 0)


class Times:
    """What a page of several requests says of time, each looked up when it is first said, and once."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    @cached_property
    def zone(self) -> ZoneInfo:
        """The seller's."""
        return numbering.seller_zone()

    @cached_property
    def today(self) -> date:
        """In the seller's zone."""
        return timezone.localdate(self.now, self.zone)

    @cached_property
    def review(self) -> str:
        """When the next review is, as `review_words` says it."""
        return _words_of(next_review(self.now, self.zone))


def next_review(now: datetime, zone: ZoneInfo | None = None) -> datetime:
    """The next review after `now`: once a day, on working days, at the hour of the rules in the seller's zone."""
    zone = zone or numbering.seller_zone()
    starts_at = ReviewRules.objects.filter(pk=1).values_list("starts_at", flat=True).first() or STARTS_AT
    day = timezone.localtime(now, zone).date()
    while True:
        start = datetime.combine(day, starts_at, tzinfo=zone)
        if start > now and day.weekday() < 5:
            return start
        day += timedelta(days=1)


def review_words(now: datetime) -> str:
    """ "Monday 23 November, 10:00 MST" """
    return _words_of(next_review(now))


def _words_of(start: datetime) -> str:
    return f"{start:%A} {start.day} {start:%B}, {start:%H:%M} {start.tzname()}"
