"""The days that a report is about, and as many before them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

PRESETS = {
    "7": "Last 7 days",
    "28": "Last 28 days",
    "90": "Last 90 days",
    "365": "Last 365 days",
    "month": "This month",
    "last_month": "Last month",
}
DEFAULT = "28"
# A chart of more bars than this has weeks instead of days.
MOST_BARS = 62


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both included, in a time zone."""

    since: date
    until: date
    zone: ZoneInfo
    preset: str = ""

    @property
    def days(self) -> int:
        """How many."""
        return (self.until - self.since).days + 1

    @property
    def previous(self) -> "Period":
        """As many days, right before."""
        last = self.since - timedelta(days=1)
        return Period(last - timedelta(days=self.days - 1), last, self.zone)

    @property
    def in_words(self) -> str:
        """“1 to 28 November 2026”."""
        if self.since == self.until:
            return date_format(self.since, "j F Y")
        if (self.since.year, self.since.month) == (self.until.year, self.until.month):
            start = str(self.since.day)
        else:
            start = date_format(self.since, "j F" if self.since.year == self.until.year else "j F Y")
        return f"{start} to {date_format(self.until, 'j F Y')}"

    @property
    def address(self) -> dict[str, str]:
        """The same period in an address."""
        return {"since": self.since.isoformat(), "until": self.until.isoformat()}

    @property
    def begins_at(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.since, time(), self.zone)

    @property
    def ends_at(self) -> datetime:
        """The first moment that is no longer in it."""
        return datetime.combine(self.until + timedelta(days=1), time(), self.zone)

    @property
    def step(self) -> str:
        """By what the chart counts."""
        return "day" if self.days <= MOST_BARS else "week"

    def bucket(self, on: date) -> date:
        """The first day of the bar in which `on` falls. The first week may be short, as the period begins."""
        if self.step == "day":
            return on
        return max(self.since, on - timedelta(days=on.weekday()))

    def buckets(self) -> list[date]:
        """Every bar, in order."""
        every = (self.since + timedelta(days=number) for number in range(self.days))
        return list(dict.fromkeys(self.bucket(day) for day in every))

    def bucket_period(self, first: date) -> "Period":
        """The days of one bar."""
        last = first if self.step == "day" else first + timedelta(days=6 - first.weekday())
        return Period(first, min(last, self.until), self.zone)


def read_preset(name: str, *, now: datetime, zone: ZoneInfo) -> Period:
    """The period that a word names; an unknown word names the last 28 days."""
    today = now.astimezone(zone).date()
    if name == "month":
        return Period(today.replace(day=1), today, zone, name)
    if name == "last_month":
        last = today.replace(day=1) - timedelta(days=1)
        return Period(last.replace(day=1), last, zone, name)
    name = name if name in PRESETS else DEFAULT
    return Period(today - timedelta(days=int(name) - 1), today, zone, name)


def asks_for_days(asked: Mapping[str, str]) -> bool:
    """Whether an address names days of its own."""
    return bool(asked.get("since") or asked.get("until"))
