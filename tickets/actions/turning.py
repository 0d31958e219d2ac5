"""Facts of a ticket that follow from its words: what moving words remembers, joins and reads anew."""

from datetime import datetime
from typing import Any

from django.db.models import Max, Min, Q

from tickets import clocks
from tickets.actions.intake import Words, snippet_of
from tickets.choices import UNSOLVED, Author, Category, Clock, Delivery
from tickets.models import Ticket

# What a move of words may change on a ticket, and undoing it restores.
REMEMBERED = (
    "status_id", "category", "assignee_id", "snippet", "last_message_at", "last_message_id", "is_unread",
    "waiting_since", "first_response_due_at", "first_responded_at", "next_response_due_at", "resolution_due_at",
    "clocks_paused_at", "sla_started_at", "follow_up_at", "snoozed_until", "came_back", "has_failed_delivery",
    "closed_at", "closed_by_id", "contact_reason_id", "tags", "custom", "is_watched", "wakes_on", "stays_snoozed",
    "closed_unanswered",
)  # fmt: skip


def remember(ticket: Ticket) -> dict[str, Any]:
    """The ticket as it is, as plain JSON."""
    values = {name: getattr(ticket, name) for name in REMEMBERED}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def restore(ticket: Ticket, values: dict[str, Any]) -> None:
    """Make a ticket in memory what `remember` said."""
    for field in ticket._meta.concrete_fields:
        if field.attname in values:
            value = values[field.attname]
            setattr(ticket, field.attname, value if isinstance(value, list | dict) else field.to_python(value))


def recount(ticket: Ticket, promise: clocks.Promise | None) -> None:
    """Read the newest words, the first answer and the customer's oldest unanswered message off what stands there.

    The state stays. Running clocks follow from the same starts as ever. A reply that waits for its hour is no answer
    yet. Three queries; the caller keeps the ticket.
    """
    standing = ticket.messages.standing().filter(is_held=False)
    answered = Q(author=Author.AGENT, later__isnull=True)
    known = standing.aggregate(
        newest=Max("pk"), first=Min("created_at", filter=answered), last=Max("created_at", filter=answered)
    )
    asked = standing.filter(author=Author.CUSTOMER, auto_reply="")
    if known["last"] is not None:
        asked = asked.filter(created_at__gt=known["last"])
    latest = standing.order_by("-created_at", "-pk").only("text", "created_at").first()
    ticket.last_message_id = known["newest"] or 0
    ticket.last_message_at = latest.created_at if latest else ticket.created_at
    ticket.snippet = snippet_of(Words(text=latest.text)) if latest else ""
    ticket.first_responded_at = known["first"]
    ticket.has_failed_delivery = ticket.messages.filter(delivery=Delivery.FAILED).exists()
    if ticket.category in UNSOLVED:
        ticket.waiting_since = asked.aggregate(at=Min("created_at"))["at"]
        clocks.promise_again(ticket, promise, ticket.created_at)


def join(into: Ticket, gone: Ticket) -> None:
    """Let an unsolved ticket's waiting customer count on the one that takes it in: the earliest promise holds.

    Both are in memory and `into` is as open as `gone` already. What `gone` promised is not made later by the merge.
    """
    stands_still = gone.clocks_paused_at is not None
    promised = {} if stands_still else clocks.running(gone)
    due = [at for clock, at in promised.items() if clock != Clock.RESOLUTION]
    starts = [at for at in (into.waiting_since, None if stands_still else gone.waiting_since) if at]
    before = min(clocks.running(into).values(), default=None)
    into.waiting_since = min(starts, default=None)
    field = "first_response_due_at" if into.first_responded_at is None else "next_response_due_at"
    if into.waiting_since is not None or field == "first_response_due_at":
        setattr(into, field, min([at for at in (getattr(into, field), *due) if at], default=None))
    solved = [at for at in (into.resolution_due_at, promised.get(Clock.RESOLUTION)) if at]
    into.resolution_due_at = min(solved, default=None)
    after = min(clocks.running(into).values(), default=None)
    if after is not None and after != before:
        into.sla_started_at = gone.sla_started_at or into.sla_started_at
    into.follow_up_at = min([at for at in (into.follow_up_at, gone.follow_up_at) if at], default=None)
    into.is_unread = into.is_unread or gone.is_unread


def openness(ticket: Ticket) -> int:
    """How much somebody has to do: 3 live, 2 waiting, 1 on hold, 0 closed."""
    order = {Category.CLOSED: 0, Category.HOLD: 1, Category.WAITING: 2}
    return order.get(Category(ticket.category), 3)
