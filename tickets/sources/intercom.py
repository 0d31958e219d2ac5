"""Intercom: notifications of conversations, and exports of conversations."""

from collections.abc import Mapping
from typing import Any

from tickets.sources.facts import Facts, identity, line, mapping, moment, part, parts_of, words_of_html

WROTE = ("conversation.user.created", "conversation.user.replied")
DID = {
    "conversation.admin.replied": "answered",
    "conversation.admin.noted": "wrote a private note",
    "conversation.admin.closed": "closed it",
    "conversation.admin.opened": "opened it again",
    "conversation.admin.single.created": "began it",
}


def read_post(body: dict[str, Any], headers: Mapping[str, str]) -> list[Facts]:
    """A notification. “ping” and whatever is no conversation say only that the source works."""
    topic = line(body.get("topic"))
    if topic not in WROTE and topic not in DID:
        return []
    talk = mapping(part(body.get("data")).get("item"), "conversation")
    if topic in DID:
        return [_did(talk, topic, identity(body.get("id"), "notification"))]
    first = of_conversation(talk)
    parts = parts_of(part(talk.get("conversation_parts")).get("conversation_parts"))
    further = [_part(one, first) for one in parts]
    return [first, *(one for one in further if one)]


def of_conversation(talk: dict[str, Any]) -> Facts:
    """How a conversation began, as a notification and an export hold it."""
    number = identity(talk.get("id"), "conversation")
    source = part(talk.get("source"))
    author = part(source.get("author"))
    began = moment(talk.get("created_at"))
    text = words_of_html(source.get("body"))
    subject = line(words_of_html(source.get("subject")), 998) or line(talk.get("title"), 998) or line(text, 80)
    return Facts(
        event=f"conversation:{number}", item=number, at=began, opened_at=began, subject=subject,
        words=text or subject, name=line(author.get("name")), email=line(author.get("email"), 320),
        author=line(author.get("id"), 100), address=line(source.get("url"), 500),
    )  # fmt: skip


def _part(one: dict[str, Any], first: Facts) -> Facts | None:
    """A customer's further words. What admins and bots wrote comes under topics of its own."""
    author = part(one.get("author"))
    text = words_of_html(one.get("body"))
    if one.get("part_type") != "comment" or not _is_customer(author) or not text:
        return None
    return Facts(
        event=f"part:{identity(one.get('id'), 'part of the conversation')}", item=first.item,
        at=moment(one.get("created_at")), opened_at=first.opened_at, subject=first.subject, words=text,
        name=line(author.get("name")), email=line(author.get("email"), 320), author=line(author.get("id"), 100),
    )  # fmt: skip


def _did(talk: dict[str, Any], topic: str, notification: str) -> Facts:
    parts = part(talk.get("conversation_parts")).get("conversation_parts")
    last = part(parts[-1]) if isinstance(parts, list) and parts else {}
    name = line(part(last.get("author")).get("name")) or "Somebody"
    first, is_theirs = of_conversation(talk), _is_customer(part(part(talk.get("source")).get("author")))
    return Facts(
        event=f"notification:{notification}", item=first.item, at=moment(talk.get("updated_at")),
        opened_at=first.opened_at, did=f"{name} {DID[topic]}", subject=first.subject if is_theirs else "",
        name=first.name if is_theirs else "", email=first.email if is_theirs else "",
        author=first.author if is_theirs else "",
    )  # fmt: skip


def _is_customer(author: dict[str, Any]) -> bool:
    return author.get("type") in ("user", "lead", "contact")
