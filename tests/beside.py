"""Processes beside a test, on its database: each stands ready until the test lets it go, all of them together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from tests import nursery
from tests.nursery import Forked as Process


@contextmanager
def started_from(module: str, now: datetime) -> Iterator[Callable[..., Process]]:
    """A function that starts `python -m module *words`, with `now` and more environment by name; all end with it."""
    started: list[Process] = []

    def start(*words: object, now: datetime = now, **environment: str) -> Process:
        name = connection.settings_dict["NAME"]
        process = nursery.start(name, module, *words, NOW=now.isoformat(), **environment)
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def let_go(*processes: Process) -> list[str]:
    """Let them run at once, and answer what each printed, sorted."""
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    return sorted(process.communicate(timeout=90)[0].strip() for process in processes)
