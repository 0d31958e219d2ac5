"""Mail as it lies about in files: single mails, folders of them, mbox archives."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from mail.actions.store import header_preview

# “From sender Mon Mar  2 10:00:00 2026”. A line of somebody's words that only begins with From ends no mail.
_SEPARATOR = re.compile(rb"From \S* *(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? ")
_LOOSE = re.compile(rb"From ")
_LONGEST_SEPARATOR = 1000
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]\\]{1,64}@[^\s<>,;:\"'()\[\]\\]{1,253}")
# What our own mail server adds comes before what the sender wrote.
_RECIPIENT_HEADERS = (b"delivered-to", b"x-original-to", b"envelope-to", b"to", b"cc")


def mails_in(path: Path) -> Iterator[tuple[str, bytes | OSError]]:
    """Every mail below `path`, named by its file; the mails of an mbox archive by file and number from 1.

    An archive is a file called so, or one that begins as archives do and holds several mails: Thunderbird and the
    spools of mail servers use no suffix. A folder is walked in order of names; hidden files, pipes, and folders that
    lead back into themselves are left out. What in it cannot be read stands there as its OSError, and the rest follows.
    Raises OSError for `path` itself.
    """
    yield from _below(path, ())


def _below(path: Path, above: tuple[Path, ...]) -> Iterator[tuple[str, bytes | OSError]]:
    if not path.is_dir():
        yield from _in_file(path)
        return
    here = path.resolve()
    if here in above:
        return
    for entry in sorted(path.iterdir()):
        is_mail = entry.is_file() or entry.is_dir() or not entry.exists()
        if entry.name.startswith(".") or not is_mail:
            continue
        try:
            yield from _below(entry, (*above, here))
        except OSError as error:
            yield str(entry), error


def _in_file(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file:
        looks_like_archive = _SEPARATOR.match(file.readline(_LONGEST_SEPARATOR))
    if path.suffix == ".mbox" or (looks_like_archive and len(list(islice(_split_mbox(path), 2))) > 1):
        for number, content in enumerate(_split_mbox(path), start=1):
            yield f"{path}#{number}", content
        return
    yield str(path), without_from_line(path.read_bytes())


def without_from_line(content: bytes) -> bytes:
    """The mail without the “From sender date” line that some mail servers put above it when they pipe."""
    return content.partition(b"\n")[2] if content.startswith(b"From ") else content


def recipients_in(raw: bytes) -> list[str]:
    """Addresses that the head of a mail names as recipients, cheaply and without trusting it."""
    found = (_ADDRESS.findall(header_preview(raw, name)) for name in _RECIPIENT_HEADERS)
    return list(dict.fromkeys(address.lower() for addresses in found for address in addresses))


def _split_mbox(path: Path) -> Iterator[bytes]:
    lines: list[bytes] = []
    before_is_blank, separator = True, None
    with path.open("rb") as file:
        for line in file:
            # An archive whose first line is of another kind is split as loosely as that.
            separator = separator or (_SEPARATOR if _SEPARATOR.match(line) else _LOOSE)
            if before_is_blank and separator.match(line):
                if lines:
                    yield b"".join(lines)
                lines = []
            else:
                lines.append(line[1:] if re.match(rb">+From ", line) else line)
            before_is_blank = not line.strip()
    if lines:
        yield b"".join(lines)
