"""The pool of a worker whose processes may be killed at any moment without holding up the others.

Where the broker is a folder, billiard's processes share one queue, and the one that waits for the next task holds a
semaphore. Killed there (by the memory killer, say) it would keep it for ever, and no task would ever run again. A lock
that the kernel takes back from the dead stands in its place. With Redis each process has a pipe of its own.
"""

import fcntl
import tempfile
from typing import Any

from billiard.pool import Pool
from celery.concurrency import prefork


class MortalLock:
    """A lock between processes that ends with its holder. Made before they fork; one thread of each may hold it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the pool lives

    def acquire(self) -> None:
        """Wait for it."""
        fcntl.lockf(self._file, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let the next one have it."""
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class SharedQueuePool(Pool):
    """billiard's pool, with locks that die with their holder."""

    _inqueue: Any
    _outqueue: Any

    def _setup_queues(self) -> None:
        super()._setup_queues()  # type: ignore[misc]  # billiard's types leave it out
        self._inqueue._rlock = MortalLock()
        self._outqueue._wlock = MortalLock()


class TaskPool(prefork.TaskPool):
    """As `prefork`; named by CELERY_WORKER_POOL."""

    BlockingPool = SharedQueuePool
