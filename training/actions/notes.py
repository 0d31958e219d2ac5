"""What a trainer writes down about a session."""

from datetime import datetime

from accounts import journal
from accounts.models import Person
from accounts.permitted import permitted
from training.models import Booking, TrainerNote
from training.refusals import CannotChange

MOST = 5000
LARGEST = 2**62


@permitted("training.give")
def write_note(*, booking: Booking, words: str, ticket: int | None, by: Person, now: datetime) -> TrainerNote:
    """A note for the staff, with the number of the ticket it belongs to. Raises CannotChange."""
    said = words.replace("\x00", "").strip()
    if not said:
        raise CannotChange("Write the note.")
    if len(said) > MOST:
        raise CannotChange(f"Write at most {MOST:,} characters.")
    if ticket is not None and not 0 < ticket < LARGEST:
        raise CannotChange("Enter a ticket's number, such as 4127.")
    note = TrainerNote.objects.create(booking=booking, words=said, ticket=ticket, by=by, at=now)
    journal.record(by=by, action="training.note", subject=booking, now=now)
    return note
