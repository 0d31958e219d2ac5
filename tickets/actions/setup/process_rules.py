"""How this desk learns: whether a new client's first ticket has to teach something."""

from datetime import datetime

from accounts import journal
from accounts.models import Person
from tickets.actions.setup.door import by_lead
from tickets.models import ProcessRules
from tickets.refusals import Refused


class CannotSetRules(Refused):
    """The message may be shown to whoever asked."""


def rules() -> ProcessRules:
    """As they are; what holds while nobody has set any."""
    return ProcessRules.objects.first() or ProcessRules(pk=1)


@by_lead
def set_rules(*, asks_what_we_learned: bool, new_for_days: int, by: Person, now: datetime) -> ProcessRules:
    """Raises CannotSetRules."""
    if not 1 <= new_for_days <= 730:
        raise CannotSetRules("A client is new for 1 to 730 days.")
    known = {"asks_what_we_learned": asks_what_we_learned, "new_for_days": new_for_days}
    row, _ = ProcessRules.objects.update_or_create(pk=1, defaults=known)
    journal.record(by=by, action="tickets.process_rules", subject=row, data=known, now=now)
    return row
