"""The product's own processes on the test database, to be killed."""

import os
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.backends import until_gone

ROOT = Path(__file__).resolve().parents[2]


def environment(**extra: str) -> dict[str, str]:
    """What a process needs to work on this test's database and files."""
    database = connection.settings_dict
    user, password = quote(database["USER"], safe=""), quote(database["PASSWORD"], safe="")
    host = database["OPTIONS"].get("host") or database["HOST"]
    if host.startswith("/"):
        place = f"/{database['NAME']}?host={quote(host, safe='')}"
    else:
        place = f"{host}:{database['PORT']}/{database['NAME']}"
    url = f"postgres://{user}:{password}@{place}"
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "VAR_DIR": str(settings.VAR_DIR),
        "EMAIL_URL": settings.EMAIL_URL,
        "PYTHONPATH": str(ROOT),
        **extra,
    }


def python(code: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run `code` after Django's setup, in a process of its own; its return code is -9 when it was killed."""
    script, name = f"import django; django.setup()\n{code}", f"python-{uuid.uuid4().hex}"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(PGAPPNAME=name, **extra),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    until_gone(name)
    return done


@contextmanager
def listener(port: int, **extra: str):
    """`manage.py smtp_listener` on `port`, ready to take mail; yields the process."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "smtp_listener", "--port", str(port)],
        cwd=ROOT, env=environment(**extra), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline().startswith("Mail is taken at")
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=20)


def at_once(*calls):
    """Run `calls` in threads of their own, together; answers their results in order, or the errors they raised."""
    gate, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place, call):
        try:
            gate.wait()
            results[place] = call()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def until(condition, seconds: float = 10.0) -> None:
    """Wait for something that another process does."""
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.02)
