"""The product's own processes, started on the test database and stopped by process id."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import requests
from django.db import connection

START_SECONDS = 120  # a busy machine; a server that dies is noticed at once


def database_url() -> str:
    """The test database as `DATABASE_URL` takes it."""
    known = connection.settings_dict
    where = f"{known['USER']}:{quote(known['PASSWORD'], safe='')}@"
    if known["HOST"].startswith("/"):
        return f"postgres://{where}/{known['NAME']}?host={quote(known['HOST'], safe='')}"
    options = known.get("OPTIONS", {})
    if not known["HOST"] and options.get("host"):
        return f"postgres://{where}/{known['NAME']}?host={quote(options['host'], safe='')}"
    return f"postgres://{where}{known['HOST']}:{known['PORT'] or 5432}/{known['NAME']}"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(command: list[str], *, ready: str, answers: int = 200, **environment: str) -> Iterator[subprocess.Popen]:
    """Run `command` with this Python until the block ends; `ready` is an address that `answers` when it is up."""
    process = subprocess.Popen(
        [sys.executable, *command],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.e2e.settings",
            "DATABASE_URL": database_url(),
            **environment,
        },
        start_new_session=True,
    )
    try:
        if ready:
            _wait_until_ready(process, ready, answers)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_ready(process: subprocess.Popen, address: str, answers: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The process ended with {process.returncode} before it answered at {address}.")
        try:
            if requests.get(address, timeout=2).status_code == answers:
                return
        except (requests.ConnectionError, requests.ReadTimeout):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"Nothing answered at {address} in {START_SECONDS} s.")


@contextmanager
def live_process(**environment: str) -> Iterator[str]:
    """`/live` on a port of its own. Yields its address."""
    port = free_port()
    command = [
        "-m", "uvicorn", "supportdesk.asgi:application", "--host", "127.0.0.1", "--port", str(port),
        "--log-level", "warning", "--timeout-graceful-shutdown", "1",
    ]  # fmt: skip
    with running(command, ready=f"http://127.0.0.1:{port}/livez", **environment):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def site(**environment: str) -> Iterator[str]:
    """Pages by gunicorn and `/live` by uvicorn behind the product's own front proxy. Yields the address."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port, web, live = free_port(), Path(folder, "web"), Path(folder, "live")
        address = f"http://127.0.0.1:{port}"
        stack.enter_context(running(["-m", "tests.e2e.front", str(port), str(web), str(live)], ready="", **environment))
        gunicorn = [
            "-m", "gunicorn", "supportdesk.wsgi:application", "--bind", f"unix:{web}", "--worker-class", "gthread",
            "--workers", "1", "--threads", "4", "--log-level", "warning",
        ]  # fmt: skip
        uvicorn = [
            "-m", "uvicorn", "supportdesk.asgi:application", "--uds", str(live), "--log-level", "warning",
            "--timeout-graceful-shutdown", "1",
        ]  # fmt: skip
        stack.enter_context(running(gunicorn, ready=f"{address}/livez", **environment))
        stack.enter_context(running(uvicorn, ready=f"{address}/live/", answers=403, **environment))
        yield address
