"""Records of Intercom: companies, contacts, admins, and conversations with their parts.

Shapes of its API's documentation. Only words that are said to be a comment are public; a note, and whatever else may
hold words, is for the staff (security.md S29).
"""

import re
from collections.abc import Iterator
from html import unescape

from tickets.choices import Category, Channel, Priority
from tickets.import_choices import Sort
from tickets.import_formats.json_records import page_lists
from tickets.import_formats.records import (
    NOBODY,
    Case,
    Human,
    Organisation,
    Record,
    Said,
    Unreadable,
    Writer,
    clean,
    files_of,
    line,
    tags_of,
)
from tickets.import_formats.times import read_seconds

_PUBLIC = frozenset({"comment", "open", "close"})
_CHANNELS = {
    "email": Channel.MAIL, "conversation": Channel.CHAT, "push": Channel.CHAT, "facebook": Channel.CHAT,
    "instagram": Channel.CHAT, "twitter": Channel.CHAT, "whatsapp": Channel.CHAT, "sms": Channel.SMS,
    "phone_call": Channel.PHONE,
}  # fmt: skip
_BLOCKS = re.compile(r"(?i)<(?:br|/p|/div|/li|/tr|/h[1-6]|/blockquote|/pre)\b[^>]*>")
_TAGS = re.compile(r"<[^>]*>")
_EMPTY = re.compile(r"\n[ \t]*\n[\n \t]*")


def read(value: dict, hint: str) -> Iterator[tuple[Sort, dict, str]]:
    """What a row holds: each record with its sort and the name of the list that it stands in."""
    for name, records in page_lists(value) or [(hint, [value])]:
        for record in records:
            if isinstance(record, dict):
                yield _sort_of(record, name), record, name


def external_id(value: dict) -> str:
    """Its number there."""
    return line(value.get("id"), 120)


def record(sort: Sort, value: dict, hint: str = "") -> Iterator[Record]:
    """What it becomes here. Raises Unreadable."""
    if sort == Sort.ORGANISATION:
        website = line(value.get("website"), 250).casefold().removeprefix("https://").removeprefix("http://")
        domain = website.removeprefix("www.").partition("/")[0]
        yield Organisation(_id(value), line(value.get("name")) or f"Company {_id(value)}", domain)
    elif sort == Sort.PERSON:
        yield _human(value, hint)
    else:
        yield _conversation(value)


def text_of(html: object) -> str:
    """The words of HTML. Nothing of its markup is kept."""
    text = clean(html)
    if "<" in text:
        text = _TAGS.sub("", _BLOCKS.sub("\n", text))
    return _EMPTY.sub("\n\n", clean(unescape(text)))


def _sort_of(value: dict, hint: str) -> Sort:
    kind = value.get("type")
    if kind in ("company", "company.list") or hint == "companies":
        return Sort.ORGANISATION
    if kind in ("contact", "user", "lead", "admin", "team") or hint in ("contacts", "admins", "users"):
        return Sort.PERSON
    if kind == "conversation" or hint == "conversations" or "conversation_parts" in value or "source" in value:
        return Sort.TICKET
    return Sort.PERSON if "email" in value else Sort.TICKET


def _human(value: dict, hint: str) -> Human:
    companies = value.get("companies")
    data = companies.get("data") or companies.get("companies") if isinstance(companies, dict) else None
    company = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    return Human(
        external_id=_id(value),
        email=line(value.get("email"), 320),
        name=line(value.get("name")),
        organisation=line(company.get("id"), 120),
        is_colleague=value.get("type") in ("admin", "team") or hint == "admins",
        created_at=read_seconds(value.get("created_at")),
        phone=line(value.get("phone"), 60),
    )


def _conversation(value: dict) -> Case:
    number = _id(value)
    spelt = value.get("source")
    source: dict = spelt if isinstance(spelt, dict) else {}
    requester = _requester(value, source)
    if not requester:
        raise Unreadable("It does not say who asked.")
    category = _category(value)
    updated_at = read_seconds(value.get("updated_at"))
    said = tuple(_said(value, source))
    subject = line(text_of(source.get("subject")), 998) or line(value.get("title"), 998)
    closed_at = _closed_at(value) or updated_at
    return Case(
        external_id=number,
        subject=subject or next((line(one.text, 80) for one in said if one.is_public and one.text), ""),
        requester=requester,
        said=said,
        category=category,
        priority=Priority.HIGH if value.get("priority") in ("priority", True) else Priority.NORMAL,
        channel=_CHANNELS.get(str(source.get("type")), Channel.CHAT),
        tags=tags_of(_names(value.get("tags"))),
        created_at=read_seconds(value.get("created_at")),
        updated_at=updated_at,
        closed_at=closed_at if category == Category.CLOSED else None,
        follow_up_at=read_seconds(value.get("snoozed_until")) if category != Category.CLOSED else None,
        assignee=_assignee(value),
    )


def _category(value: dict) -> Category:
    state = str(value.get("state") or ("open" if value.get("open") else "closed"))
    if state == "closed":
        return Category.CLOSED
    return Category.HOLD if state == "snoozed" else Category.OPEN


def _closed_at(value: dict):
    statistics = value.get("statistics")
    return read_seconds(statistics.get("last_close_at")) if isinstance(statistics, dict) else None


def _requester(value: dict, source: dict) -> Writer:
    author = _writer(source.get("author"))
    if author and not author.is_colleague:
        return author
    contacts = value.get("contacts")
    found = contacts.get("contacts") if isinstance(contacts, dict) else contacts
    if isinstance(found, list) and found:
        return _writer({"type": "contact", **found[0]}) if isinstance(found[0], dict) else NOBODY
    return _writer(value.get("user"))


def _assignee(value: dict) -> Writer:
    spelt = value.get("assignee")
    if isinstance(spelt, dict) and spelt.get("type") == "admin":
        return _writer(spelt)
    number = line(value.get("admin_assignee_id"), 120)
    return Writer(external_id=number, is_colleague=True) if number and number != "None" else NOBODY


def _said(value: dict, source: dict) -> Iterator[Said]:
    if text_of(source.get("body")) or source.get("attachments"):
        yield _words(f"source:{line(source.get('id'), 40)}", source, value.get("created_at"), is_public=True)
    parts = value.get("conversation_parts")
    found = parts.get("conversation_parts") or parts.get("parts") if isinstance(parts, dict) else parts
    for part in found if isinstance(found, list) else []:
        if isinstance(part, dict) and (text_of(part.get("body")) or part.get("attachments")):
            yield _words(
                line(part.get("id"), 60), part, part.get("created_at"), is_public=part.get("part_type") in _PUBLIC
            )


def _words(key: str, part: dict, at: object, *, is_public: bool) -> Said:
    return Said(
        key=key,
        text="(removed there)" if part.get("redacted") is True else text_of(part.get("body")),
        at=read_seconds(at),
        writer=_writer(part.get("author")),
        is_public=is_public,
        files=files_of(part.get("attachments"), "name"),
    )


def _writer(value: object) -> Writer:
    if not isinstance(value, dict):
        return NOBODY
    kind = value.get("type")
    return Writer(
        external_id=line(value.get("id"), 120),
        email=line(value.get("email"), 320),
        name=line(value.get("name")),
        is_colleague=kind in ("admin", "bot", "team") if kind else None,
    )


def _names(value: object) -> list:
    tags = value.get("tags") if isinstance(value, dict) else value
    return [tag.get("name") if isinstance(tag, dict) else tag for tag in tags] if isinstance(tags, list) else []


def _id(value: dict) -> str:
    number = external_id(value)
    if not number:
        raise Unreadable("It has no number, so that a second run would take it twice.")
    return number
