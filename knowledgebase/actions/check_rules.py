"""How everything is read each month."""

from datetime import datetime

from django.db import transaction

from accounts import access
from accounts.journal import record
from accounts.models import Person
from knowledgebase.access import reads_space
from knowledgebase.actions import campaigning
from knowledgebase.models import CampaignRules
from knowledgebase.queries_campaign import covered
from knowledgebase.refusals import Refused

CHOSEN = ("is_enabled", "reviewer", "deputy", "manager", "zone", "staff_kinds", "words_a_minute")


class CannotRead(Refused):
    """Somebody who is to read does not see everything that has to be read."""


def save_rules(*, by: Person, now: datetime, **chosen: object) -> CampaignRules:
    """Change who reads and what. Switched on, this month begins at once. Raises NotAllowed, and CannotRead."""
    access.require(by, "desk.set_up", now=now)
    with transaction.atomic():
        how, _ = CampaignRules.objects.select_for_update().get_or_create(pk=1)
        for name in CHOSEN:
            setattr(how, name, chosen[name])
        for reader in (how.reviewer, how.deputy):
            if how.is_enabled and reader:
                _need_sight(how, reader)
        how.save()
        people = {name: getattr(how, f"{name}_id") for name in ("reviewer", "deputy", "manager")}
        data = {**people, "is_enabled": how.is_enabled, "zone": how.zone, "kinds": list(how.staff_kinds)}
        record(by=by, action="knowledgebase.change_reading", subject=how, data=data, now=now)
    campaigning.begin(now=now)
    return how


def _need_sight(how: CampaignRules, reader: Person) -> None:
    spaces = {
        article.space for article in covered(how).select_related("space").order_by("space", "pk").distinct("space")
    }
    hidden = sorted(space.name for space in spaces if not reads_space(reader, space))
    if hidden:
        raise CannotRead(f"{reader.shown_name} does not see {', '.join(hidden)}. Choose somebody who sees everything.")
