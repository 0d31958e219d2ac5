"""Counts that hold across processes, and a cache in which two at once never both win."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory

from accounts.models import CacheEntry, ThrottleCount
from supportdesk.lib.client_address import UNKNOWN, client_ip, network_of
from supportdesk.lib.throttle import Limit, forgive, hit, prune

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
THREE = Limit("tests", times=3, seconds=60)


def together(work, count: int) -> list:
    """What `count` threads with their own connections answer."""
    answers: list = []

    def run(number: int) -> None:
        try:
            answers.append(work(number))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db
def test_the_fourth_of_three_waits_until_the_window_is_over():
    assert [hit(THREE, "a", now=NOW + timedelta(seconds=n)) for n in range(5)] == [0, 0, 0, 57, 56]
    assert hit(THREE, "a", now=NOW + timedelta(seconds=59.5)) == 1
    assert hit(THREE, "a", now=NOW + timedelta(seconds=60)) == 0


@pytest.mark.django_db
def test_others_do_not_wait():
    for _ in range(9):
        hit(THREE, "a", "b", now=NOW)

    assert hit(THREE, "ab", now=NOW) == 0
    assert hit(THREE, "ab", "", now=NOW) == 0
    assert hit(Limit("other", times=3, seconds=60), "a", "b", now=NOW) == 0


@pytest.mark.django_db
def test_one_rightful_try_is_taken_back_and_no_more():
    for _ in range(3):
        hit(THREE, "a", now=NOW)

    forgive(THREE, "a")

    assert [hit(THREE, "a", now=NOW) for _ in range(2)] == [0, 60]


@pytest.mark.django_db
def test_no_address_is_kept():
    hit(THREE, "cara@x.example", now=NOW)

    assert "cara" not in str(ThrottleCount.objects.values_list())


@pytest.mark.django_db
def test_what_is_over_is_removed():
    hit(THREE, "old", now=NOW - timedelta(hours=1))
    hit(THREE, "new", now=NOW)

    assert (prune(NOW), ThrottleCount.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_are_all_counted():
    """S46: exactly three of forty come through."""
    answers = together(lambda _: hit(THREE, "a", now=NOW), 40)

    assert sorted(bool(wait) for wait in answers) == [False] * 3 + [True] * 37


@pytest.mark.django_db(transaction=True)
def test_the_cache_counts_and_locks_for_many_at_once():
    """allauth locks with `add`; the framework counts with `incr`."""
    cache.set("count", 0, None)

    added = together(lambda number: cache.add("lock", number, 60), 20)
    together(lambda _: cache.incr("count"), 40)

    assert sorted(added) == [False] * 19 + [True]
    assert cache.get("count") == 40


@pytest.mark.django_db
def test_the_cache_forgets_and_takes_anew():
    assert cache.add("a", [1.5], 60)
    assert not cache.add("a", [2], 60)
    CacheEntry.objects.update(expires_at=NOW - timedelta(days=400))
    assert (cache.get("a"), cache.has_key("a"), cache.touch("a", 60)) == (None, False, False)
    with pytest.raises(ValueError, match="not found"):
        cache.incr("a")

    assert cache.add("a", [3], 60)

    assert cache.get("a") == [3]
    assert (cache.touch("a", 60), cache.delete("a"), cache.delete("a")) == (True, True, False)
    cache.set_many({"b": None, "c": {"d": True}}, None)
    assert cache.get_many(["b", "c"]) == {"b": None, "c": {"d": True}}
    cache.set("gone", 1, 0)
    assert cache.get("gone", "nothing") == "nothing"


FORWARDED = [
    (0, "1.2.3.4", "203.0.113.9"), (0, "", "203.0.113.9"),
    (1, "6.6.6.6, 198.51.100.7", "198.51.100.7"), (1, "198.51.100.7", "198.51.100.7"), (1, "", "203.0.113.9"),
    (2, "6.6.6.6, 198.51.100.7, 10.0.0.1", "198.51.100.7"), (2, "10.0.0.1", "203.0.113.9"),
    (1, "198.51.100.7, evil", UNKNOWN), (1, "2001:db8::1", "2001:db8::1"),
]  # fmt: skip


@pytest.mark.parametrize(("hops", "header", "seen"), FORWARDED)
def test_a_visitor_does_not_choose_their_address(settings, hops, header, seen):
    """S44."""
    settings.TRUSTED_PROXIES = hops
    headers = {"X-Forwarded-For": header, "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="203.0.113.9")

    assert client_ip(request) == seen


def test_a_visitor_with_a_whole_network_is_one_visitor():
    assert network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::") == "2001:db8:1:2::"
    assert network_of("203.0.113.9") == "203.0.113.9"
