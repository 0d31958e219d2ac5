"""`parse`: bytes in, a `ParsedMail` out. Pure: no database, no settings, no network."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from mail.parsing.addresses import normal_email, parse_addresses
from mail.parsing.authentication import read_authentication
from mail.parsing.automatic import read_automatic, read_loop
from mail.parsing.bodies import Bodies, read_bodies
from mail.parsing.bounces import read_bounce
from mail.parsing.dates import read_date
from mail.parsing.forwards import read_forwarded
from mail.parsing.headers import Headers
from mail.parsing.quotes import split_reply
from mail.parsing.senders import Sender, read_sender
from mail.parsing.structure import Part, read_structure
from mail.parsing.text import clean_line
from mail.parsing.types import Address, ParsedMail

LONGEST_SUBJECT = 998
_MESSAGE_ID = re.compile(r"<\s*([^<>\s]{1,990})\s*>")
_BARE_ID = re.compile(r"[^<>\s]{1,400}@[^<>\s]{1,400}")
_MOST_IDS = 200
_DELIVERED = (
    "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "x-delivered-to",
    "x-real-to", "x-rcpt-to", "apparently-to", "x-apparently-to", "x-gm-original-to",
    "x-ms-exchange-organization-originalenveloperecipients",
)  # fmt: skip


def parse(
    raw: bytes,
    *,
    own_domains: Collection[str] = (),
    own_addresses: Collection[str] = (),
    trusted_authserv_ids: Collection[str] = (),
    now: datetime | None = None,
) -> ParsedMail:
    """Understand one mail. `own_domains` are those of our Message-IDs. Raises Unparsable at the caps, nothing else.

    Run it through `sandbox.ParserProcess` for mail from outside: time and memory are capped there. `now` bounds the
    Date of a mail without Received; it is the present moment unless given.
    """
    root = read_structure(raw)
    bodies = read_bodies(root)
    sender = read_sender(root.headers)
    notes = [*bodies.notes, *sender.notes]
    head = _head(root.headers, notes, now)
    believed = None if sender.problem else sender.address
    return ParsedMail(
        from_=sender.address,
        sender_problem=sender.problem,
        **head,
        **_meaning(root, sender, head["subject"], bodies),
        loop=read_loop(root.headers, head["message_id"], own_domains, own_addresses),
        authentication=read_authentication(root.headers, believed, trusted_authserv_ids),
        notes=list(dict.fromkeys(note for note in notes if note)),
    )


def _head(headers: Headers, notes: list[str], now: datetime | None) -> dict[str, Any]:
    """What the headers say; adds to `notes`."""
    date, date_note = read_date(headers, now=now)
    message_ids = _ids(headers, "message-id")
    notes += [date_note, _id_note(message_ids)]
    return {
        "message_id": message_ids[0] if message_ids else "",
        "in_reply_to": _ids(headers, "in-reply-to"),
        "references": _ids(headers, "references"),
        "sender": _first(headers, "sender"),
        "reply_to": _addresses(headers, "reply-to", notes),
        "to": _addresses(headers, "to", notes),
        "cc": _addresses(headers, "cc", notes),
        "delivered_to": _delivered_to(headers),
        "return_path": normal_email(headers.undecoded("return-path").strip("<> ")),
        "subject": clean_line(headers.text("subject"), LONGEST_SUBJECT),
        "date": date,
        "thread_index": clean_line(headers.undecoded("thread-index"), 300).replace(" ", ""),
    }


def _meaning(root: Part, sender: Sender, subject: str, bodies: Bodies) -> dict[str, Any]:
    """What the mail is: words of a person with or without a quote, a bounce, something passed on, a machine's note."""
    text = bodies.text
    email = sender.address.email if sender.address else ""
    bounce = read_bounce(root, subject, email or root.headers.undecoded("from"), text)
    forwarded = None if bounce else read_forwarded(root, subject, text)
    passed_on = forwarded is not None or bounce is not None
    reply, quoted = (text.strip("\n"), "") if passed_on else split_reply(text, quote_below=bodies.quote_below)
    automatic = read_automatic(root.headers, subject, email, text)
    return {
        "text": text,
        "html": bodies.html,
        "reply_text": reply,
        "quoted_text": quoted,
        "attachments": bodies.files,
        "remote_images": bodies.remote_images,
        "bounce": bounce,
        "forwarded": forwarded,
        "auto_reply": "" if bounce else automatic.kind,
        "is_bulk": automatic.is_bulk,
        "is_list": automatic.is_list,
        "wants_no_reply": automatic.wants_no_reply,
    }


def _first(headers: Headers, name: str) -> Address | None:
    found = parse_addresses(headers.undecoded(name)).addresses
    return found[0] if found else None


def _addresses(headers: Headers, name: str, notes: list[str]) -> list[Address]:
    """All sound addresses of all headers of that name, each once."""
    found: dict[str, Address] = {}
    defective = 0
    for value in headers.raws(name):
        parsed = parse_addresses(headers.as_text(value))
        defective += parsed.defective + parsed.strays
        for address in (*parsed.addresses, *parsed.doubtful):
            found.setdefault(address.email, address)
    if defective:
        notes.append(f"{name.title()} holds {defective} entries that are no address; they were left out.")
    return list(found.values())[:500]


def _delivered_to(headers: Headers) -> list[str]:
    found: dict[str, None] = {}
    for name in _DELIVERED:
        for value in headers.raws(name):
            for address in parse_addresses(headers.as_text(value)).addresses:
                found.setdefault(address.email)
    return list(found)[:50]


def _ids(headers: Headers, name: str) -> list[str]:
    """Message-IDs with their brackets, in order, each once; the first and the newest when there are very many."""
    found: dict[str, None] = {}
    for value in headers.raws(name):
        text = clean_line(value.decode("utf-8", "replace"), 70_000)
        matches = _MESSAGE_ID.findall(text) or _BARE_ID.findall(text)[:_MOST_IDS]
        for match in matches:
            found.setdefault(f"<{match}>")
    ids = list(found)
    return ids if len(ids) <= _MOST_IDS else ids[:1] + ids[1 - _MOST_IDS :]


def _id_note(message_ids: list[str]) -> str:
    if not message_ids:
        return "The mail has no usable Message-ID."
    return "The mail has several Message-IDs; the first one counts." if len(message_ids) > 1 else ""
