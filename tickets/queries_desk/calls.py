"""Whose number is it? For whoever has the telephone in their hand."""

from accounts.choices import HandleSort
from accounts.models import Handle
from accounts.phones import tail_of

MOST = 10
KNOWN = (HandleSort.PHONE, HandleSort.TOLD)


def people_by_number(number: str) -> list[Handle]:
    """Telephones that end like `number`, at most ten, with their people; the exact one first. One query."""
    rows = Handle.objects.filter(sort__in=KNOWN, tail=tail_of(number)).select_related("person")
    return sorted(rows.order_by("sort", "pk")[:MOST], key=lambda handle: handle.value != number)


def number_of(person_id: int) -> str:
    """The telephone that a person last rang from or was linked to, else one that another desk had; "" without any."""
    rows = Handle.objects.filter(sort__in=KNOWN, person=person_id).order_by("sort", "-pk")
    return rows.values_list("value", flat=True).first() or ""
