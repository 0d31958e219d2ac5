"""The words of the daily review."""

from django.db.models import TextChoices


class Kind(TextChoices):
    """What is decided, in the order in which it is."""

    CREDIT = "credit", "Credit"
    TAX = "tax", "Tax"
    REFUND = "refund", "Refunds"


class Verdict(TextChoices):
    """What a reviewer says. The second and third belong to credit alone (R26, R27)."""

    APPROVE = "approve", "Approved"
    KEEP = "keep", "Limit kept"
    CLOSE = "close", "Closed"
    REJECT = "reject", "Rejected"


class DecisionState(TextChoices):
    """Where a decision stands. It takes effect once its time to be undone is over."""

    SECOND = "second", "Waits for a second person"
    WAITING = "waiting", "Takes effect in a moment"
    DONE = "done", "Done"
    UNDONE = "undone", "Undone"
    OVERTAKEN = "overtaken", "Overtaken"


STANDING = (DecisionState.SECOND, DecisionState.WAITING, DecisionState.DONE)
