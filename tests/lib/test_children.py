"""Child processes come back with a growing pause, stop when asked, and end with their parent."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supportdesk.lib import children as module
from supportdesk.lib import guard
from supportdesk.lib.children import Children, Service
from supportdesk.lib.ownership import AlreadyOwned, sole_owner
from tests.browser import run_apart

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lock(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def with_children(lock, scenario, said=None):
    said = [] if said is None else said

    async def main():
        children = Children(environment=os.environ, say=said.append, lock=lock)
        try:
            return await asyncio.wait_for(scenario(children), 30)
        finally:
            await children.stop()
            children.dismiss_guard()

    return run_apart(main()), said


def python(code, *arguments):
    return Service("child", [sys.executable, "-S", "-c", code, *arguments])


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_ends_comes_back_after_a_pause_that_grows(lock, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 0.08)

    async def scenario(children):
        task = asyncio.create_task(children.keep(python("raise SystemExit(3)")))
        while len(said) < 5:
            await asyncio.sleep(0.02)
        task.cancel()

    said = []
    with_children(lock, scenario, said)

    assert said[0] == "child ended (exit 3); starting it again in 0.0 s."
    assert [line.split()[-2] for line in said[:5]] == ["0.0", "0.0", "0.1", "0.1", "0.1"]


def test_a_command_that_runs_once_answers_what_it_printed_or_none(lock):
    async def scenario(children):
        return await children.once(python("print('done')")), await children.once(python("print('x'); 1/0"))

    assert with_children(lock, scenario)[0] == ("done\n", None)


def test_a_child_that_ignores_sigterm_is_made_to_end_with_what_it_started(lock, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.3)
    stubborn = "import os, signal, sys, time; signal.signal(15, signal.SIG_IGN); pid = os.fork() or os.getpid()\n"
    stubborn += "open(f'{sys.argv[1]}/{os.getpid()}', 'w').close(); time.sleep(60)"
    pids = tmp_path / "pids"
    pids.mkdir()

    async def scenario(children):
        task = asyncio.create_task(children.keep(python(stubborn, str(pids))))
        while len(list(pids.iterdir())) < 2:
            await asyncio.sleep(0.02)
        await children.stop()
        await task

    with_children(lock, scenario)

    assert not any(alive(path.name) for path in pids.iterdir())


PARENT = """
import asyncio, os, sys
from supportdesk.lib.children import Children, Service
async def main():
    children = Children(environment=os.environ, say=print, lock=os.open(sys.argv[1], os.O_RDONLY))
    await children.keep(Service("child", [*sys.argv[2:], sys.argv[1]]))
asyncio.run(main())
"""
FORKING = """
import os, signal, sys, time
signal.signal(15, signal.SIG_IGN)
os.fork()
open(f'{sys.argv[1]}/{os.getpid()}', 'w').close()
time.sleep(60)
"""


def parent_of(folder, *command):
    return subprocess.Popen([sys.executable, "-c", PARENT, str(folder), *command], cwd=ROOT)


def all_ended(folder):
    until(lambda: not any(alive(path.name) for path in folder.iterdir()), guard.GRACE_SECONDS + 10)


def test_kill_9_of_the_parent_ends_children_and_grandchildren_that_ignore_sigterm(tmp_path):
    parent = parent_of(tmp_path, sys.executable, "-S", "-c", FORKING)
    until(lambda: len(list(tmp_path.iterdir())) == 2)

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    all_ended(tmp_path)


def test_a_parent_killed_the_moment_a_child_runs_leaves_none(tmp_path):
    """The guard knew each child only once the parent, by then dead, would have said so."""
    first_thing = 'trap "" TERM; kill -9 $PPID; : >"$0/$$"; exec sleep 60'
    parents = [parent_of(tmp_path, "/bin/sh", "-c", first_thing) for _ in range(8)]
    for parent in parents:
        assert parent.wait(60) == -signal.SIGKILL
    until(lambda: len(list(tmp_path.iterdir())) == 8)

    all_ended(tmp_path)


def test_the_guard_knows_the_groups_that_are_left():
    assert guard.watch(["+12\n", "+13\n", "-12\n", "nonsense\n", "-99\n"]) == {13}


def test_a_folder_has_one_owner_and_the_other_is_told_who(tmp_path):
    note = tmp_path / "run" / "up.json"

    with sole_owner(tmp_path, note, address="http://127.0.0.1:1"):
        told = pytest.raises(AlreadyOwned, match=f"process {os.getpid()}, address http://127.0.0.1:1")
        with told, sole_owner(tmp_path, note, address="other"):
            pass
        assert note.exists()

    assert not note.exists()
    with sole_owner(tmp_path, note, address="other"):
        pass


def test_an_owner_waits_for_the_guard_of_one_that_was_killed(tmp_path):
    note = tmp_path / "up.json"
    note.write_text('{"process": 4194305}')  # more than any process number
    hold = "import fcntl, os, sys, time; fcntl.flock(os.open(sys.argv[1], 0), 2); print(1, flush=True); time.sleep(1)"
    holder = subprocess.Popen([sys.executable, "-S", "-c", hold, str(tmp_path)], stdout=subprocess.PIPE)
    holder.stdout.readline()

    with sole_owner(tmp_path, note):
        assert holder.poll() is not None or holder.wait(5) == 0
    holder.stdout.close()
