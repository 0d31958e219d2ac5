"""Who stands beside a ticket: its customer, the people who take part, the staff who could have it."""

from dataclasses import dataclass
from functools import cache

from django.db.models import BigIntegerField, Q, QuerySet

from accounts.models import Person
from supportdesk.lib.compiled import CompiledRows, Gap
from tickets.models import Participant, Ticket

OTHERS_SHOWN = 8


@dataclass(frozen=True)
class Side:
    """The customer pane."""

    participants: list[Participant]
    others: list[Ticket]


def side_of(ticket: Ticket) -> Side:
    """Two queries: who takes part, and the newest other tickets of the requester or their organisation.

    For somebody who may see every ticket. The ticket keeps who takes part, so that whoever asks it next need not.
    """
    participants = _taking_part().fetch({"ticket": ticket.pk}, ticket=ticket)
    _keep(ticket.participants.all(), participants, ticket)
    given = {"ticket": ticket.pk, "requester": ticket.requester_id, "organisation": ticket.organisation_id}
    return Side(participants, _others(has_organisation=ticket.organisation_id is not None).fetch(given))


def _keep(rows: QuerySet[Participant], found: list[Participant], ticket: Ticket) -> None:
    """As `prefetch_related` would have."""
    rows._result_cache = found
    ticket._prefetched_objects_cache = {"participants": rows}  # type: ignore[attr-defined]  # Django's own place for it


@cache
def _taking_part() -> CompiledRows[Participant]:
    rows = Participant.objects.filter(ticket=Gap("ticket", BigIntegerField())).select_related("person")
    shown = rows.only("ticket", "role", "added_at", "person__name", "person__email")
    return CompiledRows(shown.order_by("added_at", "pk"))


@cache
def _others(*, has_organisation: bool) -> CompiledRows[Ticket]:
    number = BigIntegerField()
    theirs = Q(requester=Gap("requester", number))
    if has_organisation:
        theirs |= Q(organisation=Gap("organisation", number))
    rows = Ticket.objects.filter(theirs).exclude(pk=Gap("ticket", number)).select_related("status")
    rows = rows.only("subject", "category", "last_message_at", "status__name")
    return CompiledRows(rows.order_by("-pk")[:OTHERS_SHOWN])


def staff() -> list[Person]:
    """Everybody who may have a ticket, by name. One query."""
    working = Person.objects.filter(is_active=True, grants__revoked_at__isnull=True, grants__isnull=False)
    return list(working.distinct().order_by("name", "pk"))
