"""Raw mails for the tests, byte for byte."""

import base64

BOB = "From: Bob <bob@example.com>"


def mail(head: str | bytes = "", body: str | bytes = "Good morning.\n", *, sender: str | None = BOB) -> bytes:
    """A mail with an ordinary sender (or none), the given header lines and body."""
    lines = [line.encode() for line in (sender,) if line is not None]
    lines.append(head.encode() if isinstance(head, str) else head)
    body = body.encode() if isinstance(body, str) else body
    return b"\n".join(line for line in lines if line) + b"\n\n" + body


def from_(value: str | bytes) -> bytes:
    """A mail whose From holds exactly these characters."""
    value = value.encode() if isinstance(value, str) else value
    return b"From: " + value + b"\nSubject: x\nMessage-ID: <1@example.com>\n\nHello\n"


def typed(content_type: str, body: str | bytes, *, encoding: str = "8bit", more: str = "") -> bytes:
    """A mail of one part."""
    head = f"Subject: x\nMIME-Version: 1.0\nContent-Type: {content_type}\nContent-Transfer-Encoding: {encoding}"
    return mail(head + (f"\n{more}" if more else ""), body)


def multipart(
    *parts: tuple[str, str | bytes], subtype: str = "mixed", boundary: str = "frontier", head: str = ""
) -> bytes:
    """A mail of parts, each as (its headers, its body)."""
    pieces = []
    for headers, body in parts:
        data = body.encode() if isinstance(body, str) else body
        pieces.append(f"--{boundary}\n{headers}\n\n".encode() + data + b"\n")
    pieces.append(f"--{boundary}--\n".encode())
    top = f'Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/{subtype}; boundary="{boundary}"'
    return mail(f"{head}\n{top}" if head else top, b"".join(pieces))


def encoded(data: bytes) -> str:
    return base64.encodebytes(data).decode()


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
