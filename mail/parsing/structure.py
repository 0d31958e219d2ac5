"""The tree of MIME parts, over one buffer: no part is copied before somebody reads it.

The standard library's parser is not used for this: it ends the headers at the first broken line, recurses once a level
and keeps every line as an object (25 MB of mail become 400). The caps hold while the tree grows, so nothing is parsed
past them.
"""

import re
from dataclasses import dataclass, field

from mail.parsing.headers import Headers, split_headers
from mail.parsing.parameters import content_type, parse_parameters
from mail.parsing.transfer import decode_transfer
from mail.parsing.types import Unparsable

MOST_BYTES = 25 * 1024 * 1024
MOST_PARTS = 200
MOST_DEPTH = 20
_FIRST_DELIMITER = re.compile(rb"^--([^\r\n]{1,200}?)[ \t]*\r?\nContent-[A-Za-z-]{4,30}:", re.MULTILINE | re.IGNORECASE)
_GUESSED_BOUNDARY = re.compile(rb"^--([^\r\n]{1,200}?)--[ \t]*\r?$", re.MULTILINE)


@dataclass
class Part:
    """One part: its headers, its type, and where its body lies in the buffer."""

    raw: bytes
    headers: Headers
    start: int  # of the headers
    body: int
    end: int
    content_type: str
    parameters: dict[str, str]
    disposition: str
    disposition_parameters: dict[str, str]
    children: list["Part"] = field(default_factory=list)
    parent: "Part | None" = None
    defaulted: bool = False  # no usable Content-Type was there

    @property
    def is_multipart(self) -> bool:
        return self.content_type.startswith("multipart/") and bool(self.children)

    @property
    def is_message(self) -> bool:
        return self.content_type in ("message/rfc822", "message/global")

    @property
    def is_text(self) -> bool:
        return self.content_type in ("text/plain", "text/html")

    @property
    def source(self) -> bytes:
        """The part with its headers, as it came."""
        return self.raw[self.start : self.end]

    def body_bytes(self) -> tuple[bytes, str]:
        """The body with its transfer encoding undone, and a sentence when that was odd."""
        return decode_transfer(self.raw[self.body : self.end], self.headers.undecoded("content-transfer-encoding"))

    def walk(self) -> "list[Part]":
        """This part and all below it, in order, without entering attached messages."""
        parts, waiting = [], [self]
        while waiting:
            part = waiting.pop()
            parts.append(part)
            if not part.is_message:
                waiting.extend(reversed(part.children))
        return parts


@dataclass
class _Count:
    parts: int = 0


def read_structure(raw: bytes) -> Part:
    """The tree of a whole mail. Raises Unparsable at 25 MB, 64 kB of headers, 200 parts or 20 levels."""
    if len(raw) > MOST_BYTES:
        raise Unparsable("too_large", "The mail is larger than 25 MB.")
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    return _part(raw, 0, len(raw), None, 0, _Count())


def _part(raw: bytes, start: int, end: int, parent: Part | None, depth: int, count: _Count) -> Part:
    count.parts += 1
    if count.parts > MOST_PARTS:
        raise Unparsable("too_many_parts", f"The mail has more than {MOST_PARTS} parts.")
    if depth > MOST_DEPTH:
        raise Unparsable("too_deep", f"The mail's parts are nested more than {MOST_DEPTH} levels deep.")
    headers, body = split_headers(raw, start, end, top=parent is None or parent.is_message)
    part = _typed(raw, headers, start, body, end, parent)
    if part.content_type.startswith("multipart/"):
        for child_start, child_end in _spans(part):
            part.children.append(_part(raw, child_start, child_end, part, depth + 1, count))
        _without_children(part)
    elif part.is_message and not _is_encoded(headers):
        part.children.append(_part(raw, body, end, part, depth + 1, count))
    return part


def _typed(raw: bytes, headers: Headers, start: int, body: int, end: int, parent: Part | None) -> Part:
    kind, parameters = _content_type(headers)
    headers.charset = parameters.get("charset", "")
    disposition, disposition_parameters = parse_parameters(headers.undecoded("content-disposition"))
    part = Part(
        raw, headers, start, body, end, kind, parameters, disposition.strip(), disposition_parameters, parent=parent
    )
    if not kind:
        part.defaulted = True
        in_digest = parent is not None and parent.content_type == "multipart/digest"
        unknown = "content-type" in headers and headers.raw("content-type").strip(b" ;")
        named = disposition_parameters.get("filename") or parameters.get("name") or disposition == "attachment"
        fallback = "application/octet-stream" if unknown and named else "text/plain"
        part.content_type = "message/rfc822" if in_digest else fallback
    return part


def _content_type(headers: Headers) -> tuple[str, dict[str, str]]:
    """The type; of several the one that holds parts, and whatever has a boundary holds parts (`multipart/*`)."""
    fields = [content_type(headers.as_text(value)) for value in headers.raws("content-type")[:10]]
    for kind, parameters in fields:
        if parameters.get("boundary") and (kind.startswith("multipart/") or not kind):
            return kind or "multipart/mixed", parameters
    return fields[0] if fields else ("", {})


def _is_encoded(headers: Headers) -> bool:
    return headers.undecoded("content-transfer-encoding").lower().startswith(("base64", "quoted"))


def _without_children(part: Part) -> None:
    """A multipart in which no part was found is read as text, so that its words are not lost."""
    if not part.children:
        part.headers.notes.append("A multipart mail held no parts; it was read as text.")
        part.content_type, part.defaulted = "text/plain", True


def _spans(part: Part) -> list[tuple[int, int]]:
    """Where the children of a multipart lie."""
    boundary = part.parameters.get("boundary", "").encode("utf-8", "surrogateescape")[:250]
    spans = _split(part, boundary) if boundary else []
    if spans:
        return spans
    for candidate in _boundary_candidates(part, boundary):
        spans = _split(part, candidate)
        if spans:
            part.headers.notes.append("The mail's boundary was wrong or missing; it was found in the text.")
            return spans
    return []


def _boundary_candidates(part: Part, boundary: bytes) -> list[bytes]:
    stripped = boundary.strip(b" \t;\"'")
    found = [pattern.search(part.raw, part.body, part.end) for pattern in (_GUESSED_BOUNDARY, _FIRST_DELIMITER)]
    candidates = [stripped, *(match[1] for match in found if match)]
    return [candidate for candidate in candidates if candidate and candidate != boundary]


def _split(part: Part, boundary: bytes) -> list[tuple[int, int]]:
    delimiter = re.compile(rb"\n--" + re.escape(boundary.rstrip(b" \t")) + rb"(--)?[ \t;]*\r?(?:\n|\Z)")
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    position = max(part.body - 1, 0)
    while match := delimiter.search(part.raw, position, part.end):
        if opened is not None:
            spans.append((opened, _before_line_end(part.raw, opened, match.start() + 1)))
        opened = None if match[1] else match.end()
        position = max(match.end() - 1, match.start() + 1)  # its line end may begin the next delimiter
        if len(spans) > MOST_PARTS:
            break
    if opened is not None and part.raw[opened : part.end].strip():
        spans.append((opened, part.end))
    return spans


def _before_line_end(raw: bytes, start: int, end: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    if end > start and raw[end - 1 : end] == b"\n":
        end -= 1
        if end > start and raw[end - 1 : end] == b"\r":
            end -= 1
    return end
