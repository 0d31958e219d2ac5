"""The timer that a handler is answering just now, so that the handler may speak about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from timers.models import Timer


@dataclass
class Answer:
    """A timer and when it wants to be asked again; None when it is done."""

    timer: Timer
    again_at: datetime | None = None

    @property
    def key(self) -> tuple[str, int, int, int]:
        return self.timer.kind, self.timer.subject, self.timer.visit, self.timer.number


_current: ContextVar[Answer | None] = ContextVar("answering", default=None)


def current_answer() -> Answer | None:
    """The answer being worked out by the handler that called us, if one did."""
    return _current.get()


@contextmanager
def answering(timer: Timer) -> Iterator[Answer]:
    """While the block runs, `timer` is the one being answered."""
    answer = Answer(timer)
    token = _current.set(answer)
    try:
        yield answer
    finally:
        _current.reset(token)
