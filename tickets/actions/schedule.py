"""A reply that leaves later: it waits as its mails' `not_before`, and the ticket sleeps until shortly after it.

It counts as an answer when it leaves, not when it was written. When the customer writes first, it is stopped and is its
writer's draft again: nobody should get an answer to a question that has moved on.
"""

from datetime import datetime, timedelta

from accounts.models import Person
from mail.actions.send import CannotCancel, cancel
from tickets import clocks
from tickets.actions import drafts
from tickets.actions.keeping import keep, write_event
from tickets.choices import Category, Delivery
from tickets.models import Message, Ticket
from tickets.refusals import Refused

LONGEST = timedelta(days=14)
# If the mail has not left by then, the ticket comes back and somebody sees it.
GRACE = timedelta(minutes=5)


class CannotSchedule(Refused):
    """The time has passed, or is too far away."""


def check_time(at: datetime, now: datetime) -> None:
    """Raises CannotSchedule."""
    if at <= now:
        raise CannotSchedule("Choose a time that has not passed.")
    if at - now > LONGEST:
        raise CannotSchedule("A reply can wait for 14 days at most.")


def put_off(ticket: Ticket, message: Message, *, by: Person, now: datetime) -> None:
    """The ticket sleeps until its reply has left. Its clocks run on: a promise that breaks wakes it. Keeps it."""
    if ticket.assignee_id is None:
        ticket.assignee = by
    ticket.is_unread, ticket.came_back, ticket.follow_up_at = False, "", None
    if ticket.category != Category.CLOSED and message.sends_at:
        ticket.snoozed_until = message.sends_at + GRACE
        ticket.wakes_on, ticket.stays_snoozed = "", False  # it sleeps for this reply now
    keep(ticket, promise=clocks.promise_for(ticket), now=now)
    write_event(ticket, kind="scheduled", text=f"{by.shown_name} wrote a reply that leaves later.", by=by, now=now)


def stop_for_customer(ticket: Ticket, now: datetime) -> None:
    """The customer wrote: replies that wait for their hour become drafts again. One query when there are none.

    One that has begun to leave is left alone.
    """
    waiting = Message.objects.filter(ticket=ticket, later__isnull=False, delivery=Delivery.PENDING)
    for message in waiting.select_related("person").order_by("pk"):
        try:
            cancel(source_key=f"message:{message.pk}", now=now)
        except CannotCancel:
            continue
        message.delivery, message.sends_at, message.undo, message.later = Delivery.CANCELLED, None, None, None
        message.save(update_fields=["delivery", "sends_at", "undo", "later"])
        why = f"{ticket.requester.shown_name} wrote before this reply left, so it was stopped."
        as_draft(message, ticket, now=now, why=why)
        write_event(
            ticket, kind="taken_back", text="A reply was stopped because the customer wrote first.", by=None, now=now
        )


def as_draft(message: Message, ticket: Ticket, *, now: datetime, why: str = "") -> None:
    """The words, recipients and files of a reply that did not leave, for its writer to go on with."""
    if message.person is None:
        return
    drafts.come_back(
        ticket=ticket,
        person=message.person,
        text=message.text,
        to=", ".join(one["email"] for one in message.to_line),
        cc=", ".join(one["email"] for one in message.cc_line),
        files=message.attachments.order_by("position", "pk"),
        now=now,
        why=why,
    )
