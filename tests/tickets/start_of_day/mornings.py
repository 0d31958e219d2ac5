"""It is past eight in the morning at the desk, whenever a test runs: no start of a day is late by itself."""

from datetime import datetime

from tickets.models import BusinessCalendar


def make_it_morning(now: datetime) -> None:
    """Put the desk where it is that early, and let it open every day of the week."""
    east = 8 - now.hour if now.hour <= 20 else 32 - now.hour
    calendar = BusinessCalendar.objects.order_by("pk")[:1].get()
    calendar.time_zone = f"Etc/GMT{-east:+d}" if east else "UTC"  # that family counts to the west
    calendar.save(update_fields=["time_zone"])
    for weekday in set(range(7)) - set(calendar.intervals.values_list("weekday", flat=True)):
        calendar.intervals.create(weekday=weekday, opens=540, closes=1020)
