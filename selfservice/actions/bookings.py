"""What a confirmed booking does at the desk: a stage that waits for a date ends. Trainings know no tickets.

And what the desk lends to trainings: its open hours, and who is away from it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import timers
from supportdesk.lib.business_hours import Calendar
from tickets import open_hours
from tickets.actions.flows.booked import booking_confirmed
from tickets.models import Absence
from training import announce, away
from training import open_hours as training_hours
from training.choices import LIVE
from training.models import Booking

CONFIRMED = "selfservice.booking_confirmed"
A_DAY = timedelta(days=1)


def listen() -> None:
    """Hear of bookings, and lend trainings the desk's calendar and its absences."""
    announce.listen(_heard)
    training_hours.register(_calendar)
    away.register(_away)


def _heard(kind: str, booking: Booking, now: datetime) -> None:
    """A timer of its own looks at the desk: a booking holds no ticket, and never fails by a flow."""
    if kind == announce.CONFIRMED:
        timers.schedule(kind=CONFIRMED, subject=booking.pk, due_at=now)


def confirmed(*, booking_id: int, now: datetime) -> None:
    """Tell the desk's flows. Run twice, once; what was moved or cancelled meanwhile ends nothing."""
    booking = Booking.objects.select_related("session__type", "person", "customer", "order_line").get(pk=booking_id)
    if booking.state not in LIVE:
        return
    local = booking.session.starts_at.astimezone(ZoneInfo(booking.time_zone))
    words = f"{booking.session.type.name}, {local.day} {local:%B %Y, %H:%M} ({booking.time_zone})"
    booking_confirmed(
        key=f"booking:{booking.uid}", customer=booking.customer, person=booking.person,
        order_id=booking.order_line.order_id if booking.order_line else None, on=local.date(), words=words, now=now,
    )  # fmt: skip


def _away(people: Collection[int], first: datetime, last: datetime, now: datetime) -> list[away.Away]:
    """Who said that they are away. Without an end it is taken to last as long again as it has, and a day at least: a
    break hides nobody's calendar, and nobody books next week with somebody who has been ill for one.
    """
    rows = Absence.objects.filter(person__in=people, since__lt=last).exclude(until__lte=first)
    found = [(one.person_id, one.since, one.until or now + max(A_DAY, now - one.since)) for one in rows]
    return [(person, since, until) for person, since, until in found if until > first]


def _calendar() -> Calendar | None:
    """The one that the default service level counts by."""
    hours = open_hours.read()
    return hours.calendars.get(hours.of_level.get(hours.default_level or 0, 0))
