"""A customer looked at the conversation, signed in."""

from accounts.models import Person
from tickets.models import Participant, Ticket


def note_looked(*, ticket: Ticket, person: Person, newest: int) -> None:
    """Remember that `person` saw everything up to message `newest`. Never back, never past what there is.

    Only people who take part are remembered; a colleague who may look on is told of news each time.
    """
    rows = Participant.objects.filter(ticket=ticket, person=person, seen_message_id__lt=newest)
    rows.update(seen_message_id=min(newest, max(ticket.last_message_id, 0)))
