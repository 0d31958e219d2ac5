"""What a person is writing."""

from dataclasses import dataclass, field
from functools import cache

from django.db.models import BigIntegerField

from supportdesk.lib.compiled import CompiledRows, Gap
from tickets.models import Draft, DraftFile, Ticket


@dataclass(frozen=True)
class Writing:
    """A draft and its files, or nothing of either."""

    draft: Draft | None = None
    files: list[DraftFile] = field(default_factory=list)


def writing_of(person, ticket: Ticket) -> Writing:
    """One query, and one more where there is a draft; none for a ticket that was opened and has none."""
    if not getattr(ticket, "has_draft", True):
        return Writing()
    found = _reading().fetch({"person": person.pk, "ticket": ticket.pk}, ticket=ticket)
    return Writing(found[0], list(found[0].files.order_by("pk"))) if found else Writing()


@cache
def _reading() -> CompiledRows[Draft]:
    number = BigIntegerField()
    return CompiledRows(Draft.objects.filter(person=Gap("person", number), ticket=Gap("ticket", number)))
