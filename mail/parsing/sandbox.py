"""A parser that can be killed: one child process, reused from mail to mail, restarted after any trouble."""

import json
import logging
import os
import selectors
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Collection
from pathlib import Path

from mail.parsing.structure import MOST_BYTES
from mail.parsing.types import ParsedMail, Unparsable
from mail.parsing.wire import LENGTH, frame, load_answer

logger = logging.getLogger(__name__)

_PROJECT = Path(__file__).resolve().parents[2]
_STARTUP_SECONDS = 30
_MOST_MAILS = 5_000  # then a new child: a library that leaks does not grow for ever
_MOST_ANSWER = 400 * 1024 * 1024
_LARGE = 4 * 1024 * 1024
_CHUNK = 1 << 20


class ParserProcess:
    """Parses mail from outside in a child process with its own memory and time.

    `parse` takes at most `seconds` of wall time and `memory` megabytes a mail. Thread-safe; after a fork each process
    gets a child of its own. Close it, or use it as a context manager; the child also ends with this process.
    """

    def __init__(
        self,
        *,
        own_domains: Collection[str] = (),
        own_addresses: Collection[str] = (),
        trusted_authserv_ids: Collection[str] = (),
        seconds: float = 10,
        memory: int = 512,
    ) -> None:
        self._options = {
            "own_domains": list(own_domains),
            "own_addresses": list(own_addresses),
            "trusted_authserv_ids": list(trusted_authserv_ids),
        }
        self._seconds = seconds
        self._memory = memory
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._owner = os.getpid()

    def __enter__(self) -> "ParserProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return self._child.process.pid if self._child else None

    def parse(
        self,
        raw: bytes,
        *,
        own_domains: Collection[str] | None = None,
        own_addresses: Collection[str] | None = None,
        trusted_authserv_ids: Collection[str] | None = None,
    ) -> ParsedMail:
        """Like `mail.parsing.parse`; what is given here overrides what the parser was made with.

        Raises Unparsable; RuntimeError or OSError only when no child can be started, which says nothing about the mail.
        """
        given = {
            "own_domains": own_domains,
            "own_addresses": own_addresses,
            "trusted_authserv_ids": trusted_authserv_ids,
        }
        options = self._options | {name: list(value) for name, value in given.items() if value is not None}
        if len(raw) > MOST_BYTES:
            raise Unparsable("too_large", "The mail is larger than 25 MB.")
        request = frame(json.dumps(options).encode(), bytes(raw))
        with self._locked():
            try:
                return self._parsed_by_any_child(request)
            finally:
                if len(request) > _LARGE:
                    self._stop()  # it would stay as large as the mail made it

    def close(self) -> None:
        """Stop the child. The next `parse` starts another one."""
        with self._locked():
            self._stop()

    def _locked(self) -> threading.Lock:
        if self._owner != os.getpid():  # forked: the child belongs to the parent, and the lock may be held there
            self._owner, self._lock, self._child = os.getpid(), threading.Lock(), None
        return self._lock

    def _parsed_by_any_child(self, request: bytes) -> ParsedMail:
        """A used child may break down over an earlier mail: this one gets a fresh child before it is blamed."""
        is_used = self._child is not None
        try:
            return self._parsed(request)
        except Unparsable as error:
            if not is_used or error.code not in ("memory", "crash"):
                raise
        return self._parsed(request)

    def _parsed(self, request: bytes) -> ParsedMail:
        child = self._ready_child()
        try:
            return load_answer(child.ask(request, time.monotonic() + self._seconds))
        except Unparsable as error:
            if error.code in ("memory", "crash"):
                self._stop()
            if error.trace:
                logger.error("The mail parser broke down over a mail", extra={"trace": error.trace})
            raise
        except TimeoutError:
            self._stop()
            raise Unparsable("timeout", f"The mail took longer than {self._seconds:g} seconds to be read.") from None
        except (OSError, EOFError):
            self._stop()
            raise Unparsable("crash", "The program that reads mail broke down over this one.") from None
        except (ValueError, KeyError, TypeError):
            self._stop()
            raise Unparsable("crash", "The program that reads mail gave no sensible answer to this one.") from None

    def _ready_child(self) -> "_Child":
        """A living child; one that died between two mails is replaced without blaming the next mail."""
        if self._child is not None and (not self._child.is_alive() or self._child.mails >= _MOST_MAILS):
            self._stop()
        if self._child is None:
            self._child = _Child(self._memory, self._seconds)
        self._child.mails += 1
        return self._child

    def _stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None


class _Child:
    """The process and its two pipes."""

    def __init__(self, memory: int, seconds: float) -> None:
        self.mails = 0
        command = [
            sys.executable,
            "-P",
            "-s",
            "-m",
            "mail.parsing.child",
            str(os.getpid()),
            str(memory),
            str(int(seconds) + 1),
        ]
        environment = {
            "PYTHONPATH": str(_PROJECT),
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
        }  # no secrets
        self.process = subprocess.Popen(
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        assert self.process.stdin and self.process.stdout  # noqa: S101 (for the type checker)
        self._in, self._out = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._finalizer = weakref.finalize(self, _end, self.process, os.getpid())
        try:
            self._read_frame(time.monotonic() + _STARTUP_SECONDS)
        except (TimeoutError, OSError, EOFError) as error:
            self.stop()
            raise RuntimeError("The mail parser's process did not start.") from error

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        self._finalizer()

    def ask(self, request: bytes, deadline: float) -> bytes:
        """Send a frame, answer the body of the frame that comes back. Raises TimeoutError, OSError or EOFError."""
        view = memoryview(request)
        with selectors.DefaultSelector() as selector:
            selector.register(self._in, selectors.EVENT_WRITE)
            while view:
                if not selector.select(_left(deadline)):
                    raise TimeoutError
                view = view[os.write(self._in, view[:_CHUNK]) :]
        return self._read_frame(deadline)

    def _read_frame(self, deadline: float) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            (length,) = LENGTH.unpack(self._read(selector, LENGTH.size, deadline))
            if length > _MOST_ANSWER:
                raise EOFError
            return self._read(selector, length, deadline)

    def _read(self, selector: selectors.BaseSelector, wanted: int, deadline: float) -> bytes:
        received = bytearray()
        while len(received) < wanted:
            if not selector.select(_left(deadline)):
                raise TimeoutError
            piece = os.read(self._out, min(wanted - len(received), _CHUNK))
            if not piece:
                raise EOFError
            received += piece
        return bytes(received)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """Kill and reap, unless this is a fork of the process that owns the child."""
    if os.getpid() != owner:
        return
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()
