"""The one place where mail tells or asks an app above something, without importing it.

A `source_key` such as "message:34" names a thing of an app above. When its mail was sent, or could not be, a timer of
that app falls due at once; its handler reads the outcome from our rows.
"""

import logging
from collections.abc import Callable
from datetime import datetime

import timers
from mail.models import OutgoingMail

logger = logging.getLogger(__name__)

# Which app keeps the things of this sort.
OWNERS = {"message": "tickets"}
# What the owner of a sort says to an address that stops it, or is about to: a sentence, or "".
_warnings: dict[str, Callable[[str], str]] = {}
SENT = "delivery_sent"
FAILED = "delivery_failed"


def tell(event: str, *, mail: OutgoingMail, now: datetime) -> None:
    """Let the owner of the mail's source know of `event`, inside the caller's transaction and exactly once.

    The timer's subject is the source's number, its visit the mail and its number the attempt, so that a mail that
    was sent, came back, was tried again and came back again tells four things.
    """
    sort, _, number = mail.source_key.partition(":")
    owner = OWNERS.get(sort)
    if owner is None or not number.isdigit():
        return
    try:
        timers.schedule(kind=f"{owner}.{event}", subject=int(number), due_at=now, visit=mail.pk, number=mail.lease_id)
    except timers.UnknownKind:
        logger.error("Nobody listens to %s.%s: the source of mail %s never learns of it.", owner, event, mail.pk)


def warn_who_stops(sort: str, words: Callable[[str], str]) -> None:
    """Have the page that stops `sort` ask `words(address)` what else follows from it."""
    _warnings[sort] = words


def warning(*, sort: str, address: str) -> str:
    """What an address should know before it stops `sort`, and after it did."""
    return _warnings[sort](address) if sort in _warnings else ""
