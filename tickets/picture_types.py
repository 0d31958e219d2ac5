"""Which files a browser may show as a picture: what their first bytes say, never what a sender says."""

HEAD = 16
_SIGNS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def picture_type(head: bytes) -> str | None:
    """What the first 16 bytes say, None when they are no picture that a page shows."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((known for sign, known in _SIGNS.items() if head.startswith(sign)), None)
