"""Who wants to know that a customer wrote, or that our words did not reach them. They act in the same transaction.

Whoever takes words in knows nothing of what stands above it: runs and cases register from `AppConfig.ready()`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tickets.models import Message, Ticket

Handler = Callable[["Heard"], None]


@dataclass(frozen=True)
class Heard:
    """A message on a locked ticket. `has_files`: the customer sent files with it.

    `meant_for` is the number of a merged ticket whose customer takes no part where it went: nothing else concerns them.
    """

    ticket: Ticket
    message: Message
    now: datetime
    has_files: bool = False
    meant_for: int | None = None


_wrote: list[Handler] = []
_machine: list[Handler] = []
_undelivered: list[Handler] = []


def register(*, wrote: Handler, machine: Handler, undelivered: Handler) -> None:
    """Call these when a person wrote, when a machine answered, and when our words came back. Twice is once."""
    for known, handler in ((_wrote, wrote), (_machine, machine), (_undelivered, undelivered)):
        if handler not in known:
            known.append(handler)


def customer_wrote(heard: Heard) -> None:
    """A person who is none of us wrote."""
    for handler in _wrote:
        handler(heard)


def stranger_wrote(heard: Heard) -> None:
    """Somebody wrote who takes no part, with our own signed address, as from a second address of theirs.

    Their words wait for an agent. That somebody answered is known all the same, unless a machine did or the sender was
    found to be forged.
    """
    message = heard.message
    if message.auto_reply:
        machine_wrote(heard)
    elif message.authentication.get("verdict") != "fail":
        customer_wrote(heard)


def machine_wrote(heard: Heard) -> None:
    """An out-of-office note or its like came: nobody answered."""
    for handler in _machine:
        handler(heard)


def undelivered(heard: Heard) -> None:
    """A mail of ours came back."""
    for handler in _undelivered:
        handler(heard)
