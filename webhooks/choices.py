"""The words of webhooks."""

from django.db.models import TextChoices


class State(TextChoices):
    """Where one delivery stands."""

    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being sent"
    DONE = "done", "Delivered"
    FAILED = "failed", "Not delivered"


# A replay brings whatever is finished back to waiting.
TRANSITIONS: dict[str, frozenset[str]] = {
    State.WAITING: frozenset({State.SENDING, State.FAILED}),
    State.SENDING: frozenset({State.SENDING, State.WAITING, State.DONE, State.FAILED}),
    State.DONE: frozenset({State.WAITING}),
    State.FAILED: frozenset({State.WAITING}),
}
UNFINISHED = (State.WAITING, State.SENDING)
