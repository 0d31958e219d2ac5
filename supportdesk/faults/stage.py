"""The product's own processes on free ports, and ways to hurt them. Only what was started here is ever killed."""

import fcntl
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from django.conf import settings

from supportdesk.lib.cluster import Cluster

HOST = "127.0.0.1"
START_SECONDS = 120
# How to recognise a child of `manage.py up` by its command line.
MARKS = {
    "web": ("gunicorn",),
    "worker": ("celery", "worker"),
    "beat": ("celery", "beat"),
    "live": ("uvicorn",),
    "smtp": ("smtp_listener",),
}


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Stage:
    """`manage.py up` and what runs below it. Call `start` first."""

    _process: subprocess.Popen[bytes]

    def __init__(self, *, sink_port: int, random: Random, **environment: str) -> None:
        self.random = random
        self.port, self.smtp_port = free_port(), free_port()
        self.kills: list[str] = []
        self._environment = {
            **os.environ,
            "DEMO": "0",
            "SMTP_PORT": str(self.smtp_port),
            "SITE_URL": f"http://{HOST}:{self.port}",
            "EMAIL_URL": f"smtp://{HOST}:{sink_port}",
            **environment,
        }
        self._log = (Path(settings.VAR_DIR) / "up.log").open("ab")

    def start(self) -> None:
        """Start everything and wait until it is ready."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, env=self._environment, stdout=self._log, stderr=self._log, start_new_session=True
        )
        self.wait_until_ready(START_SECONDS)

    def start_again(self, **environment: str) -> None:
        """Stop and start with more in the environment."""
        self.stop()
        self._environment |= environment
        self.start()

    def stop(self) -> None:
        """As Ctrl-C does."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def wait_until_ready(self, seconds: float) -> float:
        """Wait for /readyz and the mail door; answers how long it took. Raises TimeoutError."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if self._process.poll() is not None:
                raise RuntimeError(f"manage.py up ended with {self._process.returncode}; see up.log.")
            if self.status("/readyz") == 200 and _listens(self.smtp_port):
                return time.monotonic() - began
            time.sleep(0.1)
        raise TimeoutError(f"Not ready within {seconds:.0f} s.")

    def status(self, path: str) -> int:
        """What the pages answer; 0 when nobody does."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def pids(self, name: str) -> list[int]:
        """Processes of one kind, parents first."""
        if name == "postgres":
            try:
                return _family(_postmaster())
            except OSError:
                return []
        found = []
        for pid in _family(self._process.pid)[1:]:
            words = _command(pid)
            if all(any(mark in word for word in words) for mark in MARKS[name]):
                found.append(pid)
        return found

    def kill(self, name: str, *, number: signal.Signals = signal.SIGKILL) -> bool:
        """Kill one process of a kind, drawn by lot; False when there is none just now."""
        pids = self.pids(name)
        if not pids:
            return False
        pid = pids[0] if name == "postgres" else self.random.choice(pids)
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        self.kills.append(name)
        return True

    @contextmanager
    def database_down(self) -> Iterator[None]:
        """PostgreSQL dies and cannot be started again before the end of the block."""
        with (Path(settings.VAR_DIR) / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.kill("postgres")
            yield

    @contextmanager
    def standing_still(self, name: str) -> Iterator[None]:
        """Every process of a kind is stopped for the block, and then goes on."""
        pids = self.pids(name)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def second_beat(self) -> Iterator[None]:
        """Another beat beside the one that runs."""
        command = [
            sys.executable, "-m", "celery", "-q", "-A", "supportdesk", "beat", "--pidfile=", "--loglevel", "error",
            "--schedule", str(Path(settings.VAR_DIR) / "second-beat"),
        ]  # fmt: skip
        process = subprocess.Popen(
            command, env=self._environment, stdout=self._log, stderr=self._log, cwd=settings.BASE_DIR
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()


class Redis:
    """A Redis of our own that keeps nothing on disk."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_here() -> bool:
        """Whether there is one to start."""
        return shutil.which("redis-server") is not None

    @property
    def url(self) -> str:
        """For REDIS_URL."""
        return f"redis://{HOST}:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, and wait until it listens."""
        command = ["redis-server", "--port", str(self.port), "--bind", HOST, "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=settings.VAR_DIR)
        deadline = time.monotonic() + 10
        while not _listens(self.port) and time.monotonic() < deadline:
            time.sleep(0.05)

    def kill(self) -> None:
        """As kill -9 does; what it held is gone."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


def _postmaster() -> int:
    return int((Cluster(Path(settings.VAR_DIR)).data / "postmaster.pid").read_text().split()[0])


def _family(root: int) -> list[int]:
    """A process and everything below it, parents first."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(folder.name))
    found = [root]
    for pid in found:
        found += sorted(children.get(pid, ()))
    return found


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=2):
            return True
    except OSError:
        return False
