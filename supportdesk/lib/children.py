"""Child processes that are started again when they end, and that never outlive their parent."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from supportdesk.lib import guard

STOP_SECONDS = 6.0  # and a moment for PostgreSQL: ten in all
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
HEALTHY_AFTER_SECONDS = 30.0
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Service:
    """A command that should always be running."""

    name: str
    command: list[str]


class Children:
    """Starts services, starts them again with a growing pause, and stops them all.

    `say` takes a sentence for the person at the terminal. When the parent is killed with -9, each child gets
    SIGTERM from the kernel, and the guard ends what is left of its process group, stops the database at `home` and
    removes the folder `litter`. The guard holds the parent's `lock` until it has done so.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        lock: int,
        home: Path | None = None,
        litter: Path | None = None,
    ) -> None:
        self._environment = dict(environment)
        self._say = say
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = False
        self._guard = subprocess.Popen(
            [sys.executable, guard.__file__, str(home or ""), str(litter or "")],
            stdin=subprocess.PIPE,
            pass_fds=[lock],
            start_new_session=True,
            text=True,
        )

    async def keep(self, service: Service) -> None:
        """Run `service` for ever; returns after `stop`."""
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping:
            started = loop.time()
            process = await self._start(service)
            code = await process.wait()
            self._ended(service, process)
            if self._stopping:
                return
            pause = FIRST_PAUSE_SECONDS if loop.time() - started > HEALTHY_AFTER_SECONDS else pause * 2
            pause = min(pause, LONGEST_PAUSE_SECONDS)
            self._say(f"{service.name} ended ({_cause(code)}); starting it again in {pause:.1f} s.")
            await asyncio.sleep(pause)

    async def once(self, service: Service) -> str | None:
        """Run a command to its end and answer what it printed; None when it failed or was stopped."""
        process = await self._start(service, stdout=subprocess.PIPE)
        printed, _ = await process.communicate()
        self._ended(service, process)
        return None if process.returncode else printed.decode()

    async def stop(self) -> None:
        """Ask everything to end, wait up to STOP_SECONDS, make the rest end. A second call does not wait."""
        hurry, self._stopping = self._stopping, True
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        waiting = [asyncio.ensure_future(process.wait()) for process in self._running.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=0 if hurry else STOP_SECONDS)
        for process in list(self._running.values()):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await asyncio.gather(*waiting)

    def dismiss_guard(self) -> None:
        """Nothing is left to guard."""
        self._guard.kill()
        self._guard.wait()

    async def _start(self, service: Service, stdout: int | None = None) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *service.command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which stops them in order
            preexec_fn=self._first_in_child(os.getpid()),
        )
        self._running[service.name] = process
        return process

    def _first_in_child(self, parent: int) -> Callable[[], None]:
        """What a child does before it becomes its program.

        It tells the guard itself: a parent that is killed right after it started a child could no longer do so.
        """
        assert self._guard.stdin  # noqa: S101 (for the type checker)
        pipe = self._guard.stdin.fileno()

        def in_child() -> None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            with contextlib.suppress(BrokenPipeError):
                os.write(pipe, f"+{os.getpid()}\n".encode())
            if os.getppid() != parent:
                os._exit(0)

        return in_child

    def _ended(self, service: Service, process: asyncio.subprocess.Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it left behind in its group
        self._tell_guard(f"-{process.pid}")
        self._running.pop(service.name, None)

    def _tell_guard(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(line, file=self._guard.stdin, flush=True)


def _cause(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
