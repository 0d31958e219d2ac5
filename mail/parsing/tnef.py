"""winmail.dat, Outlook's own box for a mail."""

import mimetypes
import struct
from dataclasses import dataclass, field

from mail.parsing.filenames import name_for


@dataclass
class Unpacked:
    text: str = ""
    html: str = ""
    files: list[tuple[str, str, bytes]] = field(default_factory=list)  # name, type, bytes


def unpack_tnef(data: bytes) -> Unpacked | None:
    """What is in the box, or None where it cannot be opened or is empty."""
    if not data.startswith(b"\x78\x9f\x3e\x22"):
        return None
    from tnefparse import TNEF  # noqa: PLC0415 (few mails need it, and every child process would load it)

    try:
        box = TNEF(data, do_checksum=False)
        unpacked = Unpacked(text=_text(box.body), html=_text(box.htmlbody))
        for number, file in enumerate(box.attachments[:200], 1):
            written = str(file.long_filename() or "")
            content_type = mimetypes.guess_type(written)[0] or "application/octet-stream"
            unpacked.files.append((name_for(written, content_type, number), content_type, bytes(file.data or b"")))
    except (
        ValueError,
        TypeError,
        IndexError,
        KeyError,
        AttributeError,
        LookupError,
        struct.error,
        AssertionError,
        OverflowError,
    ):
        return None
    return unpacked if unpacked.files or unpacked.text.strip() or unpacked.html.strip() else None


def _text(body: object) -> str:
    if isinstance(body, list):
        body = body[0] if body else ""
    if isinstance(body, bytes):
        return body.decode("utf-8", "replace")
    return str(body or "")
