"""`/live`: tells staff who have a screen open that something changed, by server-sent events.

One process holds one PostgreSQL connection that LISTENs, and passes each topic on to every open stream. A stream
carries the word `changed` and a topic such as `ticket:12`, never data: the browser fetches what it may see through
the ordinary pages. When topics come faster than a reader takes them they are merged, so a slow reader costs no memory.
A stream ends when its session does; the browser then polls, and finds out.
"""

import asyncio
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import DatabaseError, close_old_connections, connection
from django.http.cookie import parse_cookie
from django.http.request import split_domain_port, validate_host
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string

from accounts.models import Person
from supportdesk.lib.live import CHANNEL, EVERYTHING

HEARTBEAT_SECONDS = 20.0
RECONNECT_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
LISTEN_CHECK_SECONDS = 30.0
START_SECONDS = 5.0
MAX_TOPICS_WAITING = 100

logger = logging.getLogger(__name__)
# Django's connections belong to threads; few threads, few connections.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="live")


@dataclass(eq=False)
class Stream:
    """One open screen."""

    person_id: int
    topics: dict[str, None] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, topic: str) -> None:
        """Remember a topic for this reader. Past the limit they all become `all`."""
        if EVERYTHING not in self.topics:
            self.topics[topic] = None
        if len(self.topics) > MAX_TOPICS_WAITING or topic == EVERYTHING:
            self.topics = {EVERYTHING: None}
        self.wake.set()

    def take(self) -> list[str]:
        """What has been told since the last call."""
        self.wake.clear()
        topics, self.topics = list(self.topics), {}
        return topics


class Hub:
    """The one listener of this process and the streams it feeds."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.is_listening = asyncio.Event()
        self._task: asyncio.Task | None = None

    def start(self) -> None:
        """Listen, unless somebody already does."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._listen_for_ever())

    async def stop(self) -> None:
        """Stop listening."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def has_room_for(self, person_id: int) -> bool:
        """Whether one more stream may open, here and for this person."""
        if len(self.streams) >= settings.LIVE_MAX_STREAMS:
            return False
        return Counter(stream.person_id for stream in self.streams)[person_id] < settings.LIVE_MAX_STREAMS_A_PERSON

    async def _listen_for_ever(self) -> None:
        failures = 0
        while True:
            try:
                listener = await asyncio.to_thread(_open_listener)
                failures = 0
                try:
                    self._tell_all(EVERYTHING)  # whatever was said while nobody listened
                    self.is_listening.set()
                    await self._pass_on(listener)
                finally:
                    self.is_listening.clear()
                    listener.close()
            except psycopg2.Error as error:
                if not failures:
                    logger.warning("live: the database does not answer: %s", type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS[min(failures, len(RECONNECT_SECONDS) - 1)])
                failures += 1

    async def _pass_on(self, listener: Any) -> None:
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        descriptor = listener.fileno()
        loop.add_reader(descriptor, readable.set)
        try:
            while True:
                try:
                    await asyncio.wait_for(readable.wait(), LISTEN_CHECK_SECONDS)
                except TimeoutError:
                    await asyncio.to_thread(_ask, listener)  # a cut line that nobody reported
                readable.clear()
                listener.poll()
                while listener.notifies:
                    self._tell_all(listener.notifies.pop(0).payload)
        finally:
            loop.remove_reader(descriptor)

    def _tell_all(self, topic: str) -> None:
        for stream in self.streams:
            stream.tell(topic)


def _open_listener() -> Any:
    parameters = {**connection.get_connection_params(), "connect_timeout": 5}
    listener = psycopg2.connect(**{name: value for name, value in parameters.items() if name != "cursor_factory"})
    listener.autocommit = True
    with listener.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    return listener


def _ask(listener: Any) -> None:
    with listener.cursor() as cursor:
        cursor.execute("SELECT 1")


def viewer_of(session_key: str) -> int | None:
    """The staff member whose live session this is, or None. Reads everything afresh, writes nothing."""
    close_old_connections()
    try:
        store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
        session = store(session_key).load()
        person = Person.objects.filter(pk=session.get(SESSION_KEY), is_active=True).first()
        if person is None or not person.is_staff_member:
            return None
        given = session.get(HASH_SESSION_KEY, "")
        hashes = (person.get_session_auth_hash(), *person.get_session_auth_fallback_hash())
        return person.pk if any(constant_time_compare(given, known) for known in hashes) else None
    finally:
        close_old_connections()


async def _viewer(session_key: str) -> int | None:
    return await asyncio.get_running_loop().run_in_executor(_threads, viewer_of, session_key)


hub = Hub()


async def application(scope: dict, receive: Any, send: Any) -> None:
    """The ASGI application: `/live` for staff, `/livez` for whoever watches the process, nothing else."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await _http(scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            hub.start()
            with suppress(TimeoutError):  # a database that is down must not keep the process from starting
                await asyncio.wait_for(hub.is_listening.wait(), START_SECONDS)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await hub.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _http(scope: dict, receive: Any, send: Any) -> None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    path = scope["path"].rstrip("/")
    if path == "/livez":
        return await _answer(send, HTTPStatus.OK, "ok\n")
    if path != "/live":
        return await _answer(send, HTTPStatus.NOT_FOUND, "There is nothing here.\n")
    if scope["method"] != "GET":
        return await _answer(send, HTTPStatus.METHOD_NOT_ALLOWED, "Only GET.\n", [(b"allow", b"GET")])
    host, _ = split_domain_port(headers.get("host", ""))
    if not validate_host(host, settings.ALLOWED_HOSTS):
        return await _answer(send, HTTPStatus.BAD_REQUEST, "This host is not ours.\n")
    if not _is_from_our_pages(headers):
        return await _answer(send, HTTPStatus.FORBIDDEN, "Only our own pages may listen.\n")
    session_key = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME, "")
    try:
        person_id = await _viewer(session_key) if session_key else None
    except DatabaseError:
        extra = [(b"retry-after", b"5")]
        return await _answer(send, HTTPStatus.SERVICE_UNAVAILABLE, "The database does not answer.\n", extra)
    if person_id is None:
        return await _answer(send, HTTPStatus.FORBIDDEN, "Sign in first.\n")
    if not hub.has_room_for(person_id):
        extra = [(b"retry-after", b"60")]
        return await _answer(send, HTTPStatus.SERVICE_UNAVAILABLE, "Too many screens are open.\n", extra)
    stream = Stream(person_id)
    hub.streams.add(stream)
    try:
        await _feed(stream, session_key, receive, send)
    finally:
        hub.streams.discard(stream)


def _is_from_our_pages(headers: dict[str, str]) -> bool:
    """A browser says where a request comes from; whoever says nothing is no browser and has no cookie of ours."""
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


async def _feed(stream: Stream, session_key: str, receive: Any, send: Any) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-store"),
                (b"x-accel-buffering", b"no"),
                (b"x-content-type-options", b"nosniff"),
            ],
        }
    )
    await _write(send, "retry: 3000\nevent: ready\ndata: ready\n\n")
    loop = asyncio.get_running_loop()
    gone = loop.create_task(_wait_until_gone(receive))
    checked_at = written_at = loop.time()
    try:
        while not gone.done():
            wake = loop.create_task(stream.wake.wait())
            await asyncio.wait({wake, gone}, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
            wake.cancel()
            if loop.time() - checked_at >= settings.LIVE_RECHECK_SECONDS:
                checked_at = loop.time()
                if not await _is_still(stream, session_key):
                    await _write(send, "event: ended\ndata: ended\n\n", is_last=True)
                    return
            topics = stream.take()
            if topics:
                await _write(send, "".join(f"event: changed\ndata: {topic}\n\n" for topic in topics))
            elif loop.time() - written_at >= HEARTBEAT_SECONDS:
                await _write(send, ": still here\n\n")
            else:
                continue
            written_at = loop.time()
    finally:
        gone.cancel()


async def _is_still(stream: Stream, session_key: str) -> bool:
    try:
        return await _viewer(session_key) == stream.person_id
    except DatabaseError:
        return True  # unknown, and nothing is said while the database is away: ask again later


async def _wait_until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Any, text: str, *, is_last: bool = False) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": not is_last})


async def _answer(send: Any, status: HTTPStatus, text: str, extra: list | None = None) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *(extra or []),
    ]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await _write(send, text, is_last=True)
