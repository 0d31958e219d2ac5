"""Places in which customers write: set up once, switched off rather than removed, for their counts are kept."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from accounts import journal
from accounts.models import Person
from tickets.actions.setup.door import by_admin
from tickets.models import DayRules, DeskDay, InboxSource, Team
from tickets.open_days import desk_clock
from tickets.refusals import Refused
from tickets.source_choices import TOLD, SourceKind


class CannotSetUpSource(Refused):
    """The name is taken, or the program's secret is missing. `field` is where it belongs."""

    def __init__(self, words: str, field: str = "name") -> None:
        super().__init__(words)
        self.field = field


@by_admin
def create_source(
    *,
    name: str,
    kind: str,
    by: Person,
    now: datetime,
    team: Team | None = None,
    secret: str = "",
    freshness_minutes: int | None = 15,
    is_active: bool = True,
) -> InboxSource:
    """Make a source that is counted from today on. Raises CannotSetUpSource."""
    if kind not in (*TOLD, SourceKind.OTHER):
        raise CannotSetUpSource("Mailboxes are sources by themselves. Choose something else.", "kind")
    _check(name, None)
    if kind in TOLD and not secret:
        raise CannotSetUpSource("Enter the secret with which its program signs.", "secret")
    source = InboxSource.objects.create(
        name=name, kind=kind, team=team, secret=secret if kind in TOLD else "", key=secrets.token_urlsafe(32),
        freshness_minutes=freshness_minutes if kind in TOLD else None, is_active=is_active,
        began_on=desk_clock().day_of(now), created_at=now,
    )  # fmt: skip
    _record("tickets.create_source", source, bool(secret), by, now)
    return source


@by_admin
def change_source(*, source: InboxSource, by: Person, now: datetime, secret: str = "", **changes: Any) -> InboxSource:
    """Change what was said of a source; an empty secret keeps the one that is stored. Raises CannotSetUpSource."""
    row = InboxSource.objects.select_for_update().get(pk=source.pk)
    if "name" in changes:
        _check(changes["name"], row)
    was_off = not row.is_active
    for field in ("name", "team", "freshness_minutes", "is_active"):
        if field in changes:
            setattr(row, field, changes[field])
    row.secret = secret or row.secret
    if was_off and row.is_active:
        row.began_on = max(row.began_on, desk_clock().day_of(now))  # nobody counted while it was off
    row.save(update_fields=["name", "team", "freshness_minutes", "is_active", "secret", "began_on"])
    _record("tickets.change_source", row, bool(secret), by, now)
    return row


@by_admin
def renew_address(*, source: InboxSource, by: Person, now: datetime) -> InboxSource:
    """Another address for the program's posts; the old one takes none from now on."""
    row = InboxSource.objects.select_for_update().get(pk=source.pk)
    row.key = secrets.token_urlsafe(32)
    row.save(update_fields=["key"])
    _record("tickets.renew_source_address", row, False, by, now)
    return row


@by_admin
def change_day_rules(*, late_minute: int, by: Person, now: datetime) -> DayRules:
    """When a start of the day is late; today's too, unless it was told already."""
    rules, _ = DayRules.objects.update_or_create(pk=1, defaults={"late_minute": late_minute})
    clock = desk_clock()
    for day in DeskDay.objects.select_for_update().filter(ends_at__gt=now, alerted_at__isnull=True):
        late_at = clock.at(day.on, late_minute)
        day.late_at = min(max(late_at, day.begins_at + timedelta(minutes=1)), day.ends_at - timedelta(minutes=1))
        day.save(update_fields=["late_at"])
    data = {"late_minute": late_minute}
    journal.record(by=by, action="tickets.change_day_rules", subject=rules, data=data, now=now)
    return rules


def _check(name: str, source: InboxSource | None) -> None:
    if not name:
        raise CannotSetUpSource("Enter a name.")
    same = InboxSource.objects.filter(name__iexact=name)
    if (same.exclude(pk=source.pk) if source else same).exists():
        raise CannotSetUpSource("There is a source of that name. Choose another one.")


def _record(action: str, source: InboxSource, has_new_secret: bool, by: Person, now: datetime) -> None:
    data = {
        "name": source.name, "kind": source.kind, "team": source.team_id, "active": source.is_active,
        "freshness": source.freshness_minutes, "new_secret": has_new_secret,
    }  # fmt: skip
    journal.record(by=by, action=action, subject=source, data=data, now=now)
