"""A process that has loaded the product once and forks what tests run beside themselves.

A process of its own needs three seconds of a processor until it has loaded; a fork of one that has needs a few
hundredths. It is as real: its own connection, its own kill -9, its own exit code.
"""

import atexit
import contextlib
import importlib
import io
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
import uuid
from functools import cache

from tests.backends import until_gone

LOADED = ("tests.tickets.desk_process", "tests.knowledgebase.wiki_process", "tests.knowledgebase.reading_process",
          "tests.billing.shop_verbs")  # fmt: skip


class Forked:
    """A forked process, with as much of `subprocess.Popen` as tests use. Its output has to fit into a pipe, 64 kB."""

    def __init__(self, nursery: socket.socket, module: str, words: list[str], environment: dict[str, str]) -> None:
        ends = [os.pipe() for _ in range(4)]  # input, output, errors, and how it ended
        (theirs_in, ours_in), (ours_out, theirs_out), (ours_errors, theirs_errors), (ended, ends_here) = ends
        theirs = [theirs_in, theirs_out, theirs_errors, ends_here]
        message = json.dumps([module, words, environment]).encode()
        socket.send_fds(nursery, [message], theirs)
        for end in theirs:
            os.close(end)
        self.stdin = open(ours_in, "w")  # noqa: SIM115 - closed by `communicate`
        self.stdout, self.stderr = open(ours_out), open(ours_errors)  # noqa: SIM115 - the same
        self._ended = open(ended)  # noqa: SIM115 - the same
        self.returncode: int | None = None
        self._name = environment["PGAPPNAME"]
        self.pid = int(self._ended.readline())

    def poll(self) -> int | None:
        """How it ended: its exit code, or the negative number of the signal; None while it runs."""
        if self.returncode is None and select.select([self._ended], [], [], 0)[0]:
            self.returncode = int(self._ended.readline())
            until_gone(self._name)
        return self.returncode

    def wait(self, timeout: float = 60) -> int:
        """The same, once it has ended."""
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired("a forked process", timeout)
            select.select([self._ended], [], [], left)
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        """As by kill -9, and gone when this returns."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def communicate(self, typed: str = "", timeout: float = 60) -> tuple[str, str]:
        """Type this, wait for the end, and answer what it said and its errors."""
        if self.stdout.closed:
            return "", ""
        with contextlib.suppress(BrokenPipeError), self.stdin:  # it may have ended
            self.stdin.write(typed)
        self.wait(timeout)
        with self.stdout, self.stderr, self._ended:
            return self.stdout.read(), self.stderr.read()


@cache
def _nursery(database: str) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.nursery", str(theirs.fileno())],
        env={**os.environ, "TEST_DATABASE": database}, pass_fds=[theirs.fileno()],
    )  # fmt: skip
    theirs.close()
    assert ours.recv(10) == b"loaded"

    @atexit.register
    def end() -> None:
        ours.close()
        process.wait(10)

    return ours


def start(database: str, module: str, *words: object, **environment: str) -> Forked:
    """Run `module` as `python -m module *words` would, on `database` and with more environment."""
    environment |= {"TEST_DATABASE": database, "PGAPPNAME": f"beside-{uuid.uuid4().hex}"}
    return Forked(_nursery(database), module, [str(word) for word in words], environment)


def _be(module: str, words: list[str], environment: dict[str, str], ends: list[int]) -> int:
    """The child's life. Answers its exit code."""
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    sys.stdin, sys.stdout = io.TextIOWrapper(open(0, "rb")), io.TextIOWrapper(open(1, "wb"))  # noqa: SIM115 - its own
    sys.stderr = io.TextIOWrapper(open(2, "wb"), write_through=True)  # noqa: SIM115 - the same
    os.environ.update(environment)
    random.seed()
    importlib.reload(sys.modules["supportdesk.lib.failpoints"])  # reads its place from the environment
    sys.argv = [module, *words]
    sys.modules.pop(module, None)  # it is run, not imported
    try:
        runpy.run_module(module, run_name="__main__")
    except SystemExit as leaving:
        return int(leaving.code or 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        sys.stdout.flush()
    return 0


def _wait_for_one(module: str, words: list[str], environment: dict[str, str], ends: list[int]) -> None:
    """Fork the child, and say who it is and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *its, told = ends
    child = os.fork()
    if not child:
        os.close(told)
        os._exit(_be(module, words, environment, its))
    for end in its:
        os.close(end)
    os.write(told, f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def main(number: str) -> None:
    """Load everything, and fork as long as somebody asks."""
    for name in LOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the test run ends it by hanging up
    with socket.socket(fileno=int(number)) as asked:
        asked.send(b"loaded")
        while True:
            message, ends, _, _ = socket.recv_fds(asked, 200_000, 4)
            if not message:
                return
            if not os.fork():
                asked.close()
                with contextlib.suppress(BrokenPipeError):
                    _wait_for_one(*json.loads(message), ends)
                os._exit(0)
            for end in ends:
                os.close(end)


if __name__ == "__main__":
    main(sys.argv[1])
