"""The words of problems and of announcements."""

from django.db.models import TextChoices


class ProblemState(TextChoices):
    """How far a problem is. Everything after the first has an owner."""

    IDENTIFIED = "identified", "Identified"
    DIAGNOSING = "diagnosing", "Diagnosing"
    KNOWN_ERROR = "known_error", "Known error"
    PLANNED = "planned", "Fix planned"
    FIXED = "fixed", "Fixed, measuring"
    VERIFIED = "verified", "Verified"
    REOPENED = "reopened", "Opened again"


# Those at which somebody still works, and those after a fix.
UNFIXED = (
    ProblemState.IDENTIFIED,
    ProblemState.DIAGNOSING,
    ProblemState.KNOWN_ERROR,
    ProblemState.PLANNED,
    ProblemState.REOPENED,
)
FIXED = (ProblemState.FIXED, ProblemState.VERIFIED)

# What people may move a problem to; verifying is done by counting alone.
MOVES: dict[str, tuple[str, ...]] = {
    ProblemState.IDENTIFIED: (ProblemState.DIAGNOSING, ProblemState.KNOWN_ERROR, ProblemState.PLANNED),
    ProblemState.DIAGNOSING: (ProblemState.KNOWN_ERROR, ProblemState.PLANNED),
    ProblemState.KNOWN_ERROR: (ProblemState.DIAGNOSING, ProblemState.PLANNED),
    ProblemState.PLANNED: (ProblemState.DIAGNOSING, ProblemState.KNOWN_ERROR),
    ProblemState.REOPENED: (ProblemState.DIAGNOSING, ProblemState.KNOWN_ERROR, ProblemState.PLANNED),
    ProblemState.FIXED: (),
    ProblemState.VERIFIED: (),
}


class Telling(TextChoices):
    """What became of one message of an announcement."""

    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Could not be sent"
