"""A stranger wrote to a ticket's reply address: an agent decides whether the words belong there (S8)."""

from datetime import datetime

from django.db import transaction

from accounts.journal import record
from tickets import clocks
from tickets.actions import publishing
from tickets.actions.intake import Words, make_ticket, snippet_of
from tickets.actions.keeping import keep, locked_with_message, write_event
from tickets.actions.thanks import reopen_for_customer
from tickets.choices import Channel, Role
from tickets.models import Message, Participant, Ticket
from tickets.refusals import Refused


class CannotDecide(Refused):
    """Somebody decided already."""


@transaction.atomic
def accept_message(*, message: Message, by, now: datetime) -> None:
    """The words belong here. Their writer takes part from now on, and the clocks run. Raises CannotDecide."""
    row, message = _locked_held(message)
    # Who is accepted reads the thread, so their words stand in it, also those that a merge had set apart.
    message.is_held, message.held_reason, message.is_apart = False, "", False
    message.save(update_fields=["is_held", "held_reason", "is_apart"])
    Participant.objects.get_or_create(
        ticket=row, person=message.person, defaults={"role": Role.COPIED, "added_at": now}
    )
    _count(row, message, now)
    publishing.accepted(message, row, now=now)
    words = f"{by.shown_name} accepted a message from {message.from_address}."
    write_event(row, kind="accepted", text=words, by=by, now=now)
    record(by=by, action="tickets.accept_held", subject=row, data={"message": message.pk}, now=now)


@transaction.atomic
def refuse_message(*, message: Message, by, now: datetime) -> Ticket:
    """The words do not belong here: they become a ticket of their own, so that nothing is lost. Raises CannotDecide."""
    row, message = _locked_held(message)
    other = make_ticket(
        requester=message.person, subject=row.subject, channel=Channel.MAIL, mailbox=row.mailbox, now=now
    )
    message.ticket, message.is_held, message.held_reason = other, False, ""
    message.save(update_fields=["ticket", "is_held", "held_reason"])
    _count(other, message, now)
    keep(row, promise=clocks.promise_for(row), now=now)
    words = f"{by.shown_name} moved a message from {message.from_address} to ticket {other.pk}."
    write_event(row, kind="refused", text=words, by=by, now=now)
    record(by=by, action="tickets.refuse_held", subject=row, data={"message": message.pk}, now=now)
    return other


def _locked_held(message: Message) -> tuple[Ticket, Message]:
    row, held = locked_with_message(message)
    if not held.is_held:
        raise CannotDecide("Somebody decided about this message already.")
    return row, held


def _count(row: Ticket, message: Message, now: datetime) -> None:
    promise = clocks.promise_for(row)
    row.last_message_id, row.last_message_at = max(row.last_message_id, message.pk), now
    row.snippet = snippet_of(Words(text=message.text))
    reopen_for_customer(row, promise, now)
    keep(row, promise=promise, now=now)
