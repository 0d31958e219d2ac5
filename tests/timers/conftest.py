"""Kinds of timers that the tests register for themselves, and a table in which their handlers leave a trace."""

import os
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from tests.backends import until_gone
from timers.registry import forget, register

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def kind():
    """A function that registers a handler under a name and forgets it afterwards."""
    names = []

    def add(name, handler, **options):
        register(name, handler, **options)
        names.append(name)
        return name

    yield add
    for name in names:
        forget(name)


@pytest.fixture
def elsewhere():
    """A function that runs another on a connection of its own, at once, and answers what it answered."""

    def run(function):
        def closing():
            try:
                return function()
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(closing).result(timeout=20)

    return run


@pytest.fixture
def effects(transactional_db):
    """The subjects for which a handler left its effect, in order. `leave(timer)` leaves one."""
    with connection.cursor() as cursor:
        cursor.execute("create table test_effects (id bigint generated always as identity, subject bigint)")
    yield Effects()
    with connection.cursor() as cursor:
        cursor.execute("drop table test_effects")


class Effects:
    """What handlers did, as rows that commit or roll back with them."""

    def leave(self, timer, now=None):
        with connection.cursor() as cursor:
            cursor.execute("insert into test_effects (subject) values (%s)", [timer.subject])

    def subjects(self):
        with connection.cursor() as cursor:
            cursor.execute("select subject from test_effects order by id")
            return [subject for (subject,) in cursor.fetchall()]


@pytest.fixture
def waiting(effects):
    """A function that puts `count` timers of a kind there, due at noon, in one statement."""

    def put(name, count, first=0):
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into timers_timer (kind, subject, visit, number, due_at, try_at, attempts, last_error) "
                "select %s, subject, 0, 0, %s, %s, 0, '' from generate_series(%s, %s) as subject",
                [name, NOON, NOON, first, first + count - 1],
            )

    return put


class Sweeper(subprocess.Popen):
    """A sweeping process. It has ended once the server knows it too."""

    def __init__(self, *words: str, **environment: str) -> None:
        self.name = f"sweeper-{uuid.uuid4().hex}"
        environment |= {"TEST_DATABASE": connection.settings_dict["NAME"], "PGAPPNAME": self.name}
        super().__init__(
            [sys.executable, "-m", "tests.timers.sweeper", *words],
            env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, or the negative number of the signal."""
        code = super().wait(timeout)
        until_gone(self.name)
        return code


@pytest.fixture
def sweeper(effects):
    """A function that starts a sweeping process of its own on this test's database."""
    started = []

    def start(mode, **environment):
        process = Sweeper(mode, **environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
