"""The killable parser process (S15, F19)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mail.parsing import ParserProcess, Unparsable, parse

ORDINARY = b"From: bob@example.com\r\nSubject: Hello\r\nMessage-ID: <1@example.com>\r\n\r\nGood morning.\r\n"
PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def parser() -> Iterator[ParserProcess]:
    with ParserProcess(seconds=10) as parser:
        yield parser


def test_the_child_understands_a_mail_as_the_parser_itself_does(parser: ParserProcess) -> None:
    assert parser.parse(ORDINARY) == parse(ORDINARY)


def test_one_child_reads_many_mails(parser: ParserProcess) -> None:
    parser.parse(ORDINARY)
    first = parser.pid

    for _ in range(20):
        parser.parse(ORDINARY)

    assert parser.pid == first


def test_a_mail_that_hangs_is_refused_in_time_and_the_next_one_is_read(parser: ParserProcess) -> None:
    """S15, F19. SIGSTOP is the hang that no mail can be relied on to provoke."""
    parser.parse(ORDINARY)
    parser._seconds = 1.0
    assert parser.pid is not None
    hung = parser.pid
    os.kill(hung, signal.SIGSTOP)

    with pytest.raises(Unparsable) as refusal:
        parser.parse(ORDINARY)

    assert refusal.value.code == "timeout"
    assert not Path(f"/proc/{hung}").exists()
    assert parser.parse(ORDINARY).subject == "Hello"


def test_a_child_that_died_between_two_mails_is_replaced_without_blame(parser: ParserProcess) -> None:
    parser.parse(ORDINARY)
    assert parser.pid is not None
    os.kill(parser.pid, signal.SIGKILL)
    os.waitid(os.P_PID, parser.pid, os.WEXITED | os.WNOWAIT)

    assert parser.parse(ORDINARY).subject == "Hello"


def test_closing_leaves_no_process_and_no_zombie() -> None:
    parser = ParserProcess()
    parser.parse(ORDINARY)
    child = parser.pid

    parser.close()

    assert not Path(f"/proc/{child}").exists()


def test_a_mail_over_25_megabytes_is_refused_before_it_is_parsed(parser: ParserProcess) -> None:
    with pytest.raises(Unparsable) as refusal:
        parser.parse(ORDINARY + b"x" * (25 * 1024 * 1024))

    assert refusal.value.code == "too_large"


@pytest.mark.parametrize("while_busy", [False, True], ids=["idle", "busy"])
def test_the_child_dies_with_its_parent(while_busy: bool) -> None:
    program = (
        "from mail.parsing import ParserProcess\nimport sys, time\n"
        f"parser = ParserProcess(); parser.parse({ORDINARY!r}); print(parser.pid, flush=True)\n"
    )
    if while_busy:  # half a frame: the child waits for the rest of it
        program += "import os; os.write(parser._child._in, b'\\x00\\x00\\xff\\xff')\n"
    program += "time.sleep(60)\n"
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())

    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert _gone_within(child, seconds=5)


def _gone_within(pid: int, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":  # reaped by whoever adopted it
            return True
        time.sleep(0.02)
    return False


def test_at_least_150_mails_of_5_kilobytes_a_second(parser: ParserProcess) -> None:
    mail = ORDINARY + b"Line of an ordinary letter, about as long as lines are.\r\n" * 88
    parser.parse(mail)
    started = _cpu_seconds(parser.pid)

    for _ in range(150):
        parser.parse(mail)

    assert _cpu_seconds(parser.pid) - started < 1.0


def _cpu_seconds(pid: int | None) -> float:
    """Processor time, so that other work on the machine does not count."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_threads_share_one_child_and_get_their_own_answers(parser: ParserProcess) -> None:
    mails = [b"From: bob@example.com\nSubject: mail %d\n\nText\n" % number for number in range(200)]

    with ThreadPoolExecutor(8) as pool:
        parsed = list(pool.map(parser.parse, mails))

    assert [mail.subject for mail in parsed] == [f"mail {number}" for number in range(200)]


def test_a_fork_gets_a_child_of_its_own_and_leaves_the_first_one_alone(parser: ParserProcess) -> None:
    """A prefork server copies the object; two processes on one pair of pipes would get each other's mail."""
    parser.parse(ORDINARY)
    first = parser.pid
    reader, writer = os.pipe()
    fork = os.fork()
    if fork == 0:
        subject = parser.parse(ORDINARY).subject
        os.write(writer, f"{subject} {parser.pid}".encode())
        parser.close()
        os._exit(0)
    os.close(writer)

    answer = os.read(reader, 100).decode().split()

    os.close(reader)
    os.waitpid(fork, 0)
    assert answer[0] == "Hello"
    assert int(answer[1]) != first
    assert parser.parse(ORDINARY).subject == "Hello"
    assert parser.pid == first


def test_a_large_mail_leaves_no_large_process_behind(parser: ParserProcess) -> None:
    parser.parse(ORDINARY + b"x" * 5_000_000)

    assert parser.pid is None
    assert parser.parse(ORDINARY).subject == "Hello"
