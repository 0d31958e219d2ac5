"""Another address for a calendar feed: the one before opens nothing from then on (C11)."""

from datetime import datetime

from django.db import transaction

from accounts import journal
from accounts.models import Person
from training.models import OwnFeed


def rotate_own(*, person: Person, now: datetime) -> OwnFeed:
    """Somebody's own feed gets a new address."""
    with transaction.atomic():
        OwnFeed.objects.get_or_create(person=person)
        row = OwnFeed.objects.select_for_update().get(person=person)
        row.version += 1
        row.save(update_fields=["version"])
        journal.record(by=person, action="training.rotate_own_feed", subject=row, now=now)
    return row
