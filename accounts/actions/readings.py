"""Reading is limited too: who opened which account is written down, and many on one day are told (R90, R92)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Model

from accounts import access, days, journal, outgoing
from accounts.actions.rules import rules
from accounts.choices import Role
from accounts.models import Person, ProfileReading, ReadingDay

REVEALED = ("email", "phone")

_ONCE = """
INSERT INTO accounts_profilereading (by_id, subject, day, at, ticket) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (by_id, day, subject) DO NOTHING
"""
_MANY = """
INSERT INTO accounts_profilereading (by_id, subject, day, at) SELECT %s, unnest(%s::text[]), %s, %s
ON CONFLICT (by_id, day, subject) DO NOTHING
"""
_COUNT = """
INSERT INTO accounts_readingday AS t (by_id, day, profiles) VALUES (%s, %s, %s)
ON CONFLICT (by_id, day) DO UPDATE SET profiles = t.profiles + EXCLUDED.profiles RETURNING profiles
"""


def open_profile(*, subject: Model, by: Person, ticket_id: int | None, day: date | None = None, now: datetime) -> None:
    """`by` opened somebody's profile: journalled and counted once a day for each; looking again costs one query.

    `day` is the desk's own, where the caller knows it already. Past the limit of the rules the leads and admins are
    told, once that day; nothing is shut, since the next caller has a right to be helped.
    """
    named, day = journal.name_of(subject), day or days.day_of(now)
    if ProfileReading.objects.filter(by=by, day=day, subject=named).exists():
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ONCE, [by.pk, named, day, now, ticket_id])
            if cursor.rowcount != 1:
                return
        _add(1, by, day, now)
        journal.record(by=by, action="accounts.open_profile", subject=named, data={"ticket": ticket_id}, now=now)


def list_profiles(*, people: Sequence[int], by: Person, now: datetime) -> None:
    """A program of `by` read a list of customers, by their keys: each counts as opened, in one entry of the journal."""
    subjects, day = [f"{Person._meta.label_lower}:{key}" for key in people], days.day_of(now)
    if ProfileReading.objects.filter(by=by, day=day, subject__in=subjects).count() == len(subjects):
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_MANY, [by.pk, subjects, day, now])
            new = cursor.rowcount
        if new:
            _add(new, by, day, now)
            journal.record(by=by, action="accounts.list_profiles", subject=by, data={"profiles": new}, now=now)


def reveal(*, person: Person, field: str, ticket_id: int, by: Person, now: datetime) -> None:
    """`by` looks at an address or a number in full, for a ticket. Always journalled. Raises ValueError, NotAllowed."""
    if field not in REVEALED:
        raise ValueError(field)
    access.require(by, "people.see", person, now=now)
    data = {"field": field, "ticket": ticket_id}
    journal.record(by=by, action="accounts.reveal", subject=person, data=data, now=now)


def _add(profiles: int, by: Person, day: date, now: datetime) -> None:
    """So many more on this day; past the limit it is told."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [by.pk, day, profiles])
        count = cursor.fetchone()[0]
    if count > (limit := rules().profiles_a_day):
        _alert(by, day, count, limit, now)


def _alert(by: Person, day: date, count: int, limit: int, now: datetime) -> None:
    """Once a day, to everybody who looks after it but the one it is about."""
    if not ReadingDay.objects.filter(by=by, day=day, alerted_at__isnull=True).update(alerted_at=now):
        return
    context = {"by": by, "count": count, "day": day, "limit": limit}
    for one in Person.objects.with_role(Role.LEAD, Role.ADMIN).exclude(pk=by.pk).distinct().order_by("pk"):
        outgoing.queue_template(to=one.email, template="accounts/mail/many_profiles", context=context, now=now)
