"""Tickets that were asked and closed long ago, by the hundred: rows, without the verbs of a desk."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.factories.tickets import make_ticket
from tickets.actions.keeping import default_status
from tickets.choices import Author, Category, Channel
from tickets.models import Closing, ContactReason, Message, Ticket


@dataclass(frozen=True)
class Asked:
    """What a customer asked, why, and when; closed an hour later."""

    subject: str
    reason: ContactReason | None
    at: datetime
    text: str = ""


def close_many(asked: Iterable[Asked], *, by=None) -> list[Ticket]:
    """Closed tickets with their first message and their closing, in the order given."""
    asked = list(asked)
    like = make_ticket(now=asked[0].at)
    status = default_status(Category.CLOSED)
    fields = {"requester_id": like.requester_id, "team_id": like.team_id, "mailbox_id": like.mailbox_id}
    tickets = Ticket.objects.bulk_create(
        Ticket(
            subject=one.subject,
            status=status,
            category=Category.CLOSED,
            channel=Channel.MAIL,
            contact_reason=one.reason,
            created_at=one.at,
            updated_at=one.at + timedelta(hours=1),
            last_message_at=one.at,
            closed_at=one.at + timedelta(hours=1),
            closed_by=by,
            visit=1,
            is_unread=False,
            **fields,
        )
        for one in asked
    )
    pairs = list(zip(tickets, asked, strict=True))
    Message.objects.bulk_create(
        Message(
            ticket=ticket,
            author=Author.CUSTOMER,
            person_id=like.requester_id,
            channel=Channel.MAIL,
            text=one.text or one.subject,
            created_at=one.at,
        )
        for ticket, one in pairs
    )
    Closing.objects.bulk_create(Closing(ticket=ticket, at=ticket.closed_at, by=by, in_time=None) for ticket, _ in pairs)
    Ticket.objects.filter(pk=like.pk).delete()
    return tickets
