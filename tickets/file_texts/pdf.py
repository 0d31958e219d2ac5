"""Words out of a PDF, for the search: its text operators, through the fonts' own tables where they have some.

Not a renderer. Text drawn as pictures has none, an encrypted file is not opened, and columns may come out of order;
a search for a number or a name does not mind.
"""

import re
import zlib
from collections.abc import Iterator

from tickets.file_texts.types import Unreadable

MOST_UNPACKED = 40 * 1024 * 1024
MOST_OBJECTS = 20_000
MOST_CHARACTERS = 200_000

OBJECT = re.compile(rb"(\d{1,9})\s+\d{1,5}\s+obj\b")
STREAM = re.compile(rb"stream\r?\n")
REFERENCE = re.compile(rb"/([^\s/<>\[\]()]+)\s+(\d{1,9})\s+\d{1,5}\s+R\b")
FONTS = re.compile(rb"/Font\s*<<(.{0,20000}?)>>", re.DOTALL)
FONTS_ELSEWHERE = re.compile(rb"/Font\s+(\d{1,9})\s+\d{1,5}\s+R\b")
TO_UNICODE = re.compile(rb"/ToUnicode\s+(\d{1,9})\s+\d{1,5}\s+R\b")
BLOCK = re.compile(rb"\bBT\b(.*?)\bET\b", re.DOTALL)
DRAWN = re.compile(
    rb"/(?P<font>[^\s/<>\[\]()]+)\s+[-\d.]+\s+Tf"
    rb"|\((?P<text>(?:[^\\()]|\\.|\((?:[^\\()]|\\.)*\))*)\)"
    rb"|<(?P<hex>[0-9A-Fa-f\s]*)>"
    rb"|(?P<gap>-\d{3,}(?:\.\d+)?)(?=\s*[(<\]])"
    rb"|(?P<end>\bT[Jj]\b|'|\"|\bT[dDm*]\b)",
    re.DOTALL,
)
ESCAPE = re.compile(rb"\\([nrtbf()\\]|[0-7]{1,3}|\r?\n)")
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"", b"f": b"", b"(": b"(", b")": b")", b"\\": b"\\"}
RANGES = re.compile(rb"beginbf(char|range)(.*?)endbf", re.DOTALL)
HEX = re.compile(rb"<([0-9A-Fa-f\s]*)>|(\[)|(\])")

Table = dict[int, str]


def pdf_text(content: bytes) -> str:
    """The text of every page, in the order in which the file keeps it. Raises Unreadable."""
    if re.search(rb"/Encrypt\s+\d", content):
        raise Unreadable("The PDF is locked with a password.")
    objects = _Objects(content)
    fonts = objects.fonts()
    found: list[str] = []
    size = 0
    for stream in objects.drawing():
        text = "".join(_drawn(stream, fonts))
        found.append(text)
        size += len(text)
        if size > MOST_CHARACTERS:
            break
    return "\n".join(found)


class _Objects:
    """The objects of a file and what their streams hold, unpacked up to a limit."""

    def __init__(self, content: bytes) -> None:
        self.left = MOST_UNPACKED
        self.plain: dict[int, bytes] = {}
        self.streams: dict[int, bytes] = {}
        starts = list(OBJECT.finditer(content))[:MOST_OBJECTS]
        for found, following in zip(starts, [*starts[1:], None], strict=True):
            body = content[found.end() : following.start() if following else len(content)]
            self._add(int(found[1]), body)
        self._unfold()

    def _add(self, number: int, body: bytes) -> None:
        begins = STREAM.search(body)
        head = body[: begins.start()] if begins else body
        self.plain[number] = head
        if begins and self.left > 0 and b"/Image" not in head:
            data = body[begins.end() :]
            if b"/FlateDecode" in head:
                self.streams[number] = self._unpacked(data)
            elif b"/Filter" not in head:
                self.streams[number] = data.partition(b"endstream")[0]

    def _unpacked(self, data: bytes) -> bytes:
        packer = zlib.decompressobj()
        try:
            text = packer.decompress(data, max(1, self.left))
        except zlib.error:
            return b""
        self.left -= len(text)
        return text

    def _unfold(self) -> None:
        """Objects that stand inside streams of objects."""
        for number, head in list(self.plain.items()):
            stream = self.streams.get(number, b"")
            first = re.search(rb"/First\s+(\d{1,9})", head)
            if not (first and b"/ObjStm" in head and stream):
                continue
            start = int(first[1])
            numbers = [int(word) for word in stream[:start].split()[: 2 * MOST_OBJECTS] if word.isdigit()]
            places = [start + at for at in numbers[1::2]]
            for inner, at, end in zip(numbers[::2], places, [*places[1:], len(stream)], strict=False):
                self.plain.setdefault(inner, stream[at:end])
            self.streams.pop(number)

    def fonts(self) -> dict[bytes, Table]:
        """Fonts by their name on the pages; a name that two pages use for two fonts knows the signs of both."""
        named: dict[bytes, Table] = {}
        tables: dict[int, Table] = {}
        for head in list(self.plain.values()):
            listed = [found[1] for found in FONTS.finditer(head)]
            listed += [self.plain.get(int(found[1]), b"") for found in FONTS_ELSEWHERE.finditer(head)]
            for part in listed:
                for name, number in REFERENCE.findall(part):
                    source = TO_UNICODE.search(self.plain.get(int(number), b""))
                    if source:
                        key = int(source[1])
                        tables[key] = tables.get(key) or _table(self.streams.get(key, b""))
                        named.setdefault(name, {}).update(tables[key])
        return named

    def drawing(self) -> Iterator[bytes]:
        """Streams that draw text."""
        for stream in self.streams.values():
            if b"BT" in stream and b"ET" in stream and (b"Tj" in stream or b"TJ" in stream or b"'" in stream):
                yield stream


def _table(stream: bytes) -> Table:
    table: Table = {}
    for kind, body in RANGES.findall(stream):
        signs = [("[" if opens else "]" if closes else bytes.fromhex(_even(code)))
                 for code, opens, closes in HEX.findall(body)]  # fmt: skip
        if kind == b"char":
            plain = [sign for sign in signs if isinstance(sign, bytes)]
            for code, sign in zip(plain[::2], plain[1::2], strict=False):
                table[int.from_bytes(code, "big")] = sign.decode("utf-16-be", "ignore")
        else:
            _ranges(signs, table)
        if len(table) > 70_000:
            break
    return table


def _ranges(signs: list, table: Table) -> None:
    at = 0
    while at + 2 < len(signs):
        first, last, target = signs[at : at + 3]
        at += 3
        if not (isinstance(first, bytes) and isinstance(last, bytes)):
            continue
        low = int.from_bytes(first, "big")
        if target == "[":
            while at < len(signs) and isinstance(signs[at], bytes):
                table[low] = signs[at].decode("utf-16-be", "ignore")
                low, at = low + 1, at + 1
            at += 1
        elif isinstance(target, bytes) and target:
            start = target.decode("utf-16-be", "ignore")
            for step in range(min(int.from_bytes(last, "big") - low + 1, 65_536)):
                if start and ord(start[-1]) + step < 0x110000:
                    table[low + step] = start[:-1] + chr(ord(start[-1]) + step)


def _drawn(stream: bytes, fonts: dict[bytes, Table]) -> Iterator[str]:
    for block in BLOCK.finditer(stream):
        table: Table = {}
        for found in DRAWN.finditer(block[1]):
            if found["font"] is not None:
                table = fonts.get(found["font"], {})
            elif found["text"] is not None:
                yield _said(ESCAPE.sub(_escape, found["text"]), table)
            elif found["hex"] is not None:
                yield _said(bytes.fromhex(_even(found["hex"])), table)
            elif found["gap"] is not None:
                yield " " if float(found["gap"]) < -180 else ""
            elif found["end"] not in (b"TJ", b"Tj"):
                yield " "
        yield "\n"


def _escape(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    return bytes([int(sign, 8) & 255]) if sign[:1].isdigit() else ESCAPES.get(sign, b"")


def _even(code: bytes) -> str:
    plain = b"".join(code.split()).decode("ascii")
    return plain + "0" * (len(plain) % 2)


def _said(code: bytes, table: Table) -> str:
    if not table:
        return code.decode("cp1252", "ignore") if b"\x00" not in code else code.decode("utf-16-be", "ignore")
    wide = max(table) > 255
    width = 2 if wide and len(code) % 2 == 0 else 1
    numbers = (int.from_bytes(code[at : at + width], "big") for at in range(0, len(code), width))
    return "".join(table.get(number, "") for number in numbers)
