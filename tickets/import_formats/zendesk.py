"""Records of Zendesk: users, organizations, tickets with their comments, and events of tickets.

Shapes of its documentation: the account's export (a record a line, comments inside their ticket, people spelled out or
by number) and the pages of the incremental export. A comment is public only where it says so (security.md S29).
"""

from collections.abc import Iterator

from tickets.choices import Category, Channel, Priority, TicketType
from tickets.import_choices import Sort
from tickets.import_formats.json_records import page_lists
from tickets.import_formats.records import (
    NOBODY,
    Case,
    Human,
    Organisation,
    Record,
    Reply,
    Said,
    Unreadable,
    Writer,
    clean,
    files_of,
    line,
    tags_of,
)
from tickets.import_formats.times import read_seconds

_STATES = {
    "new": Category.NEW, "open": Category.OPEN, "pending": Category.WAITING, "hold": Category.HOLD,
    "solved": Category.CLOSED, "closed": Category.CLOSED,
}  # fmt: skip
_PRIORITIES = {"low": Priority.LOW, "high": Priority.HIGH, "urgent": Priority.URGENT}
_TYPES = {"problem": TicketType.PROBLEM, "incident": TicketType.PROBLEM, "task": TicketType.TASK}
_CHANNELS = {
    "email": Channel.MAIL, "api": Channel.API, "web": Channel.WEB, "web_form": Channel.WEB, "help_center": Channel.WEB,
    "web_widget": Channel.WEB, "mobile_sdk": Channel.WEB, "chat": Channel.CHAT, "messaging": Channel.CHAT,
    "native_messaging": Channel.CHAT, "whatsapp": Channel.CHAT, "voice": Channel.PHONE, "phone": Channel.PHONE,
    "sms": Channel.SMS,
}  # fmt: skip
_SORTS = {"users": Sort.PERSON, "organizations": Sort.ORGANISATION}


def read(value: dict, hint: str) -> Iterator[tuple[Sort, dict, str]]:
    """What a row holds: each record with its sort and the name of the list that it stands in."""
    for name, records in page_lists(value) or [(hint, [value])]:
        for record in records:
            if isinstance(record, dict):
                yield _sort_of(record, name), record, name


def external_id(value: dict) -> str:
    """Its number there."""
    number = value.get("id")
    return line(value.get("ticket_id") if number is None else number, 120)


def record(sort: Sort, value: dict, hint: str = "") -> Iterator[Record]:
    """What it becomes here. Raises Unreadable."""
    if sort == Sort.ORGANISATION:
        yield _organisation(value)
    elif sort == Sort.PERSON:
        yield _human(value)
    elif hint == "ticket_events" or "child_events" in value:
        yield from _events(value)
    elif "subject" not in value and "status" not in value and ("body" in value or "comments" in value):
        yield from _replies(value)
    else:
        yield _ticket(value)


def _sort_of(value: dict, hint: str) -> Sort:
    if hint in _SORTS:
        return _SORTS[hint]
    if hint or "subject" in value or "requester_id" in value or "ticket_id" in value or "child_events" in value:
        return Sort.TICKET
    if "role" in value or "email" in value:
        return Sort.PERSON
    return Sort.ORGANISATION if "domain_names" in value or "shared_tickets" in value else Sort.TICKET


def _organisation(value: dict) -> Organisation:
    domains = value.get("domain_names")
    domain = line(domains[0], 250).casefold() if isinstance(domains, list) and domains else ""
    return Organisation(_id(value), line(value.get("name")) or f"Organisation {_id(value)}", domain)


def _human(value: dict) -> Human:
    role = value.get("role")
    return Human(
        external_id=_id(value),
        email=line(value.get("email"), 320),
        name=line(value.get("name")),
        organisation=line(value.get("organization_id"), 120),
        is_colleague=role in ("agent", "admin"),
        created_at=read_seconds(value.get("created_at")),
        phone=line(value.get("phone"), 60),
    )


def _ticket(value: dict) -> Case:
    number, status = _id(value), line(value.get("status"), 40).casefold()
    if status == "deleted":
        raise Unreadable("It was deleted there.")
    requester = _person(value, "requester")
    if not requester:
        raise Unreadable("It does not say who asked.")
    category = _STATES.get(status, Category.OPEN)
    updated_at = read_seconds(value.get("updated_at"))
    via = value.get("via")
    channel = _CHANNELS.get(str(via.get("channel")) if isinstance(via, dict) else "", Channel.MAIL)
    tags = value.get("tags")
    subject, said = line(value.get("subject") or value.get("raw_subject"), 998), tuple(_said(value))
    if subject and value.get("is_public") is False and not any(one.is_public for one in said):
        # Written among colleagues: its requester would read it above a ticket of their own (S29).
        said = (*said, Said("subject", f"Subject there: {subject}", read_seconds(value.get("created_at"))))
        subject = "A ticket among colleagues"
    return Case(
        external_id=number,
        subject=subject,
        requester=requester,
        said=said,
        category=category,
        priority=_PRIORITIES.get(str(value.get("priority")), Priority.NORMAL),
        type=_TYPES.get(str(value.get("type")), TicketType.QUESTION),
        channel=channel,
        tags=tags_of(tags if isinstance(tags, list) else ()),
        created_at=read_seconds(value.get("created_at")),
        updated_at=updated_at,
        closed_at=(_solved_at(value) or updated_at) if category == Category.CLOSED else None,
        follow_up_at=read_seconds(value.get("due_at")),
        assignee=_person(value, "assignee"),
        organisation=line(value.get("organization_id"), 120),
    )


def _solved_at(value: dict):
    metrics = value.get("metric_set")
    return read_seconds(metrics.get("solved_at")) if isinstance(metrics, dict) else None


def _said(value: dict) -> Iterator[Said]:
    comments = value.get("comments")
    if isinstance(comments, list) and comments:
        yield from (_comment(comment) for comment in comments if isinstance(comment, dict))
    elif clean(value.get("description")):
        yield Said(
            key="description",
            text=clean(value.get("description")),
            at=read_seconds(value.get("created_at")),
            writer=_person(value, "submitter") or _person(value, "requester"),
            is_public=value.get("is_public") is not False,
        )


def _comment(value: dict) -> Said:
    return Said(
        key=line(value.get("id"), 60),
        text=clean(value.get("plain_body") or value.get("body")),
        at=read_seconds(value.get("created_at") or value.get("timestamp")),
        writer=_person(value, "author"),
        is_public=value.get("public") is True,
        files=files_of(value.get("attachments"), "file_name"),
    )


def _events(value: dict) -> Iterator[Reply]:
    """A change of a ticket; only its comments are words."""
    children = value.get("child_events") or value.get("events")
    for child in children if isinstance(children, list) else []:
        if isinstance(child, dict) and (child.get("event_type") or child.get("type")) == "Comment":
            filled = {"created_at": value.get("created_at"), "timestamp": value.get("timestamp"), **child}
            yield Reply(line(value.get("ticket_id"), 120), _comment(filled))


def _replies(value: dict) -> Iterator[Reply]:
    case = line(value.get("ticket_id"), 120)
    if not case:
        raise Unreadable("It does not say to which ticket it belongs.")
    comments = value.get("comments")
    for comment in comments if isinstance(comments, list) else [value]:
        if isinstance(comment, dict):
            yield Reply(case, _comment(comment))


def _person(value: dict, name: str) -> Writer:
    """Somebody whom a record names by number, or spells out."""
    spelt = value.get(name)
    if isinstance(spelt, dict):
        return Writer(
            external_id=line(spelt.get("id"), 120),
            email=line(spelt.get("email"), 320),
            name=line(spelt.get("name")),
            is_colleague=spelt["role"] in ("agent", "admin") if spelt.get("role") else None,
        )
    number = line(value.get(f"{name}_id"), 120)
    return Writer(external_id=number) if number and number != "None" else NOBODY


def _id(value: dict) -> str:
    number = external_id(value)
    if not number:
        raise Unreadable("It has no number, so that a second run would take it twice.")
    return number
