"""The product's own processes, on free ports of loopback; how much memory they take; how soon a mail is on a screen."""

import http.client
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

from django.conf import settings

from supportdesk.bench.background import ADDRESS, raw_mail
from supportdesk.bench.client import Browser, spread
from supportdesk.lib.cluster import Cluster
from supportdesk.load.words import Words

HOST = "127.0.0.1"
START_SECONDS = 120
# At rest: so long, and less of one core than this. The first start on a loaded desk reads two years of tickets for the
# reports, trains the guess of reasons and answers what fell due long ago.
REST_WINDOW_SECONDS, REST_SHARE, REST_DEADLINE_SECONDS = 6, 0.3, 600


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def web() -> Iterator[int]:
    """gunicorn as the product runs it, 2 workers of 4 threads. Yields its port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", str(settings.BASE_DIR / "deploy" / "gunicorn.conf.py")]
    environment = {"BENCH": "1", "WEB_KEEPALIVE": "75", "WEB_WORKERS": "2", "WEB_THREADS": "4"}
    with running([*command, "--bind", f"{HOST}:{port}"], port, environment):
        yield port


@contextmanager
def whole_product() -> Iterator[tuple[subprocess.Popen, int, int]]:
    """`manage.py up`. Yields its process, the port of the pages and that of the mail door."""
    port, smtp_port = free_port(), free_port()
    environment = {"DEMO": "0", "BENCH": "0", "SMTP_PORT": str(smtp_port), "SITE_URL": f"http://{HOST}:{port}"}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--port", str(port)]
    with running(command, port, environment) as process:
        yield process, port, smtp_port


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    """A process until the end of the block, once it answers on `port`. Stopped by its own id."""
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait(process, port)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_for_rest(process: subprocess.Popen) -> dict[str, float]:
    """Wait until everything below `process` and the database have done what the first start brought them to do."""
    began = time.monotonic()
    before = _processor_seconds(process)
    while time.monotonic() - began < REST_DEADLINE_SECONDS:
        time.sleep(REST_WINDOW_SECONDS)
        after = _processor_seconds(process)
        if after - before < REST_SHARE * REST_WINDOW_SECONDS:
            return {"s": round(time.monotonic() - began, 1)}
        before = after
    raise RuntimeError(f"The desk was not at rest after {REST_DEADLINE_SECONDS} s.")


def measure_memory(process: subprocess.Popen) -> dict:
    """Megabytes of everything below `process` and of the database. RSS counts shared pages several times."""
    rows = {pid: _memory(pid) for pid in _family(process.pid) | _database()}
    known = {pid: row for pid, row in rows.items() if row}
    return {
        "processes": len(known),
        "pss_mb": round(sum(pss for _, pss in known.values()) / 1024),
        "rss_mb": round(sum(rss for rss, _ in known.values()) / 1024),
    }


def measure_mail_to_screen(*, port: int, smtp_port: int, session: str, count: int) -> dict[str, float]:
    """From the last byte of a mail at the listener until an open screen, told by /live, has fetched it.

    The screen is a search for a word of its subject: in a list by due time a new ticket stands far behind.
    """
    events: Queue[float] = Queue()
    Thread(target=_listen, args=(port, session, events), daemon=True).start()
    events.get(timeout=30)  # the stream stands
    browser, words, times = Browser(HOST, port, session), Words(seed=13), []
    for number in range(count):
        now = datetime.now(UTC)
        mark = f"marked{number}t{now.timestamp():.0f}"
        raw = re.sub(rb"Subject: [^\r]*", b"Subject: " + mark.encode(), raw_mail(10**6 + number, now, words))
        while not events.empty():
            events.get()
        with smtplib.SMTP(HOST, smtp_port, timeout=30) as door:
            door.sendmail(f"person{number}@camp.bench.example", [ADDRESS], raw)
            sent = time.perf_counter()
        times.append(_until_shown(browser, mark, events) - sent)
    return spread(times)


def _until_shown(browser: Browser, mark: str, events: Queue) -> float:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            events.get(timeout=1)
        except Empty:
            continue
        if b"Nothing found" not in browser.get(f"/inbox/search/?q={mark}").body:
            return time.perf_counter()
    raise RuntimeError("A mail was not on the screen within 30 s.")


def _listen(port: int, session: str, events: Queue) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=120)
    connection.request("GET", "/live", headers={"Cookie": f"session={session}", "Accept": "text/event-stream"})
    response = connection.getresponse()
    while line := response.readline():
        if line.strip():
            events.put(time.perf_counter())


def _wait(process: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"A process ended with {process.returncode} before it answered: {process.args!r}")
        try:
            browser = http.client.HTTPConnection(HOST, port, timeout=2)
            browser.request("GET", "/readyz")
            if browser.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"Nothing answered on port {port} within {START_SECONDS} s.")


def _family(root: int) -> set[int]:
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    found, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grown = bool(more)
    return found


def _processor_seconds(process: subprocess.Popen) -> float:
    """What all of them have used, with those of their children that ended."""
    ticks = 0
    for pid in _family(process.pid) | _database():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _database() -> set[int]:
    """Our own PostgreSQL; another server's memory is not ours to count."""
    pid_file = Cluster(Path(settings.VAR_DIR)).data / "postmaster.pid"
    return _family(int(pid_file.read_text().split()[0])) if pid_file.exists() else set()


def _memory(pid: int) -> tuple[int, int] | None:
    """(RSS, PSS) in kB."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    found = {name: int(amount) for name, amount in re.findall(r"^(Rss|Pss):\s+(\d+)", text, re.MULTILINE)}
    return found.get("Rss", 0), found.get("Pss", 0)
