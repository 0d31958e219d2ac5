"""People say that they are away, and are back."""

from datetime import datetime, timedelta

from django.db import transaction

import timers
from accounts import access
from accounts.journal import record
from accounts.models import Person
from tickets.actions.automation.distribute import OWNER_ABSENT, WHY
from tickets.actions.happenings import HAND_OUT
from tickets.choices import LIVE
from tickets.models import Absence, Ticket
from tickets.refusals import Refused

LONGEST = timedelta(days=366)


class CannotBeAway(Refused):
    """The time has passed, or is further away than a year."""


def leave(*, person: Person, until: datetime | None, by: Person, now: datetime) -> Absence:
    """Let `person` get no further tickets from the desk, until a time or until they say so. What customers wait for
    goes back to its team where the team wants that. Everybody says it of themselves, leads of others too.

    Raises CannotBeAway and NotAllowed.
    """
    _require(person, by, now)
    if until is not None and until <= now:
        raise CannotBeAway("Choose a time that has not passed.")
    if until is not None and until - now > LONGEST:
        raise CannotBeAway("Nobody can be away for more than a year. Choose an earlier day.")
    with transaction.atomic():
        absence, _ = Absence.objects.update_or_create(person=person, defaults={"since": now, "until": until})
        theirs = Ticket.objects.filter(assignee=person, category__in=LIVE, snoozed_until__isnull=True)
        hour = int(now.timestamp()) // 60
        for pk, visit in theirs.order_by("pk").values_list("pk", "visit"):
            number = hour * len(WHY) + OWNER_ABSENT
            timers.schedule(kind=HAND_OUT, subject=pk, visit=visit, number=number, due_at=now)
        data = {"until": until.isoformat() if until else None}
        record(by=by, action="tickets.leave", subject=person, data=data, now=now)
    return absence


def come_back(*, person: Person, by: Person, now: datetime) -> None:
    """At work again. Not away: nothing happens. Raises NotAllowed."""
    _require(person, by, now)
    with transaction.atomic():
        if Absence.objects.filter(person=person).delete()[0]:
            record(by=by, action="tickets.come_back", subject=person, data={}, now=now)


def _require(person: Person, by: Person, now: datetime) -> None:
    access.require(by, "tickets.work", now=now)
    if by != person:
        access.require(by, "desk.automate", person, now=now)
