"""Mails of an mbox archive, one by one, out of files of any size."""

import re
from collections.abc import Iterator
from typing import Any

from tickets.import_formats.records import Place, Row, shown

LARGEST = 25 * 1024 * 1024
_FROM = re.compile(rb"(?:\A|\n\r?\n)(?=From [^\n]*\d\d:\d\d)")
_QUOTED = re.compile(rb"(?m)^>(>*From )")


def rows(data: Any, place: Place) -> Iterator[Row]:
    """Every mail behind `place`, as bytes without the line that mbox puts before it."""
    at, row, size = place.at, place.row, len(data)
    if at == 0 and data[:5] != b"From ":
        first = _FROM.search(data, 0)
        at = first.end() if first else size
        if size:
            yield Row(Place(at, row), why="This does not begin as an mbox archive does.", content=shown(data[:2000]))
    while at < size:
        found = _FROM.search(data, at + 1)
        end = found.end() if found else size
        row += 1
        if end - at > LARGEST:
            yield Row(Place(end, row), why="The mail is larger than 25 MB.", content=shown(data[at : at + 2000]))
        else:
            mail = data[at:end].partition(b"\n")[2]
            yield Row(Place(end, row), _QUOTED.sub(rb"\1", mail))
        at = end
    yield Row(Place(size, row))
