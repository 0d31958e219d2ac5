"""The desk's rows as stories, to be counted."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Count, F, Q, Sum

from insights.desk import Promises
from insights.facts import Closed, Said, Story
from tickets.choices import Author, Category, Clock, Notice
from tickets.models import Assignee, Call, ClockNotice, Closing, Message, Note, Ticket

COUNTED = (
    "id", "created_at", "updated_at", "visit", "category", "closed_at", "closed_by_id", "merged_into_id", "team_id",
    "channel", "contact_reason_id", "tags", "service_level_id", "priority", "first_response_due_at", "requester_id",
    "imported_at",
    "assignee_id",
)  # fmt: skip

CHANGED = """
select ticket.id from tickets_ticket as ticket left join insights_gathered as known on known.ticket_id = ticket.id
where ticket.updated_at >= %(since)s
    and (known.ticket_id is null or known.updated_at <> ticket.updated_at or known.visit <> ticket.visit)
order by ticket.updated_at, ticket.id limit %(size)s
"""


def changed_since(moment: datetime, *, size: int) -> list[int]:
    """Tickets that changed at or after `moment` and were not gathered as they are, in the order of their change."""
    return [row.pk for row in Ticket.objects.raw(CHANGED, {"since": moment, "size": size})]


def stories(keys: Iterable[int], promises: Promises, *, now: datetime) -> list[Story]:
    """What happened on these tickets, by key. Seven queries."""
    tickets = list(Ticket.objects.filter(pk__in=list(keys)).only(*COUNTED).order_by("pk"))
    found = [ticket.pk for ticket in tickets]
    said, closings, broken = _said(found, now), _closings(found), _broken(found)
    notes, calls, assignees = _notes(found), _call_minutes(found), _assignees(tickets)
    return [
        Story(
            ticket=ticket,
            said=said[ticket.pk],
            closings=_as_it_stands(ticket, closings[ticket.pk]),
            broken_next=broken[ticket.pk],
            promises_next=(ticket.service_level_id, ticket.priority) in promises.with_next,
            calendar=promises.calendar(ticket.service_level_id),
            notes=notes.get(ticket.pk, 0),
            call_minutes=calls.get(ticket.pk, 0),
            assignees=len(assignees[ticket.pk]),
        )
        for ticket in tickets
    ]


# A message of ours without a person is one that the desk wrote by itself, unless it was written at another desk.
_NOBODY_HERE = Q(ticket__imported_at=None) | Q(created_at__gt=F("ticket__imported_at"))


def _said(keys: Sequence[int], now: datetime) -> dict[int, list[Said]]:
    found: dict[int, list[Said]] = defaultdict(list)
    rows = Message.objects.standing().filter(ticket__in=keys, is_held=False, auto_reply="")
    for ticket, *said in (
        rows.exclude(author=Author.SYSTEM)
        .exclude(_NOBODY_HERE, author=Author.AGENT, person=None)
        .exclude(author=Author.AGENT, sends_at__gt=now)
        .values_list("ticket", "pk", "author", "person", "created_at", "sends_at")
    ):
        found[ticket].append(Said(*said))
    return found


def _closings(keys: Sequence[int]) -> dict[int, list[Closed]]:
    found: dict[int, list[Closed]] = defaultdict(list)
    rows = Closing.objects.filter(ticket__in=keys).order_by("at", "pk")
    for ticket, at, by, in_time, reopened_at in rows.values_list("ticket", "at", "by", "in_time", "reopened_at"):
        found[ticket].append(Closed(at, by, in_time, reopened_at))
    return found


def _broken(keys: Sequence[int]) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = defaultdict(list)
    rows = ClockNotice.objects.filter(ticket__in=keys, clock=Clock.NEXT_RESPONSE, kind=Notice.BROKEN)
    for ticket, due_at in rows.values_list("ticket", "due_at"):
        found[ticket].append(due_at)
    return found


def _notes(keys: Sequence[int]) -> dict[int, int]:
    rows = Note.objects.filter(ticket__in=keys, person__isnull=False).values("ticket").annotate(notes=Count("pk"))
    return dict(rows.values_list("ticket", "notes"))


def _call_minutes(keys: Sequence[int]) -> dict[int, int]:
    rows = Call.objects.filter(ticket__in=keys).values("ticket").annotate(sum=Sum("minutes"))
    return dict(rows.values_list("ticket", "sum"))


def _assignees(tickets: Sequence[Ticket]) -> dict[int, set[int]]:
    """Everybody whose ticket it was or is."""
    found = {ticket.pk: {ticket.assignee_id} if ticket.assignee_id else set[int]() for ticket in tickets}
    for ticket, person in Assignee.objects.filter(ticket__in=list(found)).values_list("ticket", "person"):
        found[ticket].add(person)
    return found


def _as_it_stands(ticket: Ticket, closings: list[Closed]) -> list[Closed]:
    """The noted closings, made to agree with the ticket where it was changed without a note."""
    if ticket.category == Category.CLOSED and ticket.closed_at and not any(one.reopened_at is None for one in closings):
        return [*closings, Closed(ticket.closed_at, ticket.closed_by_id, None, None)]
    return closings
