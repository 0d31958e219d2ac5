"""What the desk gave stands in the thread of the ticket that it was given for. Tickets are above billing: they say how.

A ticket is locked before anything of billing, as the daily review does it too: first `hold`, then, once, `tell`.
"""

from collections.abc import Callable
from datetime import datetime

from accounts.models import Person

Hold = Callable[[int], int | None]
Tell = Callable[[int, str, Person, datetime], None]

_hold: list[Hold] = []
_tell: list[Tell] = []


def register(*, hold: Hold, tell: Tell) -> None:
    """`hold(number)` locks a ticket and answers which one it is by now, or None; `tell` writes a line on it."""
    _hold[:], _tell[:] = [hold], [tell]


def hold(ticket: int | None) -> int | None:
    """The ticket to tell, locked; None without one. Belongs first into the transaction of what is given."""
    return _hold[0](ticket) if ticket is not None and _hold else None


def tell(ticket: int | None, words: str, *, by: Person, now: datetime) -> None:
    """Write `words` where agents read them and no customer does. `ticket` is what `hold` answered."""
    if ticket is not None and _tell:
        _tell[0](ticket, words, by, now)
