"""The proxy of `make run`: nothing a client says about itself goes on, nothing is lost, nobody waits for a slow one."""

import asyncio
import contextlib
import hashlib

import pytest

from supportdesk.lib import front_proxy
from supportdesk.lib.front_proxy import BadHead, FrontProxy, read_head
from tests.browser import run_apart


def forwarded(raw, **options):
    return read_head(raw.replace(b"\n", b"\r\n") + b"\r\n\r\n", client="10.1.2.3", **options).forwarded.decode()


def test_what_a_client_claims_about_itself_is_replaced():
    """S44."""
    raw = (
        b"GET /a?b HTTP/1.1\nHost: desk\nX-Forwarded-For: 6.6.6.6\nx-forwarded-host: evil\nX_Forwarded_For: 6.6.6.6\n"
        b"SCRIPT_NAME: /evil\nForwarded: for=6.6.6.6\nX-Real-IP: 6.6.6.6\nConnection: keep-alive\nCookie: a=b"
    )

    assert forwarded(raw).split("\r\n") == [
        "GET /a?b HTTP/1.1",
        "Host: desk",
        "Cookie: a=b",
        "X-Forwarded-For: 10.1.2.3",
        "X-Forwarded-Proto: http",
        "Connection: close",
        "",
        "",
    ]


def test_behind_another_proxy_its_word_stays_and_its_address_is_added():
    raw = b"GET / HTTP/1.1\nHost: desk\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\nX-Forwarded-Proto: https"

    lines = forwarded(raw, behind_a_proxy=True).split("\r\n")

    assert lines[2:4] == ["X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.2.3", "X-Forwarded-Proto: https"]


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nA: b\nX-Forwarded-For: 6.6.6.6\r\n\r\n",  # a bare line feed that h11 takes for a line's end
        b"GET / HTTP/1.1\r\nA: b\rX-Forwarded-For: 6.6.6.6\r\n\r\n",
        b"GET / HTTP/1.1\r\nX-Forwarded-For: 1.1.1.1\r\n 6.6.6.6\r\n\r\n",  # a folded line
        b"GET / HTTP/1.1\r\nX-Forwarded-For : 6.6.6.6\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: \0\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n: no name\r\n\r\n",
        b"GET http://evil/ HTTP/1.1\r\nHost: desk\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET /\r\n\r\n",
        b"CONNECT desk:22 HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_heads_that_two_readers_could_understand_differently_are_refused(raw):
    with pytest.raises(BadHead):
        read_head(raw, client="10.1.2.3")


class Desk:
    """A proxy before two servers, one for pages and one for `/live`, each of which does what `serve` says."""

    def __init__(self, folder, serve):
        self.folder, self.serve = folder, serve

    async def __aenter__(self):
        self.servers = [
            await asyncio.start_unix_server(lambda r, w, name=name: self.serve(name, r, w), self.folder / name)
            for name in ("web", "live")
        ]
        self.proxy = FrontProxy(lambda path: self.folder / ("live" if path == "/live" else "web"))
        front = await self.proxy.listen("127.0.0.1", 0)
        self.servers.append(front)
        self.port = front.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error):
        self.proxy.hang_up()
        for server in self.servers:
            server.close()

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, raw):
        reader, writer = await self.connect()
        writer.write(raw)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return answer


def run(folder, serve, scenario):
    async def main():
        async with asyncio.timeout(30), Desk(folder, serve) as desk:
            return await scenario(desk)

    return run_apart(main())


async def say_name(name, reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + name.encode())
    writer.close()


@pytest.mark.parametrize(
    ("path", "name"), [(b"/", b"web"), (b"/live", b"live"), (b"/live?topics=a", b"live"), (b"/lively", b"web")]
)
def test_each_path_reaches_its_server(path, name, tmp_path):
    answer = run(tmp_path, say_name, lambda desk: desk.ask(b"GET " + path + b" HTTP/1.1\r\nHost: desk\r\n\r\n"))

    assert answer.endswith(b"\r\n\r\n" + name)


def test_a_large_body_goes_up_and_comes_back_whole(tmp_path):
    body = hashlib.sha256(b"seed").digest() * 2**19  # 16 MiB

    async def echo(name, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        left = len(body)
        while left:
            chunk = await reader.read(min(65536, left))
            left -= len(chunk)
            writer.write(chunk)
            await writer.drain()
        writer.close()

    async def scenario(desk):
        reader, writer = await desk.connect()
        writer.write(b"POST / HTTP/1.1\r\nHost: desk\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        return await reader.read()

    assert run(tmp_path, echo, scenario).partition(b"\r\n\r\n")[2] == body


def test_events_stream_through_one_by_one_and_a_reader_who_leaves_is_noticed(tmp_path):
    left = []

    async def stream(name, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nevent: 1\n\n")
        await writer.drain()
        left.append(await reader.read())  # ends when the client does
        writer.close()

    async def scenario(desk):
        reader, writer = await desk.connect()
        writer.write(b"GET /live HTTP/1.1\r\nHost: desk\r\n\r\n")
        assert (await reader.readuntil(b"\n\n")).endswith(b"event: 1\n\n")
        writer.close()
        while not left:
            await asyncio.sleep(0.01)

    run(tmp_path, stream, scenario)

    assert left == [b""]


def test_a_head_that_is_too_large_or_no_http_or_too_slow_is_answered_in_words(tmp_path, monkeypatch):
    """F23, for heads."""
    monkeypatch.setattr(front_proxy, "HEAD_SECONDS", 0.3)

    async def scenario(desk):
        return (
            await desk.ask(b"GET / HTTP/1.1\r\nA: " + b"a" * 70_000 + b"\r\n\r\n"),
            await desk.ask(b"EHLO desk\r\n\r\n"),
            await desk.ask(b"GET / HTTP/1.1\r\nA: "),
        )

    large, other, slow = run(tmp_path, say_name, scenario)

    assert large.startswith(b"HTTP/1.1 431 ")
    assert other.startswith(b"HTTP/1.1 400 ")
    assert slow.startswith(b"HTTP/1.1 408 ")
    assert slow.endswith(b"The request took too long to arrive.\n")


def test_two_hundred_slow_heads_keep_nobody_waiting(tmp_path):
    """F23: in front of gunicorn alone they take every thread."""

    async def scenario(desk):
        slow = [await desk.connect() for _ in range(200)]
        for _, writer in slow:
            writer.write(b"GET / HTTP/1.1\r\nA: ")
        started = asyncio.get_running_loop().time()
        answer = await desk.ask(b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n")
        return answer, asyncio.get_running_loop().time() - started

    answer, seconds = run(tmp_path, say_name, scenario)

    assert answer.endswith(b"web")
    assert seconds < 1


def test_a_server_that_starts_late_still_gets_the_request_and_one_that_does_not_is_503(tmp_path, monkeypatch):
    async def scenario(desk):
        (tmp_path / "web").rename(tmp_path / "later")
        waiting = asyncio.create_task(desk.ask(b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n"))
        await asyncio.sleep(0.3)
        (tmp_path / "later").rename(tmp_path / "web")
        late = await waiting
        monkeypatch.setattr(front_proxy, "CONNECT_SECONDS", 0.2)
        (tmp_path / "web").unlink()
        return late, await desk.ask(b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n")

    late, never = run(tmp_path, say_name, scenario)

    assert late.endswith(b"web")
    assert never.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 3" in never


def test_a_connection_past_the_limit_is_told_to_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr(front_proxy, "MAX_CONNECTIONS", 3)

    async def scenario(desk):
        held = [await desk.connect() for _ in range(3)]
        refused = await desk.ask(b"")
        for _, writer in held:
            writer.close()
        with contextlib.suppress(ConnectionError):
            while (answer := await desk.ask(b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n")).startswith(b"HTTP/1.1 503"):
                await asyncio.sleep(0.01)
        return refused, answer

    refused, after = run(tmp_path, say_name, scenario)

    assert refused.startswith(b"HTTP/1.1 503 ")
    assert after.endswith(b"web")
