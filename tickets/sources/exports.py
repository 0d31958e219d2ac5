"""A day's export of a source: JSON, JSON lines or CSV. Good rows are read, bad ones are named with their place."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tickets.source_choices import SourceKind
from tickets.sources import discourse, intercom, zendesk
from tickets.sources.facts import BadPost, Facts, identity, line, moment, part, parts_of, words_of_html

LARGEST = 20 * 1024 * 1024
MOST_ROWS = 100_000
MOST_BAD = 100
LONGEST_CELL = 1_000_000

# By which names programs call the columns of a list of conversations.
COLUMNS: dict[str, tuple[str, ...]] = {
    "item": ("id", "ticket id", "ticket", "conversation id", "topic id", "topic_id", "conversation_id", "ticket_id"),
    "at": ("created_at", "created at", "created", "requested", "date created", "conversation_started_at", "date"),
    "subject": ("subject", "title", "topic title", "topic_title", "conversation_subject"),
    "words": ("description", "body", "first message", "excerpt", "text", "comment"),
    "name": ("requester", "requester name", "name", "author", "username", "user", "contact name"),
    "email": ("requester email", "email", "requester_email", "user email", "contact email", "contact_email"),
    "address": ("url", "link"),
}
EVENT = {SourceKind.ZENDESK: "ticket", SourceKind.INTERCOM: "conversation", SourceKind.DISCOURSE: "topic"}


class BadExport(ValueError):
    """The file holds no list that could be counted. The message says what to do."""


@dataclass
class Export:
    """What a file says: each conversation once, and the rows that could not be read."""

    rows: dict[str, Facts] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)
    bad_total: int = 0


def read_export(kind: str, content: bytes) -> Export:
    """Read a file of this kind of source. Raises BadExport."""
    if len(content) > LARGEST:
        raise BadExport("The file is larger than 20 MB. Export fewer days at once.")
    text = _text(content)
    if not text.strip():
        raise BadExport("The file is empty.")
    export = Export()
    try:
        for place, row in enumerate(_rows(kind, text), 1):
            if place > MOST_ROWS:
                raise BadExport("The file holds more than 100,000 rows. Export fewer days at once.")
            if isinstance(row, Facts):
                export.rows.setdefault(row.item, row)
            else:
                export.bad_total += 1
                if len(export.bad) < MOST_BAD:
                    export.bad.append(f"Row {place}: {row}")
    except RecursionError as error:
        raise BadExport("The file is nested too deeply to be read.") from error
    return export


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace").replace("\x00", "")
    try:
        return content.decode("utf-8-sig").replace("\x00", "")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace").replace("\x00", "")


def _rows(kind: str, text: str) -> Iterator[Facts | str]:
    """Each row as facts, or as the sentence that says what it lacks."""
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        yield from _of_csv(kind, text)
        return
    lists, people = _of_json(text)
    for value in lists:
        yield _read(kind, value, people)


def _of_json(text: str) -> tuple[list[Any], dict[str, dict[str, Any]]]:
    try:
        value = json.loads(text)
    except ValueError:
        return _of_lines(text), {}
    if isinstance(value, dict) and "topic_list" in value:
        return _listed(part(value["topic_list"]), "topics"), _people(value)
    if isinstance(value, dict):
        for name in ("tickets", "conversations", "topics"):
            if isinstance(value.get(name), list):
                return value[name], _people(value)
        if "id" not in value:
            raise BadExport("There is no list of tickets, conversations or topics in this file.")
    return (value if isinstance(value, list) else [value]), {}


def _listed(value: dict[str, Any], name: str) -> list[Any]:
    if not isinstance(value.get(name), list):
        raise BadExport(f"There is no list of {name} in this file.")
    return value[name]


def _people(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {line(one.get("id"), 100): one for one in parts_of(value.get("users"))}


def _of_lines(text: str) -> list[Any]:
    """JSON lines; a line that is broken is a row that cannot be read."""
    found: list[Any] = []
    for one in text.splitlines():
        if one.strip():
            try:
                found.append(json.loads(one))
            except ValueError:
                found.append(None)
    if not any(isinstance(one, dict) for one in found):
        raise BadExport("The file begins like JSON and is broken. Export it again.")
    return found


def _read(kind: str, value: Any, people: Mapping[str, dict[str, Any]]) -> Facts | str:
    if not isinstance(value, dict):
        return "it is not a whole row"
    try:
        if kind == SourceKind.ZENDESK:
            facts = zendesk.of_ticket(value, people)
        elif kind == SourceKind.INTERCOM:
            facts = intercom.of_conversation(value)
        else:
            facts = discourse.of_topic(value, people)
    except BadPost as problem:
        return str(problem)
    return facts if facts.opened_at else "it does not say when it began"


def _of_csv(kind: str, text: str) -> Iterator[Facts | str]:
    csv.field_size_limit(LONGEST_CELL)
    head_line = text.partition("\n")[0]
    mark = max(",;\t", key=head_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        head = [name.strip().casefold() for name in next(rows)]
        places = {what: head.index(name) for what, names in COLUMNS.items() for name in reversed(names) if name in head}
        if "item" not in places or "at" not in places:
            raise BadExport("The file needs a column with the id and one with the day, like “Id” and “Created at”.")
        for row in rows:
            if any(cell.strip() for cell in row):
                yield _of_row(kind, {what: row[at] if at < len(row) else "" for what, at in places.items()})
    except csv.Error as error:
        raise BadExport("The file is broken from some row on. Export it again.") from error


def _of_row(kind: str, cells: dict[str, str]) -> Facts | str:
    try:
        number = identity(cells["item"].strip().lstrip("#"), "row")
    except BadPost as problem:
        return str(problem)
    began = moment(cells["at"])
    if not began:
        return "it does not say when it began"
    subject = line(cells.get("subject"), 998)
    return Facts(
        event=f"{EVENT.get(SourceKind(kind), 'item')}:{number}", item=number, at=began, opened_at=began,
        subject=subject, words=words_of_html(cells.get("words")) or subject, name=line(cells.get("name")),
        email=line(cells.get("email"), 320), author="", address=line(cells.get("address"), 500),
    )  # fmt: skip
