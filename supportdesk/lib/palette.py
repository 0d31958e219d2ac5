"""What the palette finds. Each app registers what it can find, from `AppConfig.ready()`; nobody knows who is above.

    palette.register("invoices", "Invoices", find_invoices, order=40)

`find_invoices(person, words, now)` answers `Found` entries that this person may open, best first, within milliseconds.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction

logger = logging.getLogger(__name__)

LONGEST = 200
A_GROUP = 6


@dataclass(frozen=True)
class Found:
    """Something to go to. `address` is a path of ours, or with `posts` a form's action that takes the open composer."""

    title: str
    address: str
    icon: str
    detail: str = ""
    posts: bool = False
    is_exact: bool = False


@dataclass(frozen=True)
class Group:
    """What one provider found."""

    kind: str
    title: str
    found: list[Found]

    @property
    def is_exact(self) -> bool:
        """Whether it holds the very thing that was named, such as a number."""
        return any(one.is_exact for one in self.found)


@dataclass(frozen=True)
class Asked:
    """What was typed, cleaned, and the ticket on which it was typed, 0 for none."""

    words: str
    ticket: int = 0


Provider = Callable[[Any, Asked, datetime], Iterable[Found]]
_providers: dict[str, tuple[int, str, Provider]] = {}


def register(kind: str, title: str, provider: Provider, *, order: int) -> None:
    """Let the palette ask `provider`; its group is called `title` and stands at `order`."""
    _providers[kind] = (order, title, provider)


def asked(words: str, ticket: str = "") -> Asked:
    """What somebody typed: no signs that cannot be seen, at most LONGEST of the others."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())[:LONGEST].strip()
    known = ticket if ticket.isascii() and ticket.isdigit() and len(ticket) < 19 else "0"
    return Asked(plain, int(known))


def _apart() -> AbstractContextManager[Any]:
    """What fails inside leaves a transaction around it whole. Where there is none, nothing is asked for that."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def find(person, question: Asked, now: datetime) -> list[Group]:
    """What is found, by group; a group with the very thing that was named comes first. Empty groups are left out."""
    groups = []
    for kind, (_, title, provider) in sorted(_providers.items(), key=lambda entry: (entry[1][0], entry[0])):
        try:
            with _apart():
                found = list(provider(person, question, now))[:A_GROUP]
        except OperationalError:  # one that is slow today leaves the others standing
            logger.warning("The palette left out %s", kind, exc_info=True)
            continue
        if found:
            groups.append(Group(kind, title, found))
    return sorted(groups, key=lambda group: not group.is_exact)
