"""What is taught, by whom and when, and who booked it."""

from training.models.bookings import Booking, OwnFeed, Session, TrainerNote, WaitlistEntry
from training.models.trainers import DateException, Leave, Rule, Trainer
from training.models.types import SessionType

__all__ = [
    "Booking",
    "DateException",
    "Leave",
    "OwnFeed",
    "Rule",
    "Session",
    "SessionType",
    "Trainer",
    "TrainerNote",
    "WaitlistEntry",
]
