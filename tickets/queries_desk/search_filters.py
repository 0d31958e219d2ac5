"""The field filters of the search box. Only these exist; none of them is a column that somebody named (S25)."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.db.models.expressions import NegatedExpression

from accounts.access import can
from accounts.models import Organisation, Person
from billing import queries_find
from tickets.choices import Category, Channel, Priority, Role, TicketType
from tickets.custom_fields import read_filter
from tickets.models import ContactReason, FileText, Message, Note, Participant, Status, Team
from tickets.queries_desk.search_dates import stretch
from tickets.queries_desk.search_numbers import numbered_elsewhere

# (what was typed, who asks, now) -> what it means, None when it means nothing.
Condition = Q | Exists | NegatedExpression
Filter = Callable[[str, object, datetime], Condition | None]

MOST_NAMED = 500


def _people(value: str) -> list[int]:
    number = value.removeprefix("#")
    if value.startswith("#") and number.isascii() and number.isdigit() and len(number) < 19:
        return [int(number)]
    named = Person.objects.filter(Q(email__icontains=value) | Q(name__icontains=value))
    return list(named.order_by("pk").values_list("pk", flat=True)[:MOST_NAMED])


def _from(value: str, person, now: datetime) -> Condition | None:
    return Q(requester=person) if value.lower() == "me" else Q(requester__in=_people(value))


def _with(value: str, person, now: datetime) -> Condition | None:
    return Exists(Participant.objects.filter(ticket=OuterRef("pk"), person__in=_people(value)))


def _to(value: str, person, now: datetime) -> Condition | None:
    return Q(mailbox__address__icontains=value)


def _by(value: str, person, now: datetime) -> Condition | None:
    if value.lower() == "me":
        return Q(assignee=person)
    if value.lower() in ("nobody", "none"):
        return Q(assignee__isnull=True)
    return Q(assignee__in=_people(value))


def _organisation(value: str, person, now: datetime) -> Condition | None:
    return Q(organisation__in=_named(Organisation, value))


def _is(value: str, person, now: datetime) -> Condition | None:
    known: dict[str, Condition] = {
        "open": Q(category__in=[Category.NEW, Category.OPEN]),
        "new": Q(category=Category.NEW),
        "waiting": Q(category=Category.WAITING),
        "hold": Q(category=Category.HOLD),
        "closed": Q(category=Category.CLOSED),
        "unsolved": ~Q(category=Category.CLOSED),
        "snoozed": Q(snoozed_until__isnull=False),
        "overdue": Q(category__in=[Category.NEW, Category.OPEN], sla_due_at__lt=now),
        "unassigned": Q(assignee__isnull=True),
        "assigned": Q(assignee__isnull=False),
        "mine": Q(assignee=person),
        "unread": Q(is_unread=True),
        "failed": Q(has_failed_delivery=True),
        "merged": Q(merged_into__isnull=False),
        "followed": Exists(Participant.objects.filter(ticket=OuterRef("pk"), person=person, role=Role.WATCHER)),
        "held": Exists(Message.objects.filter(ticket=OuterRef("pk"), is_held=True)),
    }
    return known.get(value.lower())


def _has(value: str, person, now: datetime) -> Condition | None:
    known: dict[str, Condition] = {
        "file": Exists(FileText.objects.filter(ticket=OuterRef("pk"))),
        "attachment": Exists(FileText.objects.filter(ticket=OuterRef("pk"))),
        "note": Exists(Note.objects.filter(ticket=OuterRef("pk"))),
        "reason": Q(contact_reason__isnull=False),
        "tag": ~Q(tags=[]),
    }
    return known.get(value.lower())


def _named(model, value: str) -> list[int]:
    return list(model.objects.filter(name__icontains=value).order_by("pk").values_list("pk", flat=True)[:MOST_NAMED])


def _choice(column: str, known: list[str]) -> Filter:
    return lambda value, person, now: Q(**{column: value.lower()}) if value.lower() in known else None


def _old(value: str, person, now: datetime) -> Condition | None:
    number = value.lstrip("#")
    return Q(pk__in=numbered_elsewhere([number]).get(number, ()))


def _time(column: str, side: str) -> Filter:
    def narrow(value: str, person, now: datetime) -> Condition | None:
        found = stretch(value, now)
        if found is None:
            return None
        start, end = found
        if side == "after":
            return Q(**{f"{column}__gte": end})
        if side == "before":
            return Q(**{f"{column}__lt": start})
        # `opened:7d` is a stretch without length: since then.
        return Q(**{f"{column}__gte": start, f"{column}__lt": end}) if start < end else Q(**{f"{column}__gte": start})

    return narrow


def _buyer(kind: str) -> Filter:
    """Tickets of the customer whose invoice, order, PO, parcel or card it is; nothing for who may not see those."""

    def narrow(value: str, person, now: datetime) -> Condition | None:
        if not can(person, "invoices.see"):
            return None
        found = queries_find.customers_with(kind, value, now=now)
        people = [one.person_id for one in found if one.person_id]
        return Q(organisation__in=[one.organisation_id for one in found if one.organisation_id]) | Q(
            requester__in=people
        )

    return narrow


FILTERS: dict[str, Filter] = {
    "from": _from,
    "with": _with,
    "to": _to,
    "by": _by,
    "assignee": _by,
    "is": _is,
    "has": _has,
    "field": lambda value, person, now: read_filter(value),
    "tag": lambda value, person, now: Q(tags__contains=[value.lower().lstrip("#")]),
    "team": lambda value, person, now: Q(team__in=_named(Team, value)),
    "org": _organisation,
    "status": lambda value, person, now: Q(status__in=_named(Status, value)),
    "reason": lambda value, person, now: Q(contact_reason__in=_named(ContactReason, value)),
    "type": _choice("type", TicketType.values),
    "priority": _choice("priority", Priority.values),
    "channel": _choice("channel", Channel.values),
    "after": _time("last_message_at", "after"),
    "before": _time("last_message_at", "before"),
    "on": _time("last_message_at", "on"),
    "opened": _time("created_at", "on"),
    "closed": _time("closed_at", "on"),
    "invoice": _buyer("invoice"),
    "order": _buyer("order"),
    "po": _buyer("po"),
    "tracking": _buyer("tracking"),
    "card": _buyer("card"),
    "old": _old,
}
