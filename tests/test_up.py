"""`make run`: one parent serves everything, restarts what dies, and leaves nothing behind however it ends."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from supportdesk.lib.cluster import Cluster

ROOT = Path(__file__).resolve().parents[1]
UP = [sys.executable, str(ROOT / "manage.py"), "up"]
START_SECONDS, STOP_SECONDS = 180, 60  # when to give up waiting


class Run:
    """One `up` on a folder and ports of its own."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home, self.port = home, free_port()
        outside = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_CURRENT_TEST", "SITE_URL"}
        kept = {name: value for name, value in os.environ.items() if name not in outside}
        ports = {"PORT": str(self.port), "SMTP_PORT": str(free_port())}
        self.environment = {**kept, "VAR_DIR": str(home), "DEMO": "0", **ports, **environment}
        self.log = home.parent / f"{home.name}.log"

    def start(self) -> "Run":
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                UP, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        return self

    def wait_for(self, path: str, status: int, seconds: float = START_SECONDS) -> float:
        """Seconds until `path` answers `status`."""
        started = time.monotonic()
        while self.get(path)[0] != status:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() - started < seconds, self.log.read_text()
            time.sleep(0.1)
        return time.monotonic() - started

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def processes(self, *words: str) -> list[int]:
        """Every process that belongs to this run and has all `words` in its command line, oldest first."""
        return sorted(pid for pid in pids() if self._is_ours(pid) and all(word in command(pid) for word in words))

    def _is_ours(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            mine = str(self.home).encode()
            return mine in Path(f"/proc/{pid}/environ").read_bytes() + command(pid).encode()
        return False

    def leaves_nothing(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        return not self.processes() and not (self.home / "run").exists()


def busy() -> float:
    """How many times longer things take because of whatever else this machine does."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and int(path.name) != os.getpid()]


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that has started, shared by the tests that do not stop it."""
    home = tmp_path_factory.mktemp("up") / "var"
    home.mkdir()
    run = Run(home).start()
    run.wait_for("/readyz", 200)
    yield run
    if run.process.poll() is None:
        run.process.kill()
        run.process.wait()
    assert run.leaves_nothing(20)


def test_pages_static_files_and_live_come_from_one_address(run):
    assert run.get("/livez") == (200, "ok\n")
    assert run.get("/static/favicon.svg")[0] == 200
    run.wait_for("/live", 403)
    assert run.get("/livefeed")[0] == 404


def test_the_address_of_the_visitor_is_ours_to_tell(run):
    """S44: what a client claims about itself goes no further than the proxy."""
    assert run.get("/livez", **{"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Host": "evil.example"})[0] == 200
    assert run.get("/", Host="evil.example")[0] == 400


def test_a_second_up_on_the_same_folder_is_told_who_runs_there(run):
    second = subprocess.run(
        UP, env={**run.environment, "PORT": str(free_port())}, capture_output=True, text=True, timeout=60, check=False
    )

    assert second.returncode == 1
    assert f"process {run.process.pid}, address http://127.0.0.1:{run.port}" in second.stderr
    assert "Traceback" not in second.stderr
    assert run.get("/readyz")[0] == 200


def test_a_taken_port_is_named_with_what_to_do(run, tmp_path):
    environment = {**run.environment, "VAR_DIR": str(tmp_path)}

    told = subprocess.run(UP, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert told.returncode == 1
    assert f"Port {run.port} cannot be used: Address already in use." in told.stderr
    assert f"PORT={run.port + 1} make run" in told.stderr
    assert Run(tmp_path).leaves_nothing(10)


@pytest.mark.parametrize("words", [("gunicorn",), ("celery", "worker"), ("supportdesk.beat",), ("uvicorn",)])
def test_what_is_killed_comes_back(run, words):
    """F1, F3."""
    deadline = time.monotonic() + START_SECONDS
    while not run.processes(*words):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    killed = run.processes(*words)[0]

    os.kill(killed, signal.SIGKILL)

    while not (again := [pid for pid in run.processes(*words) if pid > killed]) or killed in run.processes(*words):
        assert time.monotonic() < deadline, (killed, again)
        time.sleep(0.1)
    run.wait_for("/readyz", 200)


def test_a_killed_postgres_is_back_within_15_seconds_and_nothing_was_restarted(run):
    """F6."""
    web = run.processes("gunicorn")
    pid_file = Cluster(run.home).data / "postmaster.pid"
    postmaster = int(pid_file.read_text().split()[0])

    os.kill(postmaster, signal.SIGKILL)

    assert run.get("/livez")[0] == 200
    while not pid_file.exists() or int(pid_file.read_text().split()[0]) == postmaster:
        assert run.get("/readyz")[0] in (200, 503)
        time.sleep(0.05)
    run.wait_for("/readyz", 200, 15 * busy())
    assert run.processes("gunicorn") == web


def test_however_it_ends_nothing_is_left_and_the_next_start_is_quick(tmp_path):
    """SIGTERM, Ctrl-C, and kill -9 twice; the run after a kill waits for the guard that still cleans up."""
    home = tmp_path / "var"
    home.mkdir()

    def served():
        run = Run(home).start()
        return run, run.wait_for("/live", 403)

    first, whole = served()
    first.process.terminate()
    assert first.process.wait(STOP_SECONDS) == 0
    assert first.leaves_nothing(0)

    second, seconds = served()
    assert seconds < whole / 2  # what the first one set up stands; `make bench` says how long that takes
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(STOP_SECONDS) == 0
    assert second.leaves_nothing(0)

    for _ in range(2):
        killed, _ = served()
        killed.process.kill()
        killed.process.wait()
    assert killed.leaves_nothing(20)
