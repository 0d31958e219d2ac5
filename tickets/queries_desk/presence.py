"""Who else has these tickets open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Person
from tickets.choices import Doing
from tickets.models import Presence

MOST_SHOWN = 200


@dataclass(frozen=True)
class Somebody:
    """A colleague at a ticket, however many screens they have it on. `until_at` is when their last lease ends."""

    ticket: int
    person: Person
    is_replying: bool
    until_at: datetime

    @property
    def words(self) -> str:
        """Priya Raman is replying"""
        doing = Doing.REPLYING if self.is_replying else Doing.VIEWING
        return f"{self.person.shown_name} {doing.label}"


def others_at(tickets: Iterable[int], *, reader, now: datetime) -> list[Somebody]:
    """Everybody but `reader` at `tickets`, whoever replies first, then by name. One query."""
    rows = Presence.objects.filter(ticket__in=list(tickets), until_at__gt=now).exclude(person=reader)
    found: dict[tuple[int, int], Somebody] = {}
    people = rows.select_related("person").only("ticket", "doing", "until_at", "person__name", "person__email")
    for row in people.order_by("pk")[:MOST_SHOWN]:
        known = found.get((row.ticket_id, row.person_id))
        found[row.ticket_id, row.person_id] = Somebody(
            row.ticket_id,
            row.person,
            is_replying=row.doing == Doing.REPLYING or bool(known and known.is_replying),
            until_at=max(row.until_at, known.until_at) if known else row.until_at,
        )
    return sorted(found.values(), key=lambda one: (one.ticket, not one.is_replying, one.person.shown_name.casefold()))


def taken(tickets: Iterable[int], *, reader, now: datetime) -> set[int]:
    """Those of `tickets` that somebody else has open. One query."""
    rows = Presence.objects.filter(ticket__in=list(tickets), until_at__gt=now).exclude(person=reader)
    return set(rows.values_list("ticket", flat=True))
