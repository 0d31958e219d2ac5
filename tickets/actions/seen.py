"""Somebody looked."""

from datetime import datetime

from supportdesk.lib.live import announce
from tickets.actions.mention import mark_mentions_seen
from tickets.models import Ticket


def mark_seen(*, ticket: Ticket, by, now: datetime) -> None:
    """The customer's newest words were read by an agent, and notes that call them. Dates and clocks stay."""
    mark_mentions_seen(ticket_id=ticket.pk, by=by, now=now)
    if Ticket.objects.filter(pk=ticket.pk, is_unread=True, last_message_id__lte=ticket.last_message_id).update(
        is_unread=False
    ):
        announce(ticket.subject_key)
