"""What the cancellation of an account means in the apps above: each registers its part and is never imported.

Every part is called inside the transaction of the cancellation, of its undo, or of its end. `matters` only reads: what
an agent has to know before, one sentence each, with the address of a page about it or "".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Person


@dataclass(frozen=True)
class Matter:
    """Something that is open in an account."""

    words: str
    address: str = ""
    is_bad: bool = False


@dataclass(frozen=True)
class Part:
    """What an app does. `begin` answers plain JSON, which `undo` gets back."""

    matters: Callable[[Person], list[Matter]]
    begin: Callable[[Person, Person, datetime], dict]
    undo: Callable[[Person, Person, dict, datetime], None]
    finish: Callable[[Person, datetime], None]


_parts: dict[str, Part] = {}


def register(key: str, part: Part) -> None:
    """Let `part` take part, from `AppConfig.ready()`."""
    _parts[key] = part


def parts() -> dict[str, Part]:
    """Every part, by its key."""
    return dict(_parts)


def matters_of(person: Person) -> list[Matter]:
    """What is open in this account, from every app."""
    return [matter for part in _parts.values() for matter in part.matters(person)]
