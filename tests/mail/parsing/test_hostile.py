"""Mail that means harm: S14 to S17, S54, F19, cases 29, 39, 46."""

import os
import re
import resource
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mail.parsing import ParserProcess, Unparsable, parse
from mail.parsing.addresses import parse_addresses
from mail.parsing.quotes import split_reply
from tests.clocks import quickest
from tests.mail.parsing.bombs import HEAD, MIME_BOMBS, TEXT_BOMBS
from tests.mail.parsing.building import multipart

ORDINARY = b"From: bob@example.com\nSubject: Hello\n\nGood morning.\n"


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserProcess]:
    with ParserProcess(seconds=30) as parser:
        parser.parse(ORDINARY)
        yield parser


@pytest.mark.parametrize("name", MIME_BOMBS)
def test_s15_a_bomb_is_read_or_refused_in_time_and_the_next_mail_is_read(parser: ParserProcess, name: str) -> None:
    """S15, F19, case 39: within the caps everything is read in bounded time; past them the reason is named."""
    raw, code = MIME_BOMBS[name]
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime

    try:
        refused = ""
        parser.parse(raw)
    except Unparsable as refusal:
        refused = refusal.code

    parser.close()  # so that the system counts what the child used
    assert refused == code
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - started < 6
    assert parser.parse(ORDINARY).subject == "Hello"


@pytest.mark.parametrize(
    ("sender", "subject"),
    [("bob@example.com", "Re: x"), ("bob@example.com", "Fwd: x"), ("MAILER-DAEMON@example.com", "Undelivered mail")],
    ids=["reply", "forward", "bounce"],
)
@pytest.mark.parametrize("name", TEXT_BOMBS)
def test_s54_a_hundred_kilobytes_of_almost_a_quote_are_read_in_one_pass(name: str, sender: str, subject: str) -> None:
    raw = f"From: {sender}\nSubject: {subject}\n\n{TEXT_BOMBS[name]}".encode()

    assert quickest(lambda: parse(raw), below=1) < 1  # a look back at every character would take minutes


@pytest.mark.parametrize("name", TEXT_BOMBS)
def test_s54_addresses_and_quotes_alone_are_linear_too(name: str) -> None:
    assert quickest(lambda: parse_addresses(TEXT_BOMBS[name]), below=0.3) < 0.3
    assert quickest(lambda: split_reply(TEXT_BOMBS[name]), below=0.7) < 0.7
    reply, quoted = split_reply(TEXT_BOMBS[name])

    assert Counter(re.findall(r"\w+", reply + "\n" + quoted)) == Counter(re.findall(r"\w+", TEXT_BOMBS[name]))


def test_s17_zip_bombs_are_kept_as_they_came() -> None:
    packed = b"PK\x03\x04" + b"\x00" * 1000

    parsed = parse(multipart(("Content-Type: application/zip; name=../42.zip", packed)))

    assert [(file.name, file.data) for file in parsed.attachments] == [("42.zip", packed)]


def test_a_mail_that_needs_too_much_memory_is_refused_and_the_next_one_is_read() -> None:
    big = ORDINARY + b"Content-Type: text/plain\n\n" + b"word\n" * 4_000_000

    with ParserProcess(memory=24) as parser:
        with pytest.raises(Unparsable) as refusal:
            parser.parse(big)

        assert refusal.value.code in ("memory", "crash")
        assert parser.parse(ORDINARY).subject == "Hello"


def test_a_child_killed_in_the_middle_of_a_mail_does_not_cost_the_mail() -> None:
    """One poison mail never affects the next: a used child may die of an earlier one."""
    with ParserProcess() as parser:
        parser.parse(ORDINARY)
        assert parser.pid is not None
        os.kill(parser.pid, signal.SIGSTOP)
        killer = threading.Timer(0.2, os.kill, (parser.pid, signal.SIGKILL))
        killer.start()

        parsed = parser.parse(ORDINARY)

        killer.join()
        assert parsed.subject == "Hello"


def test_case_46_a_thread_that_quotes_itself_grows_no_faster_than_its_mails() -> None:
    text = "first words"
    for number in range(12):
        text = f"answer {number}\n\nOn 3/2/26 09:14, Bob wrote:\n" + "\n".join(f"> {line}" for line in text.split("\n"))

    parsed = parse(HEAD + b"\n" + text.encode())

    assert parsed.reply_text == "answer 11"
    assert len(parsed.text) == len(text)


def test_the_child_gets_no_secrets_of_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")

    with ParserProcess() as parser:
        parser.parse(ORDINARY)
        environment = Path(f"/proc/{parser.pid}/environ").read_bytes()

    assert b"hush" not in environment
