"""Records of JSON, one by one, out of files of any size.

Three shapes come from other desks: one record a line, a list of records, and pages of an API that hold such lists. A
record that is broken is named and the next one is looked for behind it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from tickets.import_formats.records import Place, Row, shown

LARGEST = 32 * 1024 * 1024
LISTS = frozenset({
    "tickets", "users", "organizations", "comments", "ticket_events", "conversations", "contacts", "companies",
    "admins", "data", "results",
})  # fmt: skip
# What pages of an API say of themselves before their list.
_ABOUT = frozenset({
    "count", "next_page", "previous_page", "end_time", "end_of_stream", "after_url", "after_cursor", "before_url",
    "before_cursor", "type", "pages", "total_count", "links", "meta", "per_page", "total_pages",
})  # fmt: skip
_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*+"|[{}\[\]"]')
_BETWEEN = re.compile(rb"[\s,\x00]*")
_KEY = re.compile(rb'"((?:[^"\\\n]|\\.)*+)"\s*:\s*')
_SCALAR = re.compile(rb'"(?:[^"\\\n]|\\.)*+"|[^\s,{}\[\]]+|.')
_NEXT = re.compile(rb"(?:\}\s*,?\s*|\n)(?=\{\s*\")")
_BREAKS_OFF = "The file breaks off in the middle of this record."
_BROKEN = "This is no whole record of JSON."
_BOM = b"\xef\xbb\xbf"


def rows(data: Any, place: Place) -> Iterator[Row]:
    """Every record of `data` (bytes or a mapped file) behind `place`."""
    at = place.at or (len(_BOM) if data[:3] == _BOM else 0)
    place = Place(at, place.row, place.inside or ("lines" if _is_lines(data, at) else ""))
    yield from _lines(data, place) if place.inside == "lines" else _Document(data, place)


def parse(text: bytes) -> object:
    """What the JSON says. Raises ValueError with a sentence."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("It is nested too deep.") from None
    except UnicodeDecodeError:
        return json.loads(text.decode("cp1252", "replace"), parse_constant=_refuse)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number.")


def _is_lines(data: Any, at: int) -> bool:
    """Whether each line is a record: one of the first is whole by itself, and is no page."""
    for _ in range(5):
        end = data.find(b"\n", at)
        piece = data[at : end if end >= 0 else len(data)][: LARGEST + 1].strip()
        if piece[:1] == b"[" or len(piece) > LARGEST:
            return False
        if piece[:1] == b"{":
            try:
                found = parse(piece)
            except ValueError:
                found = None
            if isinstance(found, dict):
                return page_lists(found) is None or end >= 0
        if end < 0:
            return False
        at = end + 1
    return False


def page_lists(value: dict) -> list[tuple[str, list]] | None:
    """The lists of a page of an API with their names, None for a record."""
    known = [key for key in value if key in LISTS and isinstance(value[key], list)]
    if not known or any(key not in _ABOUT and key not in LISTS for key in value):
        return None
    return [(key, value[key]) for key in known]


def _lines(data: Any, place: Place) -> Iterator[Row]:
    at, row, size = place.at, place.row, len(data)
    while at < size:
        end = data.find(b"\n", at)
        end = size if end < 0 else end
        behind = min(end + 1, size)
        if end - at > LARGEST:
            row += 1
            yield Row(
                Place(behind, row, "lines"), why="The line is longer than 32 MB.", content=shown(data[at : at + 4000])
            )
        elif piece := data[at:end].strip().strip(b"\x00"):
            row += 1
            yield _parsed(piece, Place(behind, row, "lines"), "")
        at = behind
    yield Row(Place(size, row, "lines"))


def _parsed(piece: bytes, place: Place, hint: str) -> Row:
    try:
        value = parse(piece)
    except ValueError as error:
        why = str(error) if str(error).endswith(("deep.", "number.")) else _BROKEN
        return Row(place, why=why, content=shown(piece[:8000]))
    if not isinstance(value, dict):
        return Row(place, why="A record was expected here.", content=shown(piece[:8000]))
    return Row(place, value, hint)


class _Broken(Exception):
    """A value that does not end well; where that shows."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at, self.why = at, why


class _Document:
    """Walks lists and pages. `inside` is "" outside, "[" in a list, "{" in a page, "{users" in a list of a page."""

    def __init__(self, data: Any, place: Place) -> None:
        self.data, self.at, self.row, self.inside = data, place.at, place.row, place.inside

    def __iter__(self) -> Iterator[Row]:
        size = len(self.data)
        while True:
            self._skip(_BETWEEN)
            if self.at >= size:
                break
            found = self._step()
            if found is not None:
                yield found
        if self.inside:
            self.row += 1
            yield Row(self._place(), why="The file breaks off here: its end is missing.")
            self.inside = ""
        yield Row(self._place())

    def _place(self) -> Place:
        return Place(self.at, self.row, self.inside)

    def _skip(self, pattern: re.Pattern[bytes]) -> None:
        found = pattern.match(self.data, self.at)
        if found:
            self.at = found.end()

    def _step(self) -> Row | None:
        sign = self.data[self.at : self.at + 1]
        in_list = self.inside not in ("", "{")
        if sign == b"]" and in_list:
            self.inside = "{" if self.inside.startswith("{") else ""
        elif sign == b"}" and self.inside == "{":
            self.inside = ""
        elif sign == b"[" and not self.inside:
            self.inside = "["
        elif sign == b'"' and self.inside == "{":
            return self._member()
        elif sign == b"{" and not self.inside and self._is_page():
            self.inside = "{"
        elif sign == b"{":
            return self._record()
        else:
            return self._stray()
        self.at += 1
        return None

    def _stray(self) -> Row:
        before = self.at
        self._skip(_SCALAR)
        self.row += 1
        return Row(self._place(), why="A record was expected here.", content=shown(self.data[before : before + 200]))

    def _record(self) -> Row:
        began = self.at
        self.row += 1
        hint = self.inside[1:]
        try:
            self.at = self._extent(began)
        except _Broken as problem:
            found = _NEXT.search(self.data, problem.at)
            self.at = found.end() if found else len(self.data)
            if found is None:
                self.inside = ""
            return Row(self._place(), why=problem.why, content=shown(self.data[began : began + 8000]))
        return _parsed(self.data[began : self.at], self._place(), hint)

    def _extent(self, began: int) -> int:
        """Where the value that begins here ends."""
        depth = 0
        for found in _TOKEN.finditer(self.data, began):
            sign = self.data[found.start()]
            if sign in b"{[":
                depth += 1
            elif sign in b"}]":
                depth -= 1
                if depth == 0:
                    return found.end()
            elif found.end() - found.start() == 1:
                is_end = self.data.find(b"\n", found.end()) < 0
                raise _Broken(found.start() + 1, _BREAKS_OFF if is_end else _BROKEN)
            if found.end() - began > LARGEST:
                raise _Broken(began + 1, "The record is longer than 32 MB.")
        raise _Broken(began + 1, _BREAKS_OFF)

    def _member(self) -> Row | None:
        """A name of a page with its value: a list is entered, everything else is left out."""
        key = _KEY.match(self.data, self.at)
        if key is None:
            return self._stray()
        self.at = key.end()
        sign = self.data[self.at : self.at + 1]
        name = key[1].decode("utf-8", "replace")
        if sign == b"[" and name in LISTS:
            self.inside = "{" + name
            self.at += 1
        elif sign in (b"[", b"{"):
            try:
                self.at = self._extent(self.at)
            except _Broken:
                self.at = len(self.data)
        else:
            self._skip(_SCALAR)
        return None

    def _is_page(self) -> bool:
        """Whether the object that begins here holds a list of records, and is none itself."""
        before, began = self.inside, self.at
        try:
            self.at += 1
            for _ in range(20):
                self._skip(_BETWEEN)
                key = _KEY.match(self.data, self.at)
                name = key[1].decode("utf-8", "replace") if key else ""
                if key and name in LISTS and self.data[key.end() : key.end() + 1] == b"[":
                    return True
                if not key or name not in _ABOUT:
                    return False
                self._member()
            return False
        finally:
            self.inside, self.at = before, began
