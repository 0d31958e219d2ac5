"""What staff want to be told, and how. Whoever notifies asks here first; nothing here sends.

Everything is told in the desk and by mail until somebody says otherwise.
"""

from collections.abc import Iterable

from accounts.choices import NotificationKind, NotificationWay
from accounts.models import NotificationChoice, Person


def wants(person: Person, kind: str, way: str = NotificationWay.MAIL) -> bool:
    """Whether `person` wants to hear of `kind` by `way`. Somebody shut out or without a role wants nothing."""
    return bool(wanting([person], kind, way))


def wanting(people: Iterable[Person], kind: str, way: str = NotificationWay.MAIL) -> list[Person]:
    """Those of `people` who want to hear of `kind` by `way`, in their order and once each. One query for choices."""
    staff = list({person.pk: person for person in people if person.is_staff_member}.values())
    if not staff:
        return []
    said = NotificationChoice.objects.filter(person__in=staff, kind=kind, way=way)
    chosen = dict(said.values_list("person_id", "is_wanted"))
    return [person for person in staff if chosen.get(person.pk, True)]


def choices_of(person: Person) -> dict[tuple[str, str], bool]:
    """Every kind and way, and whether `person` wants it."""
    usual = {(kind, way): True for kind in NotificationKind.values for way in NotificationWay.values}
    said = NotificationChoice.objects.filter(person=person).values_list("kind", "way", "is_wanted")
    return usual | {(kind, way): is_wanted for kind, way, is_wanted in said}
