"""Service levels: how many open minutes each answer may take."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import Q

from accounts import journal
from accounts.models import Person
from tickets.actions.setup.door import by_admin
from tickets.actions.setup.recompute import ask_to_recompute
from tickets.models import BusinessCalendar, Entitlement, PriorityOffer, ServiceLevel, ServiceTarget, Team, Ticket
from tickets.refusals import Refused


class CannotChangeLevel(Refused):
    """The message may be shown to the admin who asked."""


@dataclass(frozen=True)
class Promise:
    """Open minutes for one priority; None promises nothing."""

    first_response_minutes: int | None = None
    next_response_minutes: int | None = None
    resolution_minutes: int | None = None


Promises = Mapping[str, Promise]


@by_admin
def create_level(
    *,
    name: str,
    calendar: BusinessCalendar,
    warn_at_percent: int,
    escalate_to: Person | None,
    is_default: bool,
    promises: Promises,
    by: Person,
    now: datetime,
) -> ServiceLevel:
    """Make a service level. The first one is the default whatever is asked."""
    _check_name(name, None)
    others = list(ServiceLevel.objects.select_for_update().order_by("pk"))
    is_default = is_default or not others
    _step_down(is_default, None)
    level = ServiceLevel.objects.create(
        name=name,
        calendar=calendar,
        warn_at_percent=warn_at_percent,
        escalate_to=escalate_to,
        is_default=is_default,
    )
    _put(level, promises)
    _record(level, "tickets.create_service_level", promises, by, now)
    if is_default:
        ask_to_recompute(level_id=level.pk, now=now)
    return level


@by_admin
def change_level(
    *,
    level: ServiceLevel,
    name: str,
    calendar: BusinessCalendar,
    warn_at_percent: int,
    escalate_to: Person | None,
    is_default: bool,
    promises: Promises,
    by: Person,
    now: datetime,
) -> ServiceLevel:
    """Set everything about a level, and recompute the open tickets under it in the background.

    The default steps down only when another one takes its place. Raises CannotChangeLevel.
    """
    list(ServiceLevel.objects.select_for_update().order_by("pk"))
    level = ServiceLevel.objects.get(pk=level.pk)
    _check_name(name, level)
    if level.is_default and not is_default:
        raise CannotChangeLevel("Make another service level the default instead; then this one steps down.")
    _step_down(is_default, level)
    level.name, level.calendar = name, calendar
    level.warn_at_percent, level.escalate_to, level.is_default = warn_at_percent, escalate_to, is_default
    level.save(update_fields=["name", "calendar", "warn_at_percent", "escalate_to", "is_default"])
    _put(level, promises)
    _record(level, "tickets.change_service_level", promises, by, now)
    ask_to_recompute(level_id=level.pk, now=now)
    return level


@by_admin
def remove_level(*, level: ServiceLevel, by: Person, now: datetime) -> None:
    """Remove a level that nothing is promised by. Raises CannotChangeLevel."""
    level = ServiceLevel.objects.select_for_update().get(pk=level.pk)
    if level.is_default:
        raise CannotChangeLevel("This is the default. Make another service level the default first.")
    team = Team.objects.filter(service_level=level).order_by("name").first()
    if team is not None:
        raise CannotChangeLevel(f"{team.name} works by this service level. Give the team another one first.")
    if Entitlement.objects.filter(level=level).exists() or PriorityOffer.objects.filter(level=level).exists():
        raise CannotChangeLevel("Customers are entitled to this service level. Give them another one first.")
    if Ticket.objects.filter(Q(service_level=level) | Q(support_level=level)).exists():
        raise CannotChangeLevel("Tickets were promised answers by this service level. It stays for the record.")
    journal.record(
        by=by,
        action="tickets.remove_service_level",
        subject=f"tickets.service_level:{level.pk}",
        data={"name": level.name},
        now=now,
    )
    level.delete()


def _step_down(is_default: bool, level: ServiceLevel | None) -> None:
    if is_default:
        ServiceLevel.objects.filter(is_default=True).exclude(pk=level.pk if level else 0).update(is_default=False)


def _check_name(name: str, level: ServiceLevel | None) -> None:
    if ServiceLevel.objects.filter(name__iexact=name).exclude(pk=level.pk if level else 0).exists():
        raise CannotChangeLevel(f"There is already a service level called {name}")


def _put(level: ServiceLevel, promises: Promises) -> None:
    level.targets.all().delete()
    ServiceTarget.objects.bulk_create(
        ServiceTarget(level=level, priority=priority, **asdict(promise)) for priority, promise in promises.items()
    )


def _record(level: ServiceLevel, action: str, promises: Promises, by: Person, now: datetime) -> None:
    data = {
        "name": level.name,
        "calendar": level.calendar_id,
        "warn_at_percent": level.warn_at_percent,
        "escalate_to": level.escalate_to_id,
        "is_default": level.is_default,
        "promises": {priority: asdict(promise) for priority, promise in promises.items()},
    }
    journal.record(by=by, action=action, subject=f"tickets.service_level:{level.pk}", data=data, now=now)
