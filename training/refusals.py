"""Why something was not done, in words that its reader may read."""

from collections.abc import Sequence
from datetime import datetime


class Refused(Exception):
    """Nothing was changed; the message says why and what would help."""


class JustTaken(Refused):
    """Somebody else was quicker, or it was never free. `nearest` are free starts close to it, as of now."""

    def __init__(self, words: str, nearest: Sequence[datetime] = ()) -> None:
        super().__init__(words)
        self.nearest = list(nearest)


class CannotBook(Refused):
    """The session cannot be booked by this person in this way."""


class CannotChange(Refused):
    """The booking stays as it is."""


class CannotSetUp(Refused):
    """The trainer, the hours or the session type stay as they are."""
