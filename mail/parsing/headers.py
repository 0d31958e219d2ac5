"""The header block: found, repaired where a line is broken, and unfolded. Linear in the size of the block."""

import re
from dataclasses import dataclass, field

from mail.parsing.types import Unparsable
from mail.parsing.words import decode_header, raw_text

MOST_HEADER_BYTES = 64 * 1024
_GOES_ON = re.compile(rb"[ \t]+[^\s]|[!-9;-~]{1,200}[ \t]*:")  # what follows a line of blanks that ends nothing
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_KNOWN = re.compile(
    rb"(?:from|to|cc|bcc|subject|date|message-id|mime-version|content-[a-z-]+|received|reply-to|sender|return-path|references"
    rb"|in-reply-to|delivered-to|x-[a-z0-9-]+|authentication-results|dkim-signature|list-[a-z-]+|precedence|auto-submitted"
    rb"|user-agent|importance|priority|thread-[a-z]+|arc-[a-z-]+)[ \t]*:",
    re.IGNORECASE,
)
_MIME_FIELD = re.compile(rb"(?:content-type[ \t]*:[ \t]*[a-z]+/[a-z]|mime-version[ \t]*:[ \t]*1)", re.IGNORECASE)
_PARAMETER = re.compile(rb"[A-Za-z-]{1,40}\*?[0-9]{0,3}\*?=")
_ADDRESSES = (
    b"from",
    b"to",
    b"cc",
    b"bcc",
    b"reply-to",
    b"sender",
    b"return-path",
    b"message-id",
    b"in-reply-to",
    b"references",
)


@dataclass
class Headers:
    """The fields of one block, in order; names in lower case, values unfolded bytes without line ends or NUL."""

    fields: list[tuple[str, bytes]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    charset: str = ""  # what raw 8-bit values are read as, after UTF-8

    def raw(self, name: str) -> bytes:
        """The bytes of the first field of that name; empty when there is none."""
        return next((value for key, value in self.fields if key == name), b"")

    def raws(self, name: str) -> list[bytes]:
        """The bytes of every field of that name, topmost first."""
        return [value for key, value in self.fields if key == name]

    def text(self, name: str) -> str:
        """The first field of that name with its encoded words read."""
        return decode_header(self.raw(name), self.charset).strip()

    def undecoded(self, name: str) -> str:
        """The first field of that name as text, encoded words still encoded (for structured fields)."""
        return self.as_text(self.raw(name))

    def as_text(self, value: bytes) -> str:
        """A raw value of this block as text, encoded words still encoded."""
        return raw_text(value, self.charset).strip()

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


def split_headers(raw: bytes, start: int, end: int, *, top: bool = False) -> tuple[Headers, int]:
    """The header block of raw[start:end] and where its body begins. Raises Unparsable past 64 kB."""
    headers = Headers()
    if top:
        start = _past_envelope(raw, start, end)
    lines, body = _lines_until_blank(raw, start, end)
    taken = _collect(headers, lines)
    if taken < len(lines):  # the block ended without a blank line
        body = lines[taken][0]
        if lines[taken][1].strip():
            headers.notes.append("No blank line stood between the headers and the text.")
    if top and body < end:
        body = _headers_in_body(headers, raw, body, end)
    return headers, body


def _past_envelope(raw: bytes, start: int, end: int) -> int:
    """Skip a byte order mark, blank lines and the `From ` line of a mailbox file."""
    if raw.startswith(b"\xef\xbb\xbf", start):
        start += 3
    while start < end and raw[start : start + 1] in (b"\n", b"\r"):
        start += 1
    while raw.startswith((b"From ", b">From "), start):
        line_end = raw.find(b"\n", start, end)
        start = end if line_end < 0 else line_end + 1
    return start


def _lines_until_blank(raw: bytes, start: int, end: int) -> tuple[list[tuple[int, bytes]], int]:
    """The lines up to the blank one, each with its place, and where the body begins."""
    lines: list[tuple[int, bytes]] = []
    position, last_known = start, start
    while position < end:
        line_end = raw.find(b"\n", position, end)
        following = end if line_end < 0 else line_end + 1
        line = raw[position:following].rstrip(b"\r\n")
        if not line.strip(b" \t\x00"):
            if not line or not _GOES_ON.match(raw, following, min(following + 400, end)):
                return lines, following
        else:
            lines.append((position, line))
            if line[:1] in b" \t" or _FIELD.match(line):
                last_known = following
        if following - start > MOST_HEADER_BYTES:
            if last_known - start > MOST_HEADER_BYTES // 2 or following - position > MOST_HEADER_BYTES // 2:
                raise_if_headers(lines)
            return lines, end
        position = following
    return lines, end


def raise_if_headers(lines: list[tuple[int, bytes]]) -> None:
    """A block past the cap is refused, unless its first line shows that it is text without any headers."""
    if lines and _FIELD.match(lines[0][1]):
        raise Unparsable("headers_too_large", "The mail's headers are larger than 64 kB.")


def _collect(headers: Headers, lines: list[tuple[int, bytes]]) -> int:
    """Fill `headers`; answers how many lines belong to the block."""
    last_known = max((number for number, (_, line) in enumerate(lines) if _KNOWN.match(line)), default=-1)
    name, pieces = "", []  # type: str, list[bytes]
    for number, (_, line) in enumerate(lines):
        if line[:1] in (b" ", b"\t") and name:
            pieces.append(line)
            continue
        match = _FIELD.match(line)
        if match and (
            number <= last_known or last_known < 0 or number == last_known + 1 or _looks_like_field(match[1])
        ):
            _add(headers, name, pieces)
            name, pieces = match[1].decode("ascii").lower(), [line[match.end() :]]
        elif name and _goes_on(name, pieces[-1], line):
            pieces.append(b" " + line)
            headers.notes.append(f"A line of the header {name} lacked its indent.")
        elif number < last_known:
            headers.notes.append("A line in the headers was neither a header nor part of one; it was left out.")
        else:
            _add(headers, name, pieces)
            return number
    _add(headers, name, pieces)
    return len(lines)


def _looks_like_field(name: bytes) -> bool:
    """Past the last well-known header only names with a hyphen count: `PS:` may open a text, `Foo-Bar:` does not."""
    return b"-" in name and b"/" not in name


def _goes_on(name: str, previous: bytes, line: bytes) -> bool:
    if previous.rstrip().endswith((b";", b",")):
        return True
    if name in ("content-type", "content-disposition"):
        return bool(_PARAMETER.match(line)) or previous.rstrip().endswith(b"=")
    return name == "subject" and b"=?" in line and line.rstrip().endswith(b"?=")


def _add(headers: Headers, name: str, pieces: list[bytes]) -> None:
    if name:
        value = b"".join(pieces).replace(b"\x00", b"").replace(b"\r", b" ").replace(b"\n", b" ").strip()
        headers.fields.append((name, value))


def _headers_in_body(headers: Headers, raw: bytes, body: int, end: int) -> int:
    """A blank line too early leaves the rest of the headers on top of the text: take them back."""
    peek = raw[body : min(body + 400, end)].lstrip(b"\r\n")
    misses_mime = "content-type" not in headers and bool(_MIME_FIELD.match(peek))
    misses_sender = "from" not in headers and "subject" not in headers and bool(_KNOWN.match(peek))
    if not (misses_mime or misses_sender):
        return body
    while raw[body : body + 1] in (b"\n", b"\r"):
        body += 1
    rest, further = split_headers(raw, body, end)
    if misses_sender and "from" not in rest:
        return body
    headers.fields += rest.fields
    headers.notes.append("Headers stood in the text, after a blank line too many; they were read as headers.")
    return further
