"""A browser of few talents: keeps its connection and its cookies, and says how long each answer took."""

import gzip
import http.client
import re
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

import brotli

from supportdesk.bench.floor import QUERIES

UNPACKED: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress}
TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """`size` is what came over the wire, headers included."""

    status: int
    body: bytes
    headers: dict[str, str]
    seconds: float
    size: int

    @property
    def queries(self) -> int | None:
        """How many the server says it took."""
        count = self.headers.get(QUERIES.lower())
        return None if count is None else int(count)


class Browser:
    """One connection to one server, signed in by a session's key."""

    def __init__(self, host: str, port: int, session: str = "") -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=60)
        self._cookies = {"session": session} if session else {}

    def get(self, path: str, **headers: str) -> Answer:
        """Fetch a page."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, token: str, fields: Mapping[str, object], **headers: str) -> Answer:
        """Send a form. `token` is what `token_of` read off its page."""
        body = urlencode({"csrfmiddlewaretoken": token, **fields}, doseq=True).encode()
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        sent = {"Accept-Encoding": "gzip, br", "Accept": "text/html", **headers}
        if self._cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        started = time.perf_counter()
        self._connection.request(method, path, body, sent)
        response = self._connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - started
        size = len(content) + sum(len(name) + len(value) + 4 for name, value in response.getheaders())
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        content = UNPACKED.get(response.headers.get("Content-Encoding", ""), bytes)(content)
        known = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, content, known, seconds, size)


def token_of(answer: Answer) -> str:
    """The first form's token on a page. Raises ValueError when there is none."""
    found = TOKEN.search(answer.body)
    if not found:
        raise ValueError(f"No form in an answer of {answer.status}.")
    return found[1].decode()


def spread(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, and of how many."""
    ordered = sorted(seconds)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"p50": round(statistics.median(ordered) * 1000, 2), "p95": round(last * 1000, 2), "n": len(ordered)}


def at_once(count: int, make: Callable[[int], Callable[[], float]], rounds: int) -> list[float]:
    """`count` workers, each with what `make(number)` gave it, `rounds` times; every measured time."""
    workers = [make(number) for number in range(count)]
    with ThreadPoolExecutor(count) as pool:
        return [
            seconds for times in pool.map(lambda work: [work() for _ in range(rounds)], workers) for seconds in times
        ]
