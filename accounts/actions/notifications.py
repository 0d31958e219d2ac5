"""What staff want to be told, and how."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts import access, journal
from accounts.choices import NotificationKind, NotificationWay
from accounts.models import NotificationChoice, Person


@transaction.atomic
def choose_notifications(*, person: Person, wanted: Collection[tuple[str, str]], by: Person, now: datetime) -> None:
    """Tell `person` of these (kind, way) and of no others. Everybody chooses their own."""
    if by != person:
        raise access.NotAllowed("Everybody sets their own preferences.")
    NotificationChoice.objects.bulk_create(
        [
            NotificationChoice(person=person, kind=kind, way=way, is_wanted=(kind, way) in wanted)
            for kind in NotificationKind.values
            for way in NotificationWay.values
        ],
        update_conflicts=True,
        unique_fields=["person", "kind", "way"],
        update_fields=["is_wanted"],
    )
    journal.record(by=by, action="accounts.choose_notifications", subject=person, now=now)
