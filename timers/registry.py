"""Which function answers for which kind of timer. Each owner registers its own from `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timers.models import Timer

Handler = Callable[["Timer", datetime], datetime | None]


class UnknownKind(LookupError):
    """Nobody registered this kind of timer."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"No handler is registered for timers of kind {kind!r}.")


@dataclass(frozen=True)
class Registered:
    """A handler and its place among the timers of one subject."""

    handler: Handler
    order: int
    alone: bool


_kinds: dict[str, Registered] = {}


def register(kind: str, handler: Handler, *, order: int = 0, alone: bool = False) -> None:
    """Let `handler(timer, now)` answer for `kind`, written "app.what_falls_due".

    The handler writes rows and nothing else: its effects and the timer's `done_at` commit together, and it
    may be rolled back and run again. It answers None when the timer is done, or a datetime later than `now`
    at which it wants to be asked again. Of two timers due for one subject the lower `order` runs first.
    `alone`: a transaction of its own. Whoever writes to the journal needs that, since the journal is locked until the
    commit and every other handler of a batch would lock its own things after it.
    """
    if "." not in kind:
        raise ValueError(f"A kind names its app first, as in 'tickets.snooze_ends'; got {kind!r}.")
    if kind in _kinds and _kinds[kind].handler is not handler:
        raise ValueError(f"{kind!r} is registered already.")
    _kinds[kind] = Registered(handler, order, alone)


def registered(kind: str) -> Registered:
    """The handler of `kind`, or UnknownKind."""
    try:
        return _kinds[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def kinds() -> list[str]:
    """Every registered kind, sorted."""
    return sorted(_kinds)


def forget(kind: str) -> None:
    """Take `kind` out again; tests register kinds of their own."""
    _kinds.pop(kind, None)
