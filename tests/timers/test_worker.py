"""F1, F2, F4: real workers on a real broker, killed as children and as a whole, with the broker wiped meanwhile."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from celery import current_app
from django.db import connection
from kombu import Connection

from timers.models import Timer

ROOT = Path(__file__).resolve().parents[2]
WORKER = [
    sys.executable, "-m", "celery", "-q", "-A", "supportdesk", "worker", "--include", "tests.timers.kinds",
    "--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "error",
]  # fmt: skip


class Broker:
    """Where messages go, for the test and for its workers alike."""

    def __init__(self, redis_url: str, home: Path) -> None:
        self.environment = {"REDIS_URL": redis_url, "VAR_DIR": str(home)}
        folder = home / "broker"
        folder.mkdir()
        options = {"data_folder_in": str(folder), "data_folder_out": str(folder), "control_folder": str(folder / "c")}
        self.address = {"hostname": redis_url} if redis_url else {"hostname": "folder://", "transport_options": options}

    def wake(self) -> None:
        with Connection(**self.address) as line:
            current_app.signature("timers.sweep").apply_async(connection=line, retry=False)

    def wipe(self) -> None:
        with Connection(**self.address) as line:
            line.default_channel.queue_purge("celery")


@pytest.fixture(params=["folder", pytest.param("redis", marks=pytest.mark.redis)])
def broker(request, tmp_path):
    broker = Broker(os.environ["TEST_REDIS_URL"] if request.param == "redis" else "", tmp_path)
    yield broker
    broker.wipe()


@pytest.fixture
def run(effects, broker):
    """A function that runs one of our processes on this test's database and broker."""
    started = []
    database = connection.get_connection_params()
    address = f"postgres://{database['user']}:{database['password']}@/{database['dbname']}?host={database['host']}"
    address += f"&port={database['port']}" if "port" in database else ""
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}

    def start(command, **environment):
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**inherited, **broker.environment, "DATABASE_URL": address, **environment},
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        kill(process)


@pytest.fixture
def worker(run):
    """A function that starts a worker."""
    return lambda **environment: run(WORKER, **environment)


@pytest.fixture
def beat(run, tmp_path):
    """A function that starts a beat with a memory of its own, as on another machine."""
    return lambda number: run([sys.executable, "-m", "supportdesk.beat", str(tmp_path / f"beat-{number}")])


def kill(process: subprocess.Popen) -> None:
    """kill -9 of the worker and its children, as when a machine goes."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(done, meanwhile=lambda: None, seconds=90):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, list(Timer.objects.waiting().values_list("subject", "attempts")[:20])
        meanwhile()
        time.sleep(0.5)


@pytest.mark.django_db(transaction=True)
def test_killed_children_and_workers_a_wiped_broker_and_two_beats_leave_each_effect_once(
    waiting, effects, broker, worker, beat
):
    waiting("test.effect", 600)

    broker.wake()
    broker.wipe()  # F4: what was woken is forgotten
    dying = worker(FAILPOINT="test.after_effect:250")  # each child dies in its second batch
    wait_until(lambda: len(effects.subjects()) >= 200, broker.wake)
    assert dying.poll() is None  # the worker outlives its children
    kill(dying)

    for number in range(2):
        worker()
        beat(number)
    wait_until(lambda: not Timer.objects.waiting().exists())

    assert sorted(effects.subjects()) == list(range(600))


def pool_processes(worker: subprocess.Popen) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


@pytest.mark.django_db(transaction=True)
def test_pool_processes_killed_while_they_wait_do_not_stop_the_others(waiting, effects, broker, worker):
    """F1: whoever waits for the next task holds the queue; killed there, it must not hold it for ever."""
    process = worker()
    waiting("test.effect", 1)
    wait_until(lambda: effects.subjects() == [0], broker.wake)

    for subject in (1, 2):
        for pid in pool_processes(process):  # one of them holds the queue, the rest wait for it
            os.kill(pid, signal.SIGKILL)
        waiting("test.effect", 1, first=subject)
        wait_until(lambda: len(effects.subjects()) == subject + 1, broker.wake)  # noqa: B023 - called in this round

    assert effects.subjects() == [0, 1, 2]
    assert process.poll() is None
