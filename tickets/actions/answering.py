"""What an agent's reply makes of its ticket, at once or on the day it leaves, and how that is undone."""

from datetime import datetime

from tickets import clocks, may_close
from tickets.actions.keeping import keep, move, write_event
from tickets.choices import Author, Category, MoveKind
from tickets.models import ContactReason, Message, Ticket, TicketMove
from tickets.refusals import Refused

# Words for the customer that answer no question of theirs, as the news that something was fixed.
AS_IT_IS = "as_it_is"
THEN = {"waiting": Category.WAITING, "closed": Category.CLOSED, "stay": Category.OPEN}

# What a reply changes on its ticket, and taking it back restores.
UNDONE = (
    "status_id", "category", "assignee_id", "snippet", "last_message_at", "last_message_id", "is_unread",
    "waiting_since",
    "first_responded_at", "next_response_due_at", "resolution_due_at", "clocks_paused_at", "sla_started_at",
    "follow_up_at", "snoozed_until", "came_back", "closed_at", "closed_by_id", "contact_reason_id",
    "wakes_on", "stays_snoozed",
)  # fmt: skip


def answered(ticket: Ticket, by, *, then: str, reason: ContactReason | None, now: datetime) -> None:
    """The customer has an answer: clocks stop, waiting ends, and the ticket goes where `then` says. Keeps it."""
    promise = clocks.promise_for(ticket)
    if ticket.assignee_id is None:
        ticket.assignee = by
    ticket.is_unread, ticket.came_back, ticket.snoozed_until, ticket.follow_up_at = False, "", None, None
    clocks.agent_answered(ticket, now)
    category = THEN[then]
    if ticket.category == Category.CLOSED and category != Category.CLOSED:
        move(ticket, Category.OPEN, promise=promise, now=now)
    if ticket.category != category:
        move(ticket, category, promise=promise, now=now)
    if category == Category.CLOSED:
        ticket.closed_by, ticket.contact_reason = by, reason or ticket.contact_reason
    keep(ticket, promise=promise, now=now)
    if category == Category.CLOSED and by is not None:
        write_event(ticket, kind="closed", text=f"Closed by {by.shown_name}.", by=by, now=now)


def snapshot(ticket: Ticket) -> dict:
    """The ticket before a reply, as JSON takes it."""
    values = {field: getattr(ticket, field) for field in UNDONE}
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}


def restore(ticket: Ticket, values: dict) -> None:
    """The ticket as `snapshot` saw it. The caller keeps it."""
    for field in ticket._meta.concrete_fields:
        if field.attname in values:
            setattr(ticket, field.attname, field.to_python(values[field.attname]))


def left(ticket: Ticket, message: Message, now: datetime) -> None:
    """A scheduled reply was sent: it counts from now. What happened meanwhile is not undone by it: a ticket that was
    closed stays closed, one on which the customer wrote after all stays open, and one into which the reply's own
    ticket was merged stays as it is: nobody said that it should be closed. The caller keeps the ticket.
    """
    plan, message.later, message.created_at = message.later or {}, None, now
    message.save(update_fields=["later", "created_at"])
    written = ticket.messages.filter(author=Author.CUSTOMER, pk__gt=message.pk, is_held=False, auto_reply="")
    if written.exists():
        return
    came_from = _merged_from(ticket, message)
    if ticket.category == Category.CLOSED or came_from:
        clocks.agent_answered(ticket, now)
        if came_from:
            words = f"A reply that was written on ticket {came_from} has left. This ticket stays as it was."
            write_event(ticket, kind="changed", text=words, by=None, now=now)
        return
    reason = ContactReason.objects.filter(pk=plan.get("reason") or 0).first()
    then = _end_of(ticket, plan.get("then", "waiting"), now)
    answered(ticket, message.person, then=then, reason=reason, now=now)


def _merged_from(ticket: Ticket, message: Message) -> int | None:
    """The ticket whose merge brought the message here; None for one that was written here."""
    merges = TicketMove.objects.filter(kind=MoveKind.MERGE, target=ticket, undone_at=None)
    return merges.filter(messages__contains=[message.pk]).values_list("source", flat=True).first()


def _end_of(ticket: Ticket, then: str, now: datetime) -> str:
    """What was to be closed waits for the customer instead where a child or a field stands in the way by now."""
    if then != "closed":
        return then
    try:
        may_close.check(ticket)
    except Refused as refusal:
        write_event(ticket, kind="changed", text=f"The reply left and closed nothing. {refusal}", by=None, now=now)
        return "waiting"
    return then
