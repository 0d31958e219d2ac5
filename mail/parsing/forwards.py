"""Mail that somebody passes on: who wrote the original, when, and what.

Gmail, Outlook, Apple Mail, Thunderbird and Yahoo write a block of headers into the text, in the forwarder's language;
some attach the mail as message/rfc822 instead.
"""

import re

from mail.parsing.addresses import normal_email, parse_addresses
from mail.parsing.bodies import read_bodies
from mail.parsing.dates import parse_date
from mail.parsing.quotes import markers
from mail.parsing.structure import Part, read_structure
from mail.parsing.text import clean_line
from mail.parsing.types import Address, Forwarded, Unparsable

_PREFIXES = (
    "fwd?", "wg", "tr", "rv", "enc", "i", "vs", "vb", "vl", "doorst", "pd", "podaj dalej", "ilt", "továbbítás",
    "пересл", "转发", "轉寄", "转寄", "転送", "전달", "fs", "trs", "rtr", "inoltra",
)  # fmt: skip
_PREFIX = re.compile(
    rf"\s*(?:\[[^\]]{{0,40}}\]\s*)?(?:{'|'.join(_PREFIXES)})\s?(?:\[\d+\])?\s?[:：]",
    re.IGNORECASE,
)
_MAILTO = re.compile(r"\[mailto:([^\]\s]{3,254})\]|<mailto:([^>\s]{3,254})>", re.IGNORECASE)
_READ_LINES = 400


def read_forwarded(root: Part, subject: str, text: str) -> Forwarded | None:
    """The original mail, or None when nothing says that this one was passed on by a person."""
    titled = bool(_PREFIX.match(subject[:100]))
    return _in_text(text, titled) or (_attached(root) if titled or _is_only_cover(text) else None)


def _is_only_cover(text: str) -> bool:
    return len(text.split()) <= 40


def _in_text(text: str, titled: bool) -> Forwarded | None:
    lines = text.split("\n")
    for number, line in enumerate(lines[:_READ_LINES]):
        kind = markers.rule_kind(line.strip())
        if kind == "forwarded" or (kind == "original" and titled):
            found = _block(lines, number + 1)
        elif titled and markers.header_kind(line) == "from":
            found = _block(lines, number)
        else:
            continue
        if found is not None:
            headers, body = found
            return _forwarded(headers, lines[:number], lines[body:])
    return None


def _block(lines: list[str], start: int) -> tuple[dict[str, str], int] | None:
    """The header lines from `start` on by kind, and where the original's text begins."""
    found: dict[str, str] = {}
    last, number, blanks = "", start, 0
    while number < min(len(lines), start + 25):
        line = _unquoted(lines[number])
        kind = markers.header_kind(line)
        if not line.strip():
            blanks += 1
            if len(found) >= 3 or blanks > 2:
                break
        elif kind:
            found.setdefault(kind, markers.header_value(line))
            last = kind
        elif last:
            found[last] = f"{found[last]} {line.strip()}"
            if len(found[last]) > 600:
                break
        else:
            return None
        number += 1
    return (found, number) if "from" in found and len(found) >= 2 else None


def _unquoted(line: str) -> str:
    return line.lstrip("> ") if line.startswith(">") else line


def _forwarded(headers: dict[str, str], above: list[str], below: list[str]) -> Forwarded | None:
    sender = _sender(headers["from"])
    if sender is None:
        return None
    text = "\n".join(_unquoted(line) for line in below) if _all_quoted(below) else "\n".join(below)
    comment = "\n".join(above).strip().rstrip("_-").strip()
    subject = clean_line(headers.get("subject", ""), 998)
    return Forwarded(sender, subject, parse_date(headers.get("when", "")), text.strip(), comment)


def _all_quoted(lines: list[str]) -> bool:
    written = [line for line in lines if line.strip()]
    return bool(written) and all(line.startswith(">") for line in written)


def _sender(value: str) -> Address | None:
    mailto = _MAILTO.search(value)
    if mailto:
        email = normal_email(mailto[1] or mailto[2])
        name = clean_line(value[: mailto.start()], 200).strip(" \"'<>*[")
        return Address(email, "" if name.lower() == email else name) if email else None
    found = parse_addresses(value.replace("*", "").replace("[", "<").replace("]", ">"))
    return found.addresses[0] if len(found.addresses) == 1 else None


def _attached(root: Part) -> Forwarded | None:
    """A mail attached as a file, when it is the only one."""
    messages = [part for part in root.walk() if part.is_message]
    if len(messages) != 1 or root.content_type == "multipart/report":
        return None
    try:
        inner = messages[0].children[0] if messages[0].children else read_structure(messages[0].body_bytes()[0])
    except Unparsable:
        return None
    senders = parse_addresses(inner.headers.undecoded("from"))
    if len(senders.addresses) != 1 or senders.defective:
        return None
    subject = clean_line(inner.headers.text("subject"), 998)
    date = parse_date(inner.headers.undecoded("date"))
    return Forwarded(senders.addresses[0], subject, date, read_bodies(inner).text.strip())
