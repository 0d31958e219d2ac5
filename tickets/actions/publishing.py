"""Tells other programs what became of a ticket, in the transaction in which it became so (see the app `webhooks`).

Called where every verb ends, by `keeping.keep`. Nothing of a private note can get in here: a house test reads this
module for its name. An agent's words are told when they can no longer be taken back.
"""

from datetime import datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Exists, QuerySet

import timers
from supportdesk.lib.compiled import Compiled, one_row
from tickets.choices import Author, Category, Delivery
from tickets.models import Message, Ticket
from webhooks.actions.publish import publish
from webhooks.models import Endpoint

EVENTS = {
    "ticket.created": "A ticket was opened",
    "ticket.updated": "Its subject, state, priority, type, tags, team or assignee changed",
    "ticket.closed": "A ticket was closed",
    "ticket.reopened": "A closed ticket was opened again",
    "ticket.merged": "A ticket was merged into another",
    "message.created": "A customer wrote, or an agent's reply left",
    "delivery.failed": "A reply of ours did not arrive",
}
PUBLISH_MESSAGE = "tickets.publish_message"
MOST_TEXT = 20_000

# Column to the name that the payload uses.
TOLD = {
    "subject": "subject", "status_id": "status", "category": "category", "priority": "priority", "type": "type",
    "tags": "tags", "team_id": "team", "assignee_id": "assignee", "requester_id": "requester",
    "organisation_id": "organisation", "contact_reason_id": "contact_reason",
}  # fmt: skip
# These say only what `ticket.closed` and `ticket.reopened` say already.
SAID_BY_STATE = {"status", "category", "contact_reason"}


def tell(ticket: Ticket, *, now: datetime) -> None:
    """Publish what changed since the row was locked. No query where nobody listens; one for a new ticket."""
    if not _is_listened_to(ticket):
        return
    before = ticket.__dict__.get("_told", ticket.__dict__.get("_as_it_was"))
    ticket.__dict__["_told"] = {name: ticket.__dict__[name] for name in (*TOLD, "merged_into_id", "last_message_id")}
    ticket.__dict__["_told"]["tags"] = list(ticket.tags)
    if before is None:
        if ticket.visit == 1:
            _publish("ticket.created", ticket, now)
            tell_message(ticket, now=now)
        return
    changes = [shown for name, shown in TOLD.items() if before[name] != ticket.__dict__[name]]
    if before["merged_into_id"] is None and ticket.merged_into_id is not None:
        _publish("ticket.merged", ticket, now, merged_into=ticket.merged_into_id)
    elif Category.CLOSED in (before["category"], ticket.category) and "category" in changes:
        is_closed = ticket.category == Category.CLOSED
        _publish("ticket.closed" if is_closed else "ticket.reopened", ticket, now)
        changes = [name for name in changes if name not in SAID_BY_STATE]
    if changes and ticket.merged_into_id is None:
        _publish("ticket.updated", ticket, now, changed=changes)
    if before["last_message_id"] < ticket.last_message_id:
        tell_message(ticket, now=now)


def tell_message(ticket: Ticket, *, now: datetime) -> None:
    """Publish the newest words if they were written now, not moved here; an agent's as soon as they have left."""
    message = Message.objects.filter(pk=ticket.last_message_id, ticket=ticket, created_at=now).first()
    if message is None or message.is_held:
        return
    if message.author == Author.AGENT:
        timers.schedule(kind=PUBLISH_MESSAGE, subject=message.pk, due_at=message.sends_at or now)
    else:
        _publish_message(message, ticket, now)


def accepted(message: Message, ticket: Ticket, *, now: datetime) -> None:
    """Words that were held belong to the ticket now."""
    if _is_listened_to(ticket):
        _publish_message(message, ticket, now)


def undelivered(message: Message, ticket: Ticket, *, now: datetime) -> None:
    """Mail gave up on a recipient of a reply."""
    if _is_listened_to(ticket):
        _publish("delivery.failed", ticket, now, message={"id": message.pk, "error": message.delivery_error})


@transaction.atomic
def publish_message(*, message_id: int, now: datetime) -> datetime | None:
    """An agent's words left, unless they were taken back. Answers when to ask again if they leave later."""
    message = Message.objects.select_related("ticket").filter(pk=message_id).first()
    if message is None or message.delivery == Delivery.CANCELLED:
        return None
    if message.sends_at and message.sends_at > now:
        return message.sends_at
    # The ticket's row keeps its events in one order.
    ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=message.ticket_id)
    message.refresh_from_db(fields=["delivery", "sends_at"])
    if message.delivery != Delivery.CANCELLED:
        _publish_message(message, ticket, now)
    return None


def ticket_data(ticket: Ticket) -> dict[str, Any]:
    """A ticket as events carry it. Every field is named here; none holds staff's words."""
    return {
        "id": ticket.pk,
        "subject": ticket.subject,
        "status": ticket.status.name,
        "category": ticket.category,
        "priority": ticket.priority,
        "type": ticket.type,
        "channel": ticket.channel,
        "tags": list(ticket.tags),
        "team": {"id": ticket.team_id, "name": ticket.team.name},
        "assignee": person_data(ticket.assignee),
        "requester": person_data(ticket.requester),
        "organisation": ticket.organisation and {"id": ticket.organisation_id, "name": ticket.organisation.name},
        "contact_reason": ticket.contact_reason and ticket.contact_reason.name,
        "merged_into": ticket.merged_into_id,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "closed_at": ticket.closed_at,
    }


def person_data(person) -> dict[str, Any] | None:
    """Who somebody is."""
    return {"id": person.pk, "name": person.name, "email": person.email} if person else None


def _publish(type: str, ticket: Ticket, now: datetime, **more: Any) -> None:
    publish(type=type, subject_key=ticket.subject_key, data={"ticket": ticket_data(ticket), **more}, now=now)


def _publish_message(message: Message, ticket: Ticket, now: datetime) -> None:
    files = message.attachments.order_by("position", "pk").values("id", "name", "content_type", "size")
    words = {
        "id": message.pk,
        "author": message.author,
        "person": person_data(message.person),
        "from_address": message.from_address,
        "channel": message.channel,
        "text": message.text[:MOST_TEXT],
        "is_cut": len(message.text) > MOST_TEXT,
        "attachments": list(files),
        "created_at": message.created_at,
    }
    _publish("message.created", ticket, now, message=words)


def with_listeners(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Tickets that know whether anybody listens, in the query that reads them."""
    return rows.annotate(is_listened_to=Exists(Endpoint.objects.enabled()))


def _is_listened_to(ticket: Ticket) -> bool:
    """Known from `keeping.locked`, which asks in the same query; asked once otherwise."""
    known = ticket.__dict__
    if "is_listened_to" not in known:
        (known["is_listened_to"],) = one_row([(_listeners(), {})])
    return known["is_listened_to"]


@cache
def _listeners() -> Compiled:
    """Every new ticket asks."""
    sql, values = Endpoint.objects.enabled().values("pk").query.sql_with_params()
    return Compiled(f"EXISTS({sql})", values)
