"""Frames between the parent and its child. JSON and plain bytes, never pickle: the child may be in bad hands."""

import json
import struct
from dataclasses import asdict
from datetime import datetime
from typing import Any

from mail.parsing.types import Address, Attachment, Authentication, Bounce, Forwarded, ParsedMail, Unparsable

LENGTH = struct.Struct("!I")
_ADDRESSES = ("reply_to", "to", "cc")


def frame(*pieces: bytes) -> bytes:
    """One message: its total length, then every piece behind its own length."""
    body = b"".join(LENGTH.pack(len(piece)) + piece for piece in pieces)
    return LENGTH.pack(len(body)) + body


def pieces_of(body: bytes) -> list[bytes]:
    """The pieces of a frame's body. Raises ValueError when the lengths do not fit."""
    pieces, position = [], 0
    while position < len(body):
        if position + LENGTH.size > len(body):
            raise ValueError("A length is cut off.")
        (length,) = LENGTH.unpack_from(body, position)
        position += LENGTH.size
        if position + length > len(body):
            raise ValueError("A piece is cut off.")
        pieces.append(body[position : position + length])
        position += length
    return pieces


def dump_parsed(parsed: ParsedMail) -> bytes:
    """The frame of a result: a JSON head, then the bytes of each attachment."""
    files = parsed.attachments
    head = {name: value for name, value in vars(parsed).items() if name != "attachments"}
    head["attachments"] = [{name: value for name, value in vars(file).items() if name != "data"} for file in files]
    return frame(json.dumps({"parsed": head}, default=_plain).encode(), *(file.data for file in files))


def dump_refusal(error: Unparsable) -> bytes:
    return frame(json.dumps({"unparsable": [error.code, error.sentence, error.trace]}).encode())


def load_answer(body: bytes) -> ParsedMail:
    """The result in a frame's body. Raises the Unparsable in it, or ValueError, KeyError, TypeError on nonsense."""
    head, *files = pieces_of(body)
    answer = json.loads(head)
    if "unparsable" in answer:
        raise Unparsable(*(str(piece) for piece in answer["unparsable"]))
    return _parsed(answer["parsed"], files)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else asdict(value)


def _parsed(head: dict[str, Any], files: list[bytes]) -> ParsedMail:
    described = head.pop("attachments")
    attachments = [Attachment(data=data, **fields) for fields, data in zip(described, files, strict=True)]
    for name in _ADDRESSES:
        head[name] = [Address(**fields) for fields in head[name]]
    for name in ("from_", "sender"):
        head[name] = Address(**head[name]) if head[name] else None
    head["date"] = _date(head["date"])
    head["bounce"] = Bounce(**head["bounce"]) if head["bounce"] else None
    head["authentication"] = Authentication(**head["authentication"])
    original = head["forwarded"]
    if original:
        original["sender"] = Address(**original["sender"])
        original["date"] = _date(original["date"])
        head["forwarded"] = Forwarded(**original)
    return ParsedMail(attachments=attachments, **head)


def _date(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
