"""F6, F7, F8: while PostgreSQL is away the web process says so, and it recovers without a restart."""

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest

from supportdesk.lib.cluster import Cluster
from tests.test_up import ROOT, busy, free_port

MANAGE = [sys.executable, str(ROOT / "manage.py")]


class Web:
    """Gunicorn as the image starts it, on a database of its own."""

    def __init__(self, home: Path) -> None:
        self.cluster, self.port = Cluster(home, durable=False), free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "VAR_DIR": str(home),
            "DATABASE_URL": self.cluster.start(),
            "WEB_WORKERS": "1",
        }
        subprocess.run([*MANAGE, "migrate", "-v0"], env=self.environment, check=True, timeout=120)
        subprocess.run([*MANAGE, "collectstatic", "-v0", "--no-input"], env=self.environment, check=True, timeout=120)
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py")]
        self.process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{self.port}"], env=self.environment, stderr=subprocess.DEVNULL
        )

    def get(self, path: str, **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def seconds_until(self, path: str, status: int, limit: float) -> float:
        started = time.monotonic()
        while self.get(path) != status:
            assert time.monotonic() - started < limit
            time.sleep(0.05)
        return time.monotonic() - started

    def workers(self) -> str:
        return Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(15)
        self.cluster.stop(immediately=True)


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    web = Web(tmp_path_factory.mktemp("outage"))
    web.seconds_until("/readyz", 200, 60)
    yield web
    web.stop()


def test_while_postgres_is_down_livez_is_200_and_readyz_503_and_after_it_the_same_processes_serve(web):
    """F6, F7."""
    workers = web.workers()

    for _ in range(2):
        web.cluster.stop(immediately=True)
        until = time.monotonic() + 2
        while time.monotonic() < until:
            assert (web.get("/livez"), web.get("/readyz")) == (200, 503)

        web.cluster.start()
        web.seconds_until("/readyz", 200, 15 * busy())

    assert web.workers() == workers


def test_a_page_that_needs_the_database_is_503_while_it_is_down(web):
    """F6: 503 only."""
    session = {"Cookie": "session=abcdefghijklmnopqrstuvwxyz012345"}
    assert web.get("/inbox/", **session) == 302

    web.cluster.stop(immediately=True)
    try:
        answers = [web.get("/inbox/", **session) for _ in range(3)]
    finally:
        web.cluster.start()

    assert answers == [503] * 3
    web.seconds_until("/readyz", 200, 15 * busy())


def test_cut_connections_cost_at_most_one_error(web):
    """F8."""
    assert [web.get("/readyz") for _ in range(8)] == [200] * 8

    with psycopg2.connect(web.cluster.url("supportdesk")) as administrator, administrator.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and usename = current_user"
        )
        assert cursor.rowcount > 0
    administrator.close()

    assert [web.get("/readyz") for _ in range(20)].count(200) >= 19
