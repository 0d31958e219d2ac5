"""How long changes of accounts wait, set by an admin."""

from datetime import datetime

from accounts import journal
from accounts.models import BackOfficeRules, Person
from accounts.permitted import permitted
from accounts.refusals import Refused

BOUNDS = {"profiles_a_day": (1, 10_000), "change_hours": (24, 720), "undo_days": (1, 90)}


class CannotSetRules(Refused):
    """A figure is out of its bounds. `field` is which."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


def rules() -> BackOfficeRules:
    """As they are; what holds while nobody has set any."""
    return BackOfficeRules.objects.first() or BackOfficeRules(pk=1)


@permitted("desk.set_up")
def set_rules(*, profiles_a_day: int, change_hours: int, undo_days: int, by: Person, now: datetime) -> BackOfficeRules:
    """Changes that wait already keep their day. Raises CannotSetRules."""
    known = {"profiles_a_day": profiles_a_day, "change_hours": change_hours, "undo_days": undo_days}
    for field, (least, most) in BOUNDS.items():
        if not least <= known[field] <= most:
            raise CannotSetRules(f"Enter a number from {least:,} to {most:,}.", field)
    row, _ = BackOfficeRules.objects.update_or_create(pk=1, defaults=known)
    journal.record(by=by, action="accounts.back_office_rules", subject=row, data=known, now=now)
    return row
