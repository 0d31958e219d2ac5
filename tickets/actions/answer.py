"""A customer's next message on the web, once however often the button is pressed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Person
from tickets.actions import intake
from tickets.actions.attach import Upload
from tickets.actions.entitling import later
from tickets.actions.keeping import locked_survivor
from tickets.models import Message, Ticket

# The same words and files again within this time are the same button pressed twice.
PRESSED_TWICE = timedelta(minutes=2)


@transaction.atomic
def answer(
    *,
    ticket: Ticket,
    person: Person,
    text: str,
    channel: str,
    now: datetime,
    attachments: Sequence[Upload] = (),
) -> Message:
    """Put a customer's words on their ticket; a closed one opens again. Raises intake.CannotAddMessage.

    Pressed twice, or twice at once, the first message is answered.
    """
    row = locked_survivor(ticket)
    files = sorted((upload.name, upload.size) for upload in attachments)
    twins = row.messages.filter(
        person=person, channel=channel, text=intake.clean(text), created_at__gt=now - PRESSED_TWICE
    )
    for twin in twins.order_by("pk"):
        if sorted(twin.attachments.values_list("name", "size")) == files:
            return twin
    message = intake.add_customer_message(
        ticket=ticket, person=person, text=text, channel=channel, attachments=attachments, now=now
    )
    if not message.is_held:
        later.answered(ticket=row, person=person, channel=channel, now=now)
    return message
