"""Zendesk: webhooks that are subscribed to ticket events, and exports of tickets as JSON or CSV."""

from collections.abc import Mapping
from typing import Any

from tickets.sources.facts import Facts, Writer, identity, line, mapping, moment, part, words

CREATED = "zen:event-type:ticket.created"
COMMENTED = "zen:event-type:ticket.comment_added"
STATE = "zen:event-type:ticket.status_changed"
USER = ("zen:event-type:user.", "zen:event-type/user.")  # its documentation spells some with a slash
GONE = "deleted"


def read_post(body: dict[str, Any], headers: Mapping[str, str]) -> list[Facts]:
    """An event of a ticket. Others, such as the test of an endpoint, say only that the source works."""
    kind = body.get("type")
    if kind not in (CREATED, COMMENTED, STATE):
        return []
    ticket = mapping(body.get("detail"), "ticket")
    if kind == CREATED:
        return [of_ticket(ticket, {})]
    event = part(body.get("event"))
    known = {
        "item": identity(ticket.get("id"), "ticket"), "opened_at": moment(ticket.get("created_at")),
        "subject": _subject(ticket),
    }  # fmt: skip
    if kind == STATE:
        asked, said = line(ticket.get("requester_id"), 100), identity(body.get("id"), "event")
        state = line(event.get("current")).lower()
        return [
            Facts(
                event=f"event:{said}", at=moment(body.get("time")), did=f"was set to “{state}”", author=asked, **known
            )
        ]
    return [_comment(mapping(event.get("comment"), "comment"), moment(body.get("time")), ticket, known)]


def read_writers(body: dict[str, Any]) -> list[Writer]:
    """Whom an event of a user is about. Events of tickets name people by number alone, these know their addresses."""
    kind, user = body.get("type"), part(body.get("detail"))
    if not isinstance(kind, str) or not kind.startswith(USER) or kind.endswith(GONE):
        return []
    if line(user.get("role")).lower() not in ("", "end-user", "end_user"):
        return []
    return [Writer(line(user.get("id"), 100), line(user.get("email"), 320), line(user.get("name")))]


def of_ticket(ticket: dict[str, Any], people: Mapping[str, dict[str, Any]]) -> Facts:
    """A ticket as a webhook and an export hold it; `people` are its export's users by their ids.

    One that is private there is a note among colleagues: neither its subject nor its words come along (S29).
    """
    number = identity(ticket.get("id"), "ticket")
    author = line(ticket.get("requester_id"), 100)
    person = part(ticket.get("requester")) or people.get(author, {})
    began = moment(ticket.get("created_at"))
    subject = _subject(ticket)
    said = words(ticket.get("description")) if ticket.get("is_public") is not False else ""
    return Facts(
        event=f"ticket:{number}", item=number, at=began, opened_at=began, subject=subject, words=said or subject[:250],
        name=line(person.get("name")), email=line(person.get("email"), 320), author=author,
        address=line(ticket.get("url"), 500),
    )  # fmt: skip


def _comment(comment: dict[str, Any], at: str, ticket: dict[str, Any], known: dict[str, str]) -> Facts:
    number = identity(comment.get("id"), "comment")
    writer = part(comment.get("author"))
    name = line(writer.get("name")) or "Somebody"
    if writer.get("is_staff") or not comment.get("is_public", True):
        did = "answered" if comment.get("is_public", True) else "wrote a private note"
        asked = line(ticket.get("requester_id"), 100)
        return Facts(event=f"comment:{number}", at=at, did=f"{name} {did}", author=asked, **known)
    author = line(writer.get("id"), 100)
    return Facts(
        event=f"comment:{number}", at=at, words=words(comment.get("body")),
        name=line(writer.get("name")), email=line(writer.get("email"), 320), author=author, **known,
    )  # fmt: skip


def _subject(ticket: dict[str, Any]) -> str:
    """What a customer may read above a ticket: nothing of one that is private there."""
    return line(ticket.get("subject"), 998) if ticket.get("is_public") is not False else ""
