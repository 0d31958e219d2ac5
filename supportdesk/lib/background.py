"""Wake a worker after commit. The row is the job; a wake-up that gets lost costs one sweep, never work.

Actions name a task without importing it, so that code lower in the house can wake code higher up.
"""

import logging
import threading
import time

from celery import current_app, signature
from django.db import transaction
from kombu import Connection
from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 10.0
# A request waits for a dead broker this long for the connection and for the answer, and once in PAUSE_SECONDS.
HURRY = {"socket_connect_timeout": 0.1, "socket_timeout": 0.1, "max_retries": 1, "interval_start": 0, "interval_max": 0}


class Breaker:
    """Lets one caller find out that the broker is down, and spares the others the wait.

    After a failure nobody asks for PAUSE_SECONDS; then one caller may try while the rest still hold back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = 0.0

    def allows(self) -> bool:
        """Whether the caller may ask. A caller that was let through answers with `worked` or `failed`."""
        with self._lock:
            if not self._closed_until:
                return True
            if time.monotonic() < self._closed_until:
                return False
            self._closed_until = time.monotonic() + PAUSE_SECONDS
            return True

    def worked(self) -> None:
        self._closed_until = 0.0

    def failed(self) -> None:
        self._closed_until = time.monotonic() + PAUSE_SECONDS


broker = Breaker()
_thread = threading.local()


def enqueue_on_commit(name: str, **arguments: object) -> None:
    """Run the task called `name` with JSON-able keyword `arguments` soon after the transaction commits.

    Outside a transaction that is now. A broker that does not answer is logged and forgotten: whoever writes
    the row also has a sweep that finds it.
    """
    transaction.on_commit(lambda: wake(name, **arguments))


def wake(name: str, **arguments: object) -> bool:
    """Ask a worker to run `name` now; False when the broker did not take it."""
    if current_app.conf.task_always_eager:
        current_app.loader.import_default_modules()  # a task that is not imported would go to the broker after all
    elif not broker.allows():
        return False
    try:
        signature(name, kwargs=arguments, app=current_app).apply_async(retry=False, connection=_connection())
    except (KombuError, OSError) as error:
        broker.failed()
        _hang_up()
        logger.warning("No broker for %s: %s. The next sweep does it.", name, error)
        return False
    broker.worked()
    return True


def load() -> None:
    """Import the broker's client ahead of the first request. Connects to nothing."""
    with current_app.connection_for_write() as connection:
        connection.transport  # noqa: B018
    signature("celery.ping", app=current_app).freeze()


def _connection() -> Connection:
    """This thread's connection for waking; workers read with the patient one of the settings."""
    if not hasattr(_thread, "connection"):
        _thread.connection = current_app.connection_for_write(transport_options=HURRY)
    return _thread.connection


def _hang_up() -> None:
    """Forget a connection that failed; the next caller opens another."""
    connection = _thread.__dict__.pop("connection", None)
    if connection:
        connection.release()
