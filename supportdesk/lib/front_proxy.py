"""One address for pages and `/live`, for `make run`, where no nginx stands in front.

A connection carries one request. Its head is read here, so that a slow client costs no web thread; then the bytes
run through in both directions until the server closes. What a client says about who it is (`X-Forwarded-*`) is
replaced by what we know. Nothing is parsed beyond the head and no two clients share a connection to a server, so
the two sides cannot disagree about where a request ends.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 15.0
CONNECT_SECONDS = 8.0  # how long a request waits for a server that is being started again
MAX_CONNECTIONS = 1000
CHUNK = 64 * 1024
OURS = {b"connection", b"keep-alive", b"proxy-connection", b"forwarded", b"x-real-ip"}
OUR_PREFIX = b"x-forwarded-"

ANSWERS = {
    400: ("Bad Request", "This is not a request that we understand.\n"),
    408: ("Request Timeout", "The request took too long to arrive.\n"),
    431: ("Request Header Fields Too Large", "The head of the request is too large.\n"),
    503: ("Service Unavailable", "supportdesk is starting. Try again in a few seconds.\n"),
}


class BadHead(ValueError):
    """The first lines of a request are not HTTP, or two readers could understand them differently."""


@dataclass(frozen=True)
class Head:
    """A request's head as it goes on to the server."""

    path: str
    forwarded: bytes


def read_head(raw: bytes, *, client: str, behind_a_proxy: bool = False) -> Head:
    """Check the head of a request, which ends in an empty line, and say who really asks.

    Behind another proxy, what that one says stays, and its own address is appended as it appended the client's.
    """
    lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    if any(byte in line for line in lines for byte in (b"\r", b"\n", b"\0")):
        raise BadHead
    request, *headers = lines
    parts = request.split(b" ")
    if len(parts) != 3 or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0") or not parts[1].startswith(b"/"):
        raise BadHead
    kept, hops, proto = [], [client.encode()], b"http"
    for line in headers:
        name, colon, value = line.partition(b":")
        if not colon or not name or name.strip() != name:
            raise BadHead
        name = name.lower()
        # WSGI cannot tell X_Forwarded_For from X-Forwarded-For, so names with an underscore go no further.
        if b"_" not in name and name not in OURS and not name.startswith(OUR_PREFIX):
            kept.append(line)
        elif behind_a_proxy and name == b"x-forwarded-for":
            hops.insert(len(hops) - 1, value.strip())
        elif behind_a_proxy and name == b"x-forwarded-proto":
            proto = value.strip()
    kept += [b"X-Forwarded-For: " + b", ".join(hops), b"X-Forwarded-Proto: " + proto, b"Connection: close"]
    path = parts[1].partition(b"?")[0].decode("latin-1")
    return Head(path, b"\r\n".join([request, *kept]) + b"\r\n\r\n")


class FrontProxy:
    """Listens for browsers and passes each request to the Unix socket that `choose(path)` names."""

    def __init__(self, choose: Callable[[str], Path], *, behind_a_proxy: bool = False) -> None:
        self._choose = choose
        self._behind_a_proxy = behind_a_proxy
        self.listens = False
        self._open: set[asyncio.StreamWriter] = set()

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Start to listen. Raises OSError when the port is taken."""
        server = await asyncio.start_server(self._serve, host, port, limit=HEAD_BYTES, backlog=512)
        self.listens = True
        return server

    def hang_up(self) -> None:
        """Close what is still open, streams above all."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if len(self._open) > MAX_CONNECTIONS:
                await _answer(writer, 503)
            else:
                await self._pass_on(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has gone
        except Exception:
            logger.exception("The front proxy failed on a request")
        finally:
            self._open.discard(writer)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                raw = await reader.readuntil(b"\r\n\r\n")
            client = writer.get_extra_info("peername")[0]
            head = read_head(raw, client=client, behind_a_proxy=self._behind_a_proxy)
        except TimeoutError:
            return await _answer(writer, 408)
        except asyncio.LimitOverrunError:
            return await _answer(writer, 431)
        except BadHead:
            return await _answer(writer, 400)
        server = await _connect(self._choose(head.path))
        if server is None:
            return await _answer(writer, 503)
        server_reader, server_writer = server
        server_writer.write(head.forwarded)
        upward = asyncio.create_task(_pump(reader, server_writer))
        try:
            await _pump(server_reader, writer)
        finally:
            upward.cancel()
            server_writer.close()


async def _connect(socket: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """A connection to the server, waiting a while for one that is being started."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + CONNECT_SECONDS
    while True:
        try:
            return await asyncio.open_unix_connection(socket)
        except OSError:
            if loop.time() > deadline:
                return None
            await asyncio.sleep(0.1)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Copy until the source ends, no faster than the target takes it."""
    with contextlib.suppress(OSError):
        while data := await source.read(CHUNK):
            target.write(data)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()


async def _answer(writer: asyncio.StreamWriter, status: int) -> None:
    reason, words = ANSWERS[status]
    head = (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(words)}\r\nCache-Control: no-store\r\nConnection: close\r\n"
    )
    retry = "Retry-After: 3\r\n" if status == 503 else ""
    with contextlib.suppress(OSError):
        writer.write(f"{head}{retry}\r\n{words}".encode())
        await writer.drain()
