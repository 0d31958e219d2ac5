"""Twenty people who act at the same moment, again and again, each on a connection that stays open."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


class Crowd:
    """`with Crowd(20) as crowd: crowd.act([...])`: so many calls begin together, and a round costs no connecting."""

    def __init__(self, count: int) -> None:
        self.count, self.gate = count, threading.Barrier(count)

    def __enter__(self) -> "Crowd":
        self.pool = ThreadPoolExecutor(self.count)
        return self

    def act(self, calls: list[Callable[[], object]]) -> list[object]:
        """What each call answered, or the error that it raised, in order. As many calls as people, or fewer."""
        idle: list[Callable[[], object]] = [lambda: None] * (self.count - len(calls))
        return list(self.pool.map(self._one, [*calls, *idle]))[: len(calls)]

    def _one(self, call: Callable[[], object]) -> object:
        self.gate.wait(60)
        try:
            return call()
        except Exception as error:
            return error

    def __exit__(self, *_: object) -> None:
        self.act([connections.close_all] * self.count)
        self.pool.shutdown()
