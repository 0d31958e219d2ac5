"""What a desk needs before the first mail: five states, a team, a calendar and a promise. Admins change all of it."""

from django.db import transaction

from tickets.actions.flows import shipped, welcome
from tickets.choices import Category, Priority
from tickets.models import BusinessCalendar, CalendarInterval, ServiceLevel, ServiceTarget, Status, Team

# Minutes to the first reply, to each further reply and to a solution.
TARGETS = {
    Priority.LOW: (480, 480, 2400),
    Priority.NORMAL: (240, 240, 1440),
    Priority.HIGH: (120, 120, 960),
    Priority.URGENT: (60, 60, 480),
}


@transaction.atomic
def lay_foundations() -> None:
    """Make what is missing; an established desk is left as it is."""
    if not Status.objects.exists():
        for position, (category, name) in enumerate(Category.choices):
            Status.objects.create(name=name, category=category, is_default=True, position=position)
    if not ServiceLevel.objects.exists():
        _promise()
    if not Team.objects.exists():
        Team.objects.create(name="Support")
    shipped.lay()
    welcome.lay()


def _promise() -> None:
    calendar = BusinessCalendar.objects.create(name="Office hours")
    for weekday in range(5):
        CalendarInterval.objects.create(calendar=calendar, weekday=weekday, opens=9 * 60, closes=17 * 60)
    level = ServiceLevel.objects.create(name="Standard", calendar=calendar, is_default=True)
    for priority, (first, following, solution) in TARGETS.items():
        ServiceTarget.objects.create(
            level=level,
            priority=priority,
            first_response_minutes=first,
            next_response_minutes=following,
            resolution_minutes=solution,
        )
