"""Text out of files: plain, CSV, HTML, calendars, Word, Writer, sheets, slides, and PDF. Standard library only.

Every reader takes bytes and answers text of at most MOST_CHARACTERS. What it cannot understand raises Unreadable; what
holds no text is "". Nothing is written to disk, no link is followed, no entity is expanded.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import ParseError, XMLPullParser

from tickets.file_texts.pdf import pdf_text
from tickets.file_texts.types import Unreadable

MOST_CHARACTERS = 100_000
MOST_PARTS = 60
MOST_XML = 20 * 1024 * 1024  # bytes of XML read from one file, however small it was packed
PIECE = 64 * 1024
LOOKED_AT = 8192

TEXT_NAMES = (
    ".txt", ".csv", ".tsv", ".log", ".md", ".json", ".xml", ".yml", ".yaml", ".ini", ".cfg", ".ics", ".vcf", ".eml",
    ".py", ".ino", ".c", ".cpp", ".h", ".js", ".sql", ".rtf",
)  # fmt: skip
DOCUMENTS = re.compile(
    r"word/(document|footnotes|header\d*|footer\d*)\.xml|content\.xml|xl/sharedStrings\.xml"
    r"|xl/worksheets/sheet\d+\.xml|ppt/slides/slide\d+\.xml"
)
BREAKS = frozenset({"p", "h", "br", "tab", "tr", "row", "si", "table-row", "line-break", "list-item", "c"})
SILENT = frozenset({"script", "style", "template", "noscript", "head"})
RTF_MARKS = re.compile(r"\\'[0-9a-f]{2}|\\[a-z]+-?\d* ?|[{}]|\\[^a-z]", re.IGNORECASE)


def text_of(name: str, content_type: str, content: bytes) -> str:
    """The text of a file by what it is, and only then by what it is called."""
    reader = _reader(name.lower(), content_type.lower(), content)
    return _tidy(reader(content)) if reader else ""


def _reader(name: str, content_type: str, content: bytes) -> Callable[[bytes], str] | None:
    head = content[:LOOKED_AT]
    if b"%PDF-" in head[:1024]:
        return pdf_text
    if head.startswith(b"PK\x03\x04"):
        return packed_text
    if head.startswith(b"{\\rtf"):
        return rtf_text
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    if name.endswith((".html", ".htm", ".xhtml")) or content_type == "text/html" or _is_html(head):
        return html_text
    return plain_text if content_type.startswith("text/") or name.endswith(TEXT_NAMES) else None


def _is_html(head: bytes) -> bool:
    return head.lstrip()[:64].lower().startswith((b"<!doctype html", b"<html"))


def plain_text(content: bytes) -> str:
    """UTF-8, UTF-16 with a mark, else Windows-1252, in which every byte is a sign."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content[: 4 * MOST_CHARACTERS].decode("utf-16", "replace")
    try:
        return content[: 4 * MOST_CHARACTERS].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start >= 4 * MOST_CHARACTERS - 4:  # a sign that was cut in two
            return content[: error.start].decode("utf-8-sig", "replace")
        return content[: 4 * MOST_CHARACTERS].decode("cp1252", "replace")


def rtf_text(content: bytes) -> str:
    """The words between the commands."""
    return RTF_MARKS.sub(" ", content[: 10 * MOST_CHARACTERS].decode("latin-1"))


def html_text(content: bytes) -> str:
    """What a reader of the page would see."""
    page = _Page()
    page.feed(plain_text(content))
    page.close()
    return "".join(page.pieces)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in SILENT))
        self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.pieces.append(data)


def packed_text(content: bytes) -> str:
    """Documents of Word, Writer, Calc, Excel and their kin: XML in a ZIP. Other archives are not opened."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [part for part in archive.infolist() if DOCUMENTS.fullmatch(part.filename)]
            return "\n".join(_parts(archive, sorted(parts, key=_place)[:MOST_PARTS]))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise Unreadable("The file is packed in a way that could not be opened.") from error


def _place(part: zipfile.ZipInfo) -> tuple[int, str]:
    number = re.search(r"(\d+)\.xml$", part.filename)
    return (int(number[1][:9]) if number else 0, part.filename)


def _parts(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> Iterator[str]:
    left = [MOST_XML]
    found = 0
    for part in parts:
        text = "".join(_xml_text(archive, part, left))
        found += len(text)
        yield text
        if found > MOST_CHARACTERS or left[0] <= 0:
            return


def _xml_text(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: list[int]) -> Iterator[str]:
    """The text of one part. It is unpacked piece by piece, so that what its directory claims does not matter."""
    parser: XMLPullParser[Any] = XMLPullParser(events=("end",))
    with archive.open(part) as file:
        while left[0] > 0 and (piece := file.read(min(PIECE, left[0]))):
            left[0] -= len(piece)
            if b"<!" in piece and (b"<!DOCTYPE" in piece or b"<!ENTITY" in piece):
                raise Unreadable("The document declares entities, which no office program writes.")
            try:
                parser.feed(piece)
                yield from _ended(parser)
            except ParseError as error:
                raise Unreadable("The document is not well-formed.") from error


def _ended(parser: "XMLPullParser[Any]") -> Iterator[str]:
    events: Iterator[Any] = parser.read_events()
    for _, element in events:
        if element.text:
            yield element.text
        if element.tag.rpartition("}")[2] in BREAKS:
            yield " "
        if element.tail:
            yield element.tail
        element.clear()


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text[: 2 * MOST_CHARACTERS].replace("\x00", "").splitlines())
    return "\n".join(line for line in lines if line)[:MOST_CHARACTERS].encode("utf-8", "ignore").decode()
