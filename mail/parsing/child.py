"""The child process: reads mails from standard input, parses them under limits, answers on standard output.

Started by `sandbox.ParserProcess` only. It ends with its parent: at the end of its input, and when a look each second
finds that the parent is gone. A loop inside a C library ends by its CPU limit.
"""

import json
import os
import resource
import signal
import sys
import traceback
from types import FrameType
from typing import BinaryIO

from mail.parsing.reading import parse
from mail.parsing.types import Unparsable
from mail.parsing.wire import LENGTH, dump_parsed, dump_refusal, frame, pieces_of

READY = frame(b"ready")


def main() -> None:
    parent, memory, seconds = (int(argument) for argument in sys.argv[1:4])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints does not land between the answers
    mails = sys.stdin.buffer
    _watch(parent)
    _warm_up()
    _limit_memory(memory)
    _send(answers, READY)
    while (body := _receive(mails)) is not None:
        _limit_cpu(seconds)
        answer, fresh = _answer(body)
        _send(answers, answer)
        if not fresh:
            return


def _answer(body: bytes) -> tuple[bytes, bool]:
    """The frame to send back, and whether this process may go on (not after it ran out of memory)."""
    try:
        options, raw = pieces_of(body)
        return dump_parsed(parse(raw, **json.loads(options))), True
    except Unparsable as error:
        return dump_refusal(error), True
    except MemoryError:
        return dump_refusal(Unparsable("memory", "The mail needed too much memory to be read.")), False
    except Exception as error:  # whatever a hostile mail provokes becomes a quarantined mail
        trace = "".join(traceback.format_tb(error.__traceback__))
        return dump_refusal(Unparsable("crash", f"The mail could not be read ({type(error).__name__}).", trace)), False


def _send(answers: BinaryIO, data: bytes) -> None:
    answers.write(data)
    answers.flush()


def _receive(mails: BinaryIO) -> bytes | None:
    """The body of the next frame, or None at the end of the input."""
    head = mails.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = mails.read(length)
    return body if len(body) == length else None


def _watch(parent: int) -> None:
    def look(_signal: int, _frame: FrameType | None) -> None:
        if os.getppid() != parent:
            os._exit(0)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, 1, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent, which stops this process
    look(0, None)


def _warm_up() -> None:
    """Load what the first mails would load, so that the base of the memory limit is steady."""
    parse(b"From: a@example.com\nContent-Type: text/html\n\n<p>x<blockquote type=cite>y</blockquote>")


def _limit_memory(megabytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            base = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (base + megabytes * 1024 * 1024,) * 2)
    except (OSError, ValueError):  # no /proc (macOS): the time limit alone has to do
        return


def _limit_cpu(seconds: int) -> None:
    """Let the kernel end a loop that the parent can no longer end: a soft limit counted from now."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds + 5, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
