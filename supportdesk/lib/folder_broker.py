"""Celery messages as files in a folder, for `make run` where there is no Redis.

kombu's own `filesystem` transport shows a message before it is written and moves it by copying, so that a
reader now and then meets half a message and stops. Here both steps are one rename.

It also says that a queue is bound before the table of its exchange is written, and empties that table to write it
anew: what another thread or process sends meanwhile goes to no queue and is lost. Here one binds at a time, and a
table is there whole or not at all.
"""

import fcntl
import json
import threading
import time
import uuid
from collections import deque
from functools import cached_property
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem

_binding = threading.RLock()
# So long after a message was taken the next one is looked for at this pace.
BUSY_FOR_SECONDS, BUSY_SECONDS = 1.0, 0.01
pause = time.sleep


class Channel(filesystem.Channel):
    """Stored below `data_folder_in`; any number of readers and writers."""

    def queue_bind(self, *args: Any, **kwargs: Any) -> None:
        """Bind, and come back when the table is written: kombu keeps who is bound for all threads of a process."""
        with _binding:
            super().queue_bind(*args, **kwargs)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str | None, queue: str) -> None:
        self.control_folder.mkdir(exist_ok=True)
        with (self.control_folder / ".binding").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            bound = [list(entry) for entry in self.get_table(exchange)]
            entry = [routing_key or "", pattern or "", queue or ""]
            if entry not in bound:
                table = self.control_folder / f"{exchange}.exchange"
                hidden = table.with_name(f".{table.name}")
                hidden.write_text(json.dumps([entry, *bound]))
                hidden.rename(table)

    # kombu's stubs for these two contradict each other from class to class.
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        hidden = Path(self.data_folder_out) / f".{name}"
        hidden.write_text(json.dumps(payload))
        hidden.rename(hidden.with_name(name))

    def _get(self, queue: str) -> dict[str, Any]:  # type: ignore[override]
        listed = self._listed.setdefault(queue, deque())
        if not listed:
            listed.extend(sorted(Path(self.data_folder_in).glob(f"[0-9]*.{queue}.msg")))
        while listed:
            shown = listed.popleft()
            mine = shown.with_name(f".taken-{shown.name}")
            try:
                shown.rename(mine)
            except FileNotFoundError:
                continue  # another reader was quicker
            payload = json.loads(mine.read_text())
            mine.unlink()
            return payload
        raise Empty

    @cached_property
    def _listed(self):
        # Listing the folder once a message would make a backlog of n cost n squared.
        return {}


class Transport(filesystem.Transport):
    """`folder://` in CELERY_BROKER_URL."""

    Channel = Channel
    driver_name = "folder"
    _taken_at = float("-inf")

    # kombu's stubs know neither what a transport drains nor that it has something to drain.
    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override]
        """Hand the next message on. Raises socket.timeout where none can be within `timeout` seconds.

        kombu pauses as long when all hands are full as when there is nothing to do: with two hands and looks five times
        a second, ten short tasks a second at most. Here the pause is short as long as there is something to do.
        """
        began = time.monotonic()
        while True:
            try:
                self.cycle.get(self._deliver, timeout=timeout)  # type: ignore[union-attr]  # see above
            except Empty:
                now = time.monotonic()
                if timeout is not None and now - began >= timeout:
                    raise TimeoutError from None
                pause(
                    BUSY_SECONDS if now - self._taken_at < BUSY_FOR_SECONDS else self.polling_interval or BUSY_SECONDS
                )
            else:
                self._taken_at = time.monotonic()
                return
