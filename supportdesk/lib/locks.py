"""Locks by name, held by PostgreSQL: they reach across processes and machines and end with the connection.

with transaction_lock("billing.invoice_numbers"):          # inside atomic(); waits; ends with the transaction
with try_lock("mail.fetch:3") as got:                      # outside; never waits
    if got: ...
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, connection


class NotInTransaction(RuntimeError):
    """A transaction lock outside a transaction would end at once."""


def lock_number(name: str) -> int:
    """The 64-bit signed number under which PostgreSQL knows `name`; the same in every process."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def take_transaction_lock(name: str) -> None:
    """Wait for `name` and hold it until the surrounding transaction ends. `lock_timeout` applies."""
    _need_transaction()
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [lock_number(name)])


def try_transaction_lock(name: str) -> bool:
    """Take `name` until the surrounding transaction ends, unless somebody holds it."""
    _need_transaction()
    return _ask("select pg_try_advisory_xact_lock(%s)", name)


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Wait for `name` and hold it for the block, across any number of transactions inside."""
    _ask("select pg_advisory_lock(%s) is null", name)
    try:
        yield
    finally:
        _release(name)


@contextmanager
def try_lock(name: str) -> Iterator[bool]:
    """Hold `name` for the block if nobody else does; yields whether we do. The holder itself may take it again."""
    got = _ask("select pg_try_advisory_lock(%s)", name)
    try:
        yield got
    finally:
        if got:
            _release(name)


def _need_transaction() -> None:
    if not connection.in_atomic_block:
        raise NotInTransaction("Take a transaction lock inside atomic().")


def _ask(sql: str, name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [lock_number(name)])
        return cursor.fetchone()[0]


def _release(name: str) -> None:
    try:
        _ask("select pg_advisory_unlock(%s)", name)
    except (DatabaseError, InterfaceError):
        connection.close()  # the server, or a transaction that failed, has it; without the connection it is free
