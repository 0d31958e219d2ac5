"""Figures as CSV that a spreadsheet opens and cannot run (S21)."""

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import HttpResponse, StreamingHttpResponse

# A cell that begins like a formula is text: the apostrophe is what spreadsheets themselves write.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
MARK = "\ufeff"


def cell(value: object) -> object:
    """Numbers stay numbers; words never begin a formula."""
    if not isinstance(value, str):
        return "" if value is None else value
    value = value.replace("\x00", "")
    return f"'{value}" if value.lstrip(" ").startswith(DANGEROUS) or value.startswith(DANGEROUS) else value


def answer(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A download. UTF-8 with its mark, so that spreadsheets read names as they are."""
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers=_headers(name))
    response.write(MARK)
    writer = csv.writer(response)
    writer.writerow(head)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return response


def stream(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """The same, sent row by row: for as many as there are."""
    return StreamingHttpResponse(_lines(head, rows), content_type="text/csv; charset=utf-8", headers=_headers(name))


class _Echo:
    """What `csv.writer` writes is what it answers."""

    def write(self, line: str) -> str:
        return line


def _lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield MARK + writer.writerow(head)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def _headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
