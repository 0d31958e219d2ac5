"""`/live` against a real uvicorn process and a real PostgreSQL."""

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
import requests
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction

from supportdesk.lib.live import CHANNEL, EVERYTHING, announce
from supportdesk.live import MAX_TOPICS_WAITING, Stream
from tests.e2e.servers import database_url, live_process

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def live(django_db_setup) -> Iterator[str]:
    with live_process(LIVE_RECHECK_SECONDS="1", LIVE_MAX_STREAMS_A_PERSON="2", PGAPPNAME="test_live") as address:
        yield address


def session_of(person) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return session


def cookie_of(session: SessionStore) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


@contextmanager
def stream(address: str, session: SessionStore, **headers: str) -> Iterator[Iterator[tuple[str, str]]]:
    """Opens `/live/` and yields its events as (name, data)."""
    response = requests.get(
        f"{address}/live/",
        headers={"Cookie": cookie_of(session), **headers},
        stream=True,
        timeout=15,
    )
    assert response.status_code == 200, response.text
    try:
        yield events(response)
    finally:
        response.close()


def events(response: requests.Response) -> Iterator[tuple[str, str]]:
    name = ""
    for line in response.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, line.removeprefix("data: ")


@pytest.fixture
def listener() -> Iterator:
    own = psycopg2.connect(database_url())
    own.autocommit = True
    own.cursor().execute(f"LISTEN {CHANNEL}")
    yield own
    own.close()


def heard(listener, *, within: float = 2.0) -> list[str]:
    select.select([listener], [], [], within)
    listener.poll()
    return [note.payload for note in listener.notifies]


def test_a_topic_is_heard_once_and_at_the_commit_only(listener):
    with transaction.atomic():
        announce("ticket:12")
        announce("ticket:12")
        assert heard(listener, within=0.2) == []

    assert heard(listener) == ["ticket:12"]


def test_a_change_that_is_rolled_back_is_never_heard(listener):
    with transaction.atomic():
        announce("ticket:12")
        transaction.set_rollback(True)
    announce("ticket:13")

    assert heard(listener) == ["ticket:13"]


@pytest.mark.parametrize("topic", ["", "ticket:", "ticket:12; DROP", "Ticket:1", "a words", "ticket:1:2"])
def test_a_topic_is_a_name_and_a_number_and_never_data(topic):
    with pytest.raises(ValueError, match="Not a topic"):
        announce(topic)


def test_staff_hear_a_commit_and_read_nothing_but_its_topic(live, agent):
    with stream(live, session_of(agent)) as told:
        assert next(told) == ("ready", "ready")

        announce("ticket:12")

        assert next(told) == ("changed", "ticket:12")


def test_the_stream_is_neither_stored_nor_buffered(live, agent):
    response = requests.get(f"{live}/live", headers={"Cookie": cookie_of(session_of(agent))}, stream=True, timeout=5)

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.headers["Content-Type"].startswith("text/event-stream")
    response.close()


@pytest.mark.parametrize("who", ["nobody", "customer", "former agent", "old password"])
def test_only_staff_with_a_live_session_may_listen(live, who, customer, agent):
    """S22, S24, S28."""
    session = session_of(customer if who == "customer" else agent)
    if who == "former agent":
        agent.grants.all().delete()
    if who == "old password":
        type(agent).objects.filter(pk=agent.pk).update(session_version=9)
    cookie = {} if who == "nobody" else {"Cookie": cookie_of(session)}

    response = requests.get(f"{live}/live/", headers=cookie, timeout=5)

    assert (response.status_code, response.text) == (403, "Sign in first.\n")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 400),
    ],
)
def test_a_page_of_somebody_else_cannot_listen(live, agent, headers, status):
    """S43, S49."""
    cookie = cookie_of(session_of(agent))

    response = requests.get(f"{live}/live/", headers={"Cookie": cookie, **headers}, timeout=5)

    assert response.status_code == status
    assert "access-control-allow-origin" not in response.headers


def test_nothing_can_be_posted_and_nothing_else_is_served(live):
    assert requests.post(f"{live}/live/", timeout=5).status_code == 405
    assert requests.get(f"{live}/inbox/", timeout=5).status_code == 404


def test_a_stream_ends_when_its_session_does(live, agent):
    """S28: within the recheck, without a request of the browser."""
    session = session_of(agent)
    with stream(live, session) as told:
        assert next(told) == ("ready", "ready")

        session.delete()

        assert next(told) == ("ended", "ended")
        assert list(told) == []


def test_one_person_cannot_take_every_place(live, agent, lead):
    with stream(live, session_of(agent)) as first, stream(live, session_of(agent)) as second:
        next(first), next(second)
        refused = requests.get(f"{live}/live/", headers={"Cookie": cookie_of(session_of(agent))}, timeout=5)
        with stream(live, session_of(lead)) as another:
            assert next(another) == ("ready", "ready")

    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "60"


def test_a_cut_line_to_the_database_is_mended_and_readers_are_told_to_look(live, agent):
    """F6, F8: whatever was said in between is covered by one word, `all`."""
    with stream(live, session_of(agent)) as told:
        assert next(told) == ("ready", "ready")

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%%' AND application_name = 'test_live'"
            )
            assert cursor.fetchone() == (1,)

        assert next(told) == ("changed", EVERYTHING)
        announce("ticket:12")
        assert next(told) == ("changed", "ticket:12")


async def _overfilled() -> list[str]:
    reader = Stream(person_id=1)
    for number in range(MAX_TOPICS_WAITING + 50):
        reader.tell(f"ticket:{number}")
    return reader.take() + reader.take()


def test_a_reader_who_does_not_read_costs_one_word():
    coroutine = _overfilled()
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)

    assert done.value.value == [EVERYTHING]
