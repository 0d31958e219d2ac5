"""Rows of a table (CSV), one by one, out of files of any size."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tickets.import_formats.records import Place, Row, Unreadable, line, shown

MOST_COLUMNS = 300
LARGEST_FIELD = 1_000_000
LARGEST_LINE = 16 * 1024 * 1024
DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("", "utf-8", "cp1252", "cp1250", "cp1251", "shift_jis", "gb18030", "big5", "euc_kr")
_BOM = b"\xef\xbb\xbf"
csv.field_size_limit(LARGEST_FIELD)


@dataclass(frozen=True)
class Table:
    """How a file is written, and the names of its columns. `at` is the byte behind them."""

    delimiter: str
    newline: bytes
    head: tuple[str, ...]
    at: int


def sniff(data: Any, encoding: str = "") -> Table:
    """Look at the beginning of a file. Raises Unreadable for what is no table."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:200].count(b"\x00") > 20:
        raise Unreadable("This is no table of text that can be read. Save it as CSV in UTF-8.")
    start = data[: 256 * 1024]
    newline = b"\n" if b"\n" in start else b"\r"
    lines = _Lines(data, len(_BOM) if data[:3] == _BOM else 0, encoding, newline)
    first = next(iter(lines), "")
    delimiter = max(DELIMITERS, key=first.count)
    lines.at = len(_BOM) if data[:3] == _BOM else 0
    try:
        head = next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error as error:
        raise Unreadable(f"The first line cannot be read as the names of columns: {error}.") from None
    if len(head) > MOST_COLUMNS:
        raise Unreadable(
            f"It has {len(head):,} columns; at most {MOST_COLUMNS} are taken. Leave out what you do not need."
        )
    names = [line(name, 80) for name in head]
    while names and not names[-1]:
        names.pop()
    if len(names) < 2:
        raise Unreadable("The first line has to name the columns, with a comma or semicolon between them.")
    return Table(delimiter, newline, tuple(name or f"Column {no}" for no, name in enumerate(names, 1)), lines.at)


def rows(data: Any, place: Place, table: Table, encoding: str = "") -> Iterator[Row]:
    """Every row behind `place`, as a list of texts that is as long as the head."""
    lines = _Lines(data, max(place.at, table.at), encoding, table.newline)
    width, row = len(table.head), place.row
    reader = csv.reader(lines, delimiter=table.delimiter, strict=True)
    while True:
        began = lines.at
        try:
            found = next(reader)
        except StopIteration:
            break
        except (csv.Error, Unreadable) as error:
            row += 1
            lines.go_on_behind(began)
            yield Row(Place(lines.at, row), why=_sentence(error), content=shown(data[began : began + 8000]))
            reader = csv.reader(lines, delimiter=table.delimiter, strict=True)
            continue
        if not any(found):
            continue
        row += 1
        if len(found) > width and any(found[width:]):
            if data.find(table.newline, began, lines.at - 1) >= 0:  # a quotation mark too few took lines along
                lines.go_on_behind(began)
                reader = csv.reader(lines, delimiter=table.delimiter, strict=True)
            why = f"It has {len(found)} columns and the first line names {width}."
            yield Row(Place(lines.at, row), why=why, content=shown(data[began : began + 8000]))
            continue
        yield Row(Place(lines.at, row), [*found, *[""] * (width - len(found))][:width])
    yield Row(Place(len(data), row))


def _sentence(error: Exception) -> str:
    if isinstance(error, Unreadable):
        return str(error)
    if "field larger" in str(error) or "unexpected end" in str(error):
        return "A quotation mark is opened here and never closed."
    return "Its quotation marks do not fit."


class _Lines:
    """The lines of a file as text, and how far they were read."""

    def __init__(self, data: Any, at: int, encoding: str, newline: bytes) -> None:
        self.data, self.at, self.newline = data, at, newline
        self._encodings = (encoding,) if encoding else ("utf-8", "cp1252")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.at >= len(self.data):
            raise StopIteration
        end = self._end(self.at)
        if end - self.at > LARGEST_LINE:
            raise Unreadable("The line is longer than 16 MB.")
        piece = self.data[self.at : end]
        self.at = end
        for encoding in self._encodings:
            try:
                return piece.decode(encoding).replace("\x00", "")
            except UnicodeDecodeError:
                continue
        return piece.decode(self._encodings[-1], "replace").replace("\x00", "")

    def go_on_behind(self, began: int) -> None:
        """After the line that begins at `began`."""
        self.at = self._end(began)

    def _end(self, at: int) -> int:
        end = self.data.find(self.newline, at)
        return len(self.data) if end < 0 else end + 1
