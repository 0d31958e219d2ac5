"""The words of the start of a day: where customers write, what was counted there, and how far each person has come."""

from django.db.models import TextChoices


class SourceKind(TextChoices):
    """A place in which customers write to us."""

    MAILBOX = "mailbox", "Mailbox of ours"
    ZENDESK = "zendesk", "Zendesk"
    INTERCOM = "intercom", "Intercom"
    DISCOURSE = "discourse", "Discourse community"
    OTHER = "other", "Another place, counted by hand"


# Those whose programs tell us of each thing, under a signature.
TOLD = (SourceKind.ZENDESK, SourceKind.INTERCOM, SourceKind.DISCOURSE)


class EventState(TextChoices):
    """What became of an event that a source told us."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "On a ticket"


class GapState(TextChoices):
    """What became of something that a source counts and we do not hold."""

    MISSING = "missing", "Missing"
    IMPORTED = "imported", "Brought in"
    EXPLAINED = "explained", "Explained"


class RunState(TextChoices):
    """How far one person's start of the day has come."""

    OPEN = "open", "Not done yet"
    DONE = "done", "Done"
    LATE = "late", "Late"
    EXCUSED = "excused", "Away"


class CheckState(TextChoices):
    """What may be said of a source this morning."""

    CLEAR = "clear", "Nothing missing"
    MISSING = "missing", "Something is missing"
    UNKNOWN = "unknown", "Unknown"
