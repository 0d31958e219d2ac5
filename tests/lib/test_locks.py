"""Locks by name reach across connections and are never left behind."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from supportdesk.lib.locks import (
    NotInTransaction,
    lock,
    lock_number,
    take_transaction_lock,
    try_lock,
    try_transaction_lock,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere():
    """A function that runs another on a connection of its own and answers what it answered."""

    def run(function):
        def closing():
            try:
                return function()
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(closing).result(timeout=10)

    return run


def take(name):
    with try_lock(name) as got:
        return got


def test_a_held_lock_is_refused_elsewhere_and_free_afterwards(elsewhere):
    with try_lock("test.a") as got:
        assert got is True
        assert elsewhere(lambda: take("test.a")) is False
        assert elsewhere(lambda: take("test.b")) is True

    assert elsewhere(lambda: take("test.a")) is True


def test_a_waiting_lock_waits_for_its_turn():
    order, held = [], threading.Event()

    def second():
        held.wait(10)
        with lock("test.turn"):
            order.append("second")
        connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    with lock("test.turn"):
        held.set()
        while not _waiters():
            assert thread.is_alive()
        order.append("first")
    thread.join(10)

    assert order == ["first", "second"]


def _waiters():
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted")
        return cursor.fetchone()[0]


def test_a_lock_is_free_after_an_error_inside_it(elsewhere):
    with pytest.raises(ValueError, match="inside"), lock("test.error"):
        raise ValueError("inside")

    assert elsewhere(lambda: take("test.error")) is True


def test_a_lock_around_a_failed_transaction_is_free(elsewhere):
    with pytest.raises(IntegrityError), transaction.atomic(), try_lock("test.failed"):
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        raise IntegrityError("as the database would")

    assert elsewhere(lambda: take("test.failed")) is True


def test_a_transaction_lock_ends_with_its_transaction(elsewhere):
    def attempt():
        with transaction.atomic():
            return try_transaction_lock("test.numbers")

    with transaction.atomic():
        take_transaction_lock("test.numbers")
        assert elsewhere(attempt) is False

    assert elsewhere(attempt) is True


@pytest.mark.parametrize("take_it", [take_transaction_lock, try_transaction_lock])
def test_a_transaction_lock_outside_a_transaction_is_a_mistake(take_it):
    with pytest.raises(NotInTransaction):
        take_it("test.numbers")


def test_names_have_fixed_numbers_that_postgresql_takes():
    assert lock_number("timers.sweep") == -4362713110230186926
    assert len({lock_number(f"lock {number}") for number in range(10_000)}) == 10_000
