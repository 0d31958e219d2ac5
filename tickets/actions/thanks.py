"""A customer who only says thank you: the ticket stays as it is, a quiet line says so, and an agent may overrule it."""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from tickets import clocks
from tickets.actions.keeping import keep, locked, move, write_event
from tickets.choices import LIVE, Author, Category
from tickets.models import Message, Ticket
from tickets.thanks import is_thanks, may_be_thanks

STAYS = {
    Category.CLOSED: "closed",
    Category.WAITING: "as it is: waiting on the customer",
    Category.HOLD: "on hold",
}


def only_thanked(ticket: Ticket, *, text: str, person, has_files: bool, now: datetime) -> bool:
    """Whether the newest words of a locked row ask for nothing, so that neither its state nor its clocks change.

    Never while we owe an answer, after a question of ours, or in a snooze that was not told to outlast a thank-you.
    Writes the quiet line; the caller keeps the row.
    """
    if has_files or not ticket.visit or not may_be_thanks(text) or not _may_stay(ticket):
        return False
    if not is_thanks(text, names=_names(ticket, person)) or _we_asked(ticket):
        return False
    ticket.is_unread = True
    stays = "snoozed" if ticket.snoozed_until else STAYS.get(Category(ticket.category), "as it is: no reply is due")
    write_event(ticket, kind="thanks", text=f"Looks like a thank-you, so the ticket stays {stays}.", by=None, now=now)
    return True


@transaction.atomic
def count_after_all(*, ticket: Ticket, by, now: datetime) -> None:
    """It was more than a thank-you: the ticket comes back as it would have by any other message."""
    row = locked(ticket)
    if row.category in LIVE and row.snoozed_until is None and row.waiting_since is not None:
        return
    promise = clocks.promise_for(row)
    reopen_for_customer(row, promise, now)
    keep(row, promise=promise, now=now)
    write_event(row, kind="came_back", text=f"{by.shown_name} wants this answered.", by=by, now=now)
    record(by=by, action="tickets.count_thanks", subject=row, data={}, now=now)


def reopen_for_customer(ticket: Ticket, promise: clocks.Promise | None, now: datetime) -> None:
    """The customer's words end every wait: snooze, pause, follow-up, close. The caller keeps the ticket."""
    came_back = bool(ticket.snoozed_until) or ticket.category not in (Category.NEW, Category.OPEN)
    if ticket.category not in (Category.NEW, Category.OPEN):
        if ticket.category == Category.CLOSED:
            write_event(ticket, kind="reopened", text="Opened again by the customer's message.", by=None, now=now)
        move(ticket, Category.OPEN, promise=promise, now=now)
    if came_back:
        ticket.came_back = "The customer wrote"
    ticket.snoozed_until = None
    ticket.is_unread = True
    if not ticket.has_failed_delivery:
        ticket.follow_up_at = None
    clocks.customer_wrote(ticket, promise, now)


def _names(ticket: Ticket, person) -> list[str]:
    """Who may be addressed or sign in a thank-you."""
    known = (person, ticket.organisation, ticket.assignee, ticket.team)
    return [one.name for one in known if one is not None]


def _may_stay(ticket: Ticket) -> bool:
    if ticket.snoozed_until is not None:
        return ticket.stays_snoozed
    if ticket.category == Category.CLOSED:
        return not ticket.closed_unanswered
    return ticket.waiting_since is None and ticket.first_responded_at is not None


def _we_asked(ticket: Ticket) -> bool:
    """Whether our last words to the customer hold a question: then a “great, thanks” is an answer."""
    ours = Message.objects.standing().filter(ticket=ticket, author=Author.AGENT).order_by("-pk")
    return "?" in (ours.values_list("text", flat=True).first() or "")
