"""What has to be done before a ticket may be closed by staff. Reads only."""

from tickets.custom_fields import check_close
from tickets.family import check_children
from tickets.learned import check_learned
from tickets.models import ContactReason, Ticket
from tickets.refusals import Refused


class CustomerWaits(Refused):
    """Nobody answered the customer, and nobody said why that is in order."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(
            f"The customer of ticket {ticket.pk} waits for an answer. Choose a reason, or close it unanswered."
        )


def check(ticket: Ticket, *, is_alone: bool = False) -> None:
    """Three queries. Raises FieldsMissing, LearnFirst, and OpenChildren unless it closes without them."""
    check_close(ticket)
    check_learned(ticket)
    if not is_alone:
        check_children(ticket)


def check_answered(ticket: Ticket, *, reason: ContactReason | None = None, unanswered: bool = False) -> None:
    """Staff close over a customer who waits with a contact reason, new or given before, or by saying that it stays
    `unanswered` (B6). No query. Raises CustomerWaits.
    """
    if ticket.waiting_since is not None and not (unanswered or reason or ticket.contact_reason_id):
        raise CustomerWaits(ticket)
