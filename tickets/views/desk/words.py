"""Times and promises in words, for people. Nothing here reads the clock; `now` comes in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from tickets.choices import PAUSED, Category
from tickets.models import Ticket

MINUTE, HOUR, DAY = 60, 3600, 86400
# A page says a hundred times; `strftime` takes ten times as long as to look these up.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
USUAL_WARNING_PERCENT = 75


@dataclass(frozen=True)
class Sla:
    """A promise as the desk shows it: an icon or a ring, and words. Colour only underlines them (U13).

    `kind` is over, soon, fine, paused, snoozed, closed or none; `percent` is what is left of the ring.
    """

    kind: str
    icon: str
    text: str
    percent: int = 0
    at: datetime | None = None

    @property
    def style(self) -> str:
        """The class that colours it."""
        return {"over": "over", "soon": "soon"}.get(self.kind, "")


def span(seconds: float) -> str:
    """How long, in one or two units: "38 min", "4 h 02 min", "3 days". Parts that are not full are dropped."""
    whole = int(seconds)
    if whole < MINUTE:
        return "under 1 min"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE:02d} min"
    days = whole // DAY
    return "1 day" if days == 1 else f"{days} days"


def when(moment: datetime, now: datetime) -> str:
    """A moment in the reader's zone, as short as it can be said without doubt: "08:44", "Mon 23 Nov", "23 Nov 2025"."""
    zone = timezone.get_current_timezone()
    local, today = moment.astimezone(zone), now.astimezone(zone)
    apart = local.toordinal() - today.toordinal()
    if apart == 0:
        return _clock(local)
    month = MONTHS[local.month - 1][:3]
    if abs(apart) < 7:
        return f"{WEEKDAYS[local.weekday()][:3]} {local.day} {month}"
    return f"{local.day} {month}" if local.year == today.year else f"{local.day} {month} {local.year}"


def when_exactly(moment: datetime, now: datetime) -> str:
    """With the time of day: "Today 08:44", "Mon 23 Nov 08:44", "23 Nov 2025 08:44"."""
    day, time = when(moment, now), _clock(timezone.localtime(moment))
    return f"Today {time}" if day == time else f"{day} {time}"


def in_full(moment: datetime) -> str:
    """With nothing left to guess: "Monday 23 November 2026, 08:44 EST"."""
    local = timezone.localtime(moment)
    day = f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {_clock(local)} {local.tzname()}"


def _clock(local: datetime) -> str:
    return f"{local.hour:02d}:{local.minute:02d}"


def sla(ticket: Ticket, now: datetime) -> Sla:
    """What the ticket's row and heading say about its promise."""
    if ticket.category == Category.CLOSED:
        return Sla("closed", "check", "Closed", at=ticket.closed_at)
    if ticket.snoozed_until:
        return Sla("snoozed", "moon", f"Back {when_exactly(ticket.snoozed_until, now)}", at=ticket.snoozed_until)
    if ticket.category in PAUSED:
        why = "waiting on customer" if ticket.category == Category.WAITING else "on hold"
        return Sla("paused", "clock", f"Paused, {why}")
    if ticket.sla_due_at is None:
        next_look = ticket.next_action_at or now
        return Sla("none", "clock", f"Look again {when_exactly(next_look, now)}", at=next_look)
    return _running(ticket, ticket.sla_due_at, now)


def _running(ticket: Ticket, due_at: datetime, now: datetime) -> Sla:
    left = (due_at - now).total_seconds()
    if left <= 0:
        return Sla("over", "alert", f"Overdue {span(-left)}", at=due_at)
    started = ticket.sla_started_at or ticket.created_at
    whole = (due_at - started).total_seconds()
    percent = max(1, min(100, int(100 * left / whole))) if whole > 0 else 100
    level = ticket.service_level
    warning = level.warn_at_percent if level else USUAL_WARNING_PERCENT
    kind = "soon" if percent <= 100 - warning else "fine"
    text = f"{span(left)} left" if left < DAY else f"Due {_due(due_at, now)}"
    return Sla(kind, "", text[0].upper() + text[1:], percent, due_at)


def _due(moment: datetime, now: datetime) -> str:
    """Short, for a row: a weekday is enough for the days ahead in which it comes once."""
    local = timezone.localtime(moment)
    if local.date() - timezone.localtime(now).date() < timedelta(days=7):
        return f"{WEEKDAYS[local.weekday()][:3]} {_clock(local)}"
    return when_exactly(moment, now)


def utc_iso(moment: datetime) -> str:
    """For `<time datetime>`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def size(number: int) -> str:
    """Bytes as people say them: "812 B", "14 kB", "3.2 MB"."""
    if number < 1000:
        return f"{number} B"
    if number < 1_000_000:
        return f"{round(number / 1000)} kB"
    return f"{number / 1_000_000:.1f} MB"
