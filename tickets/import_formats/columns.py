"""What the columns of a table mean: guessed from their names, said by a person, remembered for the next file.

A mapping is plain JSON: {"rows", "columns": [what each holds], "states": {their word: ours}, "day_first", "zone",
"encoding"}.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tickets.choices import Category, Channel, Priority, TicketType
from tickets.import_choices import Column, RowsAre
from tickets.import_formats.records import (
    NOBODY,
    Case,
    Human,
    Said,
    Unreadable,
    Writer,
    clean,
    digest_of,
    line,
    tags_of,
)
from tickets.import_formats.times import is_day_first, read_time

# How Zoho, Kayako, Salesforce, Freshdesk, Help Scout, HubSpot, Jira and the like call their columns.
_NAMES: dict[Column, str] = {
    Column.ID: "id|ticket id|ticket|ticket number|ticket no|ticket #|case number|case id|caseid|number|conversation id"
    "|conversation number|request id|issue key|display id|reference|mask id|ticket mask|#",
    Column.SUBJECT: "subject|title|summary|case subject|ticket subject|topic|ticket name",
    Column.TEXT: "description|body|message|content|contents|text|first message|comment|comments|comment body|question"
    "|post|ticket description|case description|thread|details|case comments|email body",
    Column.NOTE: "note|notes|internal note|internal notes|private note|private notes|internal comments|staff notes",
    Column.EMAIL: "email|e mail|customer email|requester email|contact email|from|from email|email id|sender"
    "|requester|email address|contact email address|suppliedemail|web email|customer e mail|reporter email|user email"
    "|e mail address",
    Column.NAME: "name|customer|customer name|requester name|contact name|full name|contact|from name|sender name"
    "|suppliedname|web name|contact full name|user|full name contact",
    Column.PHONE: "phone|telephone|phone number|telephone number|contact phone|customer phone|mobile|mobile phone|tel"
    "|suppliedphone|web phone|work phone|phone no|requester phone",
    Column.ORGANISATION: "organisation|organization|company|account|account name|company name|customer company"
    "|organization name|organisation name|client",
    Column.STATE: "status|state|ticket status|case status|status name",
    Column.PRIORITY: "priority|ticket priority|priority name|urgency|severity",
    Column.TYPE: "type|ticket type|case type|classification|classifications|issue type|request type",
    Column.TAGS: "tags|labels|tag|ticket tags|categories|keywords",
    Column.REASON: "contact reason|reason|case reason|category|ticket category",
    Column.CHANNEL: "channel|origin|case origin|source|ticket source|creation mode|medium",
    Column.TEAM: "team|department|group|queue|department name|group name|mailbox|team name",
    Column.AGENT_EMAIL: "agent email|assignee email|owner email|assigned to email|assignee e mail|staff email",
    Column.AGENT_NAME: "agent|assignee|owner|case owner|assigned to|agent name|ticket owner|assignee name|owner name"
    "|staff|staff name|case owner name|assigned agent",
    Column.CREATED: "created|created at|created time|creation time|created date|date created|opened|date opened"
    "|date time opened|opened at|created on|createddate|submitted|creation date|date|created time ticket",
    Column.UPDATED: "updated|updated at|modified|modified time|last modified|last updated|last modified date|updated on"
    "|last update|lastmodifieddate|last activity|last update time",
    Column.CLOSED: "closed|closed at|closed time|date closed|date time closed|resolved|resolved at|resolved time|solved"
    "|solved at|resolution date|closed date|closeddate|ticket closed time|closed on|completed at|resolution time stamp",
    Column.MESSAGE_ID: "message id|comment id|post id|thread id|message number|reply id",
    Column.WRITTEN_AT: "message date|message created at|comment date|comment created at|written at|sent at|post date"
    "|message time|comment time|reply date",
    Column.WRITER_EMAIL: "author email|message author email|writer email|comment author email|commenter email"
    "|message from|reply email",
    Column.WRITER_NAME: "author|author name|message author|writer|comment author|commenter|comment by|created by"
    "|replied by",
    Column.PUBLIC: "public|is public|ispublic|is published|ispublished|visible to customer|customer visible",
    Column.PRIVATE: "private|is private|isprivate|internal|is internal|is note|isnote",
    Column.PERSON_ID: "contact id|customer id|requester id|user id|person id|contactid|userid",
}
_KNOWN = {name: column for column, names in _NAMES.items() for name in names.split("|")}
_STATES: dict[Category, str] = {
    Category.NEW: "new|unassigned|to do|todo|received|logged",
    Category.OPEN: "open|in progress|working|escalated|active|reopened|re opened|assigned|working on it|in process"
    "|being processed|responded|customer replied|waiting on us|waiting for support|overdue|opened",
    Category.WAITING: "pending|waiting|waiting on customer|waiting for customer|awaiting reply|awaiting customer"
    "|awaiting response|waiting on contact|waiting on user|awaiting your reply|pending customer|answered",
    Category.HOLD: "on hold|hold|onhold|waiting on third party|waiting for third party|waiting on vendor|snoozed"
    "|deferred|blocked|parked|waiting on third party vendor",
    Category.CLOSED: "closed|resolved|solved|completed|complete|done|closed resolved|closed unresolved|spam|merged"
    "|cancelled|canceled|duplicate|archived|fixed|finished|rejected|won t fix|auto closed|closed by customer",
}
_CATEGORIES = {word: category for category, words in _STATES.items() for word in words.split("|")}
_PRIORITIES = {
    "low": Priority.LOW, "lowest": Priority.LOW, "minor": Priority.LOW, "trivial": Priority.LOW, "p4": Priority.LOW,
    "high": Priority.HIGH, "major": Priority.HIGH, "important": Priority.HIGH, "p2": Priority.HIGH,
    "urgent": Priority.URGENT, "critical": Priority.URGENT, "highest": Priority.URGENT, "blocker": Priority.URGENT,
    "emergency": Priority.URGENT, "p1": Priority.URGENT,
}  # fmt: skip
_TYPES = {
    "problem": TicketType.PROBLEM, "bug": TicketType.PROBLEM, "incident": TicketType.PROBLEM,
    "issue": TicketType.PROBLEM, "request": TicketType.REQUEST, "feature request": TicketType.REQUEST,
    "task": TicketType.TASK,
}  # fmt: skip
_CHANNELS = {
    "email": Channel.MAIL, "e mail": Channel.MAIL, "mail": Channel.MAIL, "web": Channel.WEB, "web form": Channel.WEB,
    "portal": Channel.WEB, "phone": Channel.PHONE, "call": Channel.PHONE, "telephone": Channel.PHONE,
    "chat": Channel.CHAT, "live chat": Channel.CHAT, "messaging": Channel.CHAT, "sms": Channel.SMS, "api": Channel.API,
}  # fmt: skip
_YES = frozenset({"1", "yes", "true", "y", "t", "public", "published", "visible"})
_NO = frozenset({"0", "no", "false", "n", "f", "public"})
FIELD = "field:"
_PLAIN = re.compile(r"[^\w#]+")
_ANGLE = re.compile(r"<([^<>\s]+@[^<>\s]+)>")


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A name without what people write differently: "E-Mail (Contact)" and "e_mail contact" are one."""
    return _PLAIN.sub(" ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ")).strip().casefold()


def fingerprint(head: Sequence[str]) -> str:
    """By which a table with these columns is known again."""
    return hashlib.sha256("\x1f".join(plain(name) for name in head).encode()).hexdigest()


def guess(head: Sequence[str], rows: Sequence[Sequence[str]], zone: str = "UTC") -> dict[str, Any]:
    """What the columns probably mean; each meaning once, the first that fits. Times without a zone are of `zone`."""
    found: list[str] = []
    for name in head:
        words = plain(name)
        column = _KNOWN.get(words) or _KNOWN.get(words.replace(" ", "")) or Column.NOTHING
        found.append(column.value if column.value and column.value not in found else "")
    has_ticket = Column.SUBJECT.value in found or Column.TEXT.value in found
    if not has_ticket and Column.EMAIL.value in found:
        found = [Column.PERSON_ID.value if one == Column.ID.value else one for one in found]
    dated = [no for no, column in enumerate(found) if column in _DATES]
    return {
        "rows": (RowsAre.TICKETS if has_ticket else RowsAre.PEOPLE).value,
        "columns": found,
        "states": {},
        "day_first": is_day_first([row[no] for row in rows for no in dated]),
        "zone": zone,
        "encoding": "",
    }


_DATES = frozenset({Column.CREATED, Column.UPDATED, Column.CLOSED, Column.WRITTEN_AT})


def states_in(mapping: Mapping, rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Their words for states among these rows, with what each becomes here."""
    columns = mapping["columns"]
    if Column.STATE not in columns:
        return {}
    place = columns.index(Column.STATE)
    words = dict.fromkeys(line(row[place], 60) for row in rows if row[place].strip())
    return {word: category_of(word, mapping) for word in list(words)[:40]}


def category_of(word: str, mapping: Mapping) -> str:
    """What a state of theirs is here; empty where nobody can say."""
    return mapping.get("states", {}).get(word) or _CATEGORIES.get(plain(word), "")


def lacks(mapping: Mapping) -> str:
    """What has to be said before rows can be taken, as a sentence; empty when nothing is missing."""
    columns = [one for one in mapping["columns"] if one]
    twice = next((one for one in columns if columns.count(one) > 1), "")
    if twice:
        label = twice if twice.startswith(FIELD) else Column(twice).label
        return f"Two columns hold “{label}”. Choose one of them."
    if Column.EMAIL not in columns:
        return "Say which column holds the customer’s address."
    if mapping["rows"] == RowsAre.TICKETS and Column.SUBJECT not in columns and Column.TEXT not in columns:
        return "Say which column holds the subject, or what was written."
    return ""


def record(row: Sequence[str], mapping: Mapping) -> Human | Case:
    """What a row becomes. Raises Unreadable."""
    cells = {column: cell for column, cell in zip(mapping["columns"], row, strict=False) if column and cell.strip()}
    return _human(cells, mapping) if mapping["rows"] == RowsAre.PEOPLE else _case(cells, mapping)


def external_id(row: Sequence[str], mapping: Mapping) -> str:
    """The number that a row has there, readable or not in all else; "" where no column holds one."""
    columns = list(mapping["columns"])
    at = columns.index(Column.ID) if Column.ID in columns else len(row)
    return line(row[at], 120) if at < len(row) else ""


def _human(cells: dict[str, str], mapping: Mapping) -> Human:
    email = _address(cells.get(Column.EMAIL, ""))
    if not email:
        raise Unreadable("It has no address.")
    return Human(
        external_id=line(cells.get(Column.PERSON_ID) or cells.get(Column.ID), 120)
        or f"address:{email.casefold()[:110]}",
        email=email,
        name=line(cells.get(Column.NAME)),
        organisation_name=line(cells.get(Column.ORGANISATION)),
        created_at=_time(cells, Column.CREATED, mapping),
        phone=line(cells.get(Column.PHONE), 60),
    )


def _case(cells: dict[str, str], mapping: Mapping) -> Case:
    email = _address(cells.get(Column.EMAIL, ""))
    if not email:
        raise Unreadable("It does not say who asked: the customer’s address is missing.")
    created_at = _time(cells, Column.CREATED, mapping)
    updated_at, closed_at = _time(cells, Column.UPDATED, mapping), _time(cells, Column.CLOSED, mapping)
    word = line(cells.get(Column.STATE), 60)
    category = category_of(word, mapping) or (Category.CLOSED if closed_at or not word else Category.OPEN)
    requester = Writer(email=email, name=line(cells.get(Column.NAME)), is_colleague=False)
    said = tuple(_said(cells, requester, created_at, mapping))
    subject = line(cells.get(Column.SUBJECT), 998)
    if not subject and not said:
        raise Unreadable("It has neither a subject nor words.")
    return Case(
        external_id=line(cells.get(Column.ID), 120) or f"row:{digest_of(sorted(cells.items()))}",
        subject=subject or line(said[0].text, 80),
        requester=requester,
        said=said,
        category=Category(category),
        priority=_PRIORITIES.get(plain(cells.get(Column.PRIORITY, "")), Priority.NORMAL),
        type=_TYPES.get(plain(cells.get(Column.TYPE, "")), TicketType.QUESTION),
        channel=_CHANNELS.get(plain(cells.get(Column.CHANNEL, "")), Channel.MAIL),
        tags=tags_of(re.split(r"[,;|]", cells.get(Column.TAGS, ""))),
        created_at=created_at,
        updated_at=updated_at,
        closed_at=closed_at or updated_at if category == Category.CLOSED else None,
        assignee=Writer(
            email=_address(cells.get(Column.AGENT_EMAIL, "")),
            name=line(cells.get(Column.AGENT_NAME)),
            is_colleague=True,
        ),
        organisation_name=line(cells.get(Column.ORGANISATION)),
        reason=line(cells.get(Column.REASON)),
        team=line(cells.get(Column.TEAM)),
        custom=tuple((key.removeprefix(FIELD), cell) for key, cell in cells.items() if key.startswith(FIELD)),
        phone=line(cells.get(Column.PHONE), 60),
    )


def _said(cells: dict[str, str], requester: Writer, created_at, mapping: Mapping):
    written_at = _time(cells, Column.WRITTEN_AT, mapping)
    key = line(cells.get(Column.MESSAGE_ID), 60) or (written_at.isoformat() if written_at else "first")
    email, name = _address(cells.get(Column.WRITER_EMAIL, "")), line(cells.get(Column.WRITER_NAME))
    if "@" in name and not email:
        email, name = _address(name), ""
    writer = Writer(email=email, name=name) if email or name else requester
    text, note = clean(cells.get(Column.TEXT)), clean(cells.get(Column.NOTE))
    if text:
        yield Said(key, text, written_at or created_at, writer, is_public=_is_public(cells))
    if note:
        colleague = Writer(
            email=_address(cells.get(Column.AGENT_EMAIL, "")),
            name=line(cells.get(Column.AGENT_NAME)),
            is_colleague=True,
        )
        yield Said(f"{key}:note"[:60], note, written_at or created_at, colleague or NOBODY, is_public=False)


def _is_public(cells: dict[str, str]) -> bool:
    """Where a row says anything about who may read, only a clear word makes it public (security.md S29)."""
    public, private = cells.get(Column.PUBLIC), cells.get(Column.PRIVATE)
    return (public is None or plain(public) in _YES) and (private is None or plain(private) in _NO)


def _time(cells: dict[str, str], column: Column, mapping: Mapping):
    text = cells.get(column, "")
    return (
        read_time(text[:60], day_first=bool(mapping.get("day_first")), zone=mapping.get("zone") or "UTC")
        if text
        else None
    )


def _address(text: str) -> str:
    found = _ANGLE.search(text)
    return line(found[1] if found else text, 320)
