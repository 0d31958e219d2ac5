"""RFC 2047 encoded words, as mailers really write them."""

import binascii
import re
from functools import lru_cache

from mail.parsing import charsets

_START = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?")
_LONGEST = 70_000  # characters; header blocks are capped at 64 kB before this


def decode_header(raw: bytes, fallback_charset: str = "") -> str:
    """The text of an unfolded header value: encoded words and raw 8-bit bytes read, nothing else changed."""
    return decode_words(raw_text(raw, fallback_charset))


def raw_text(raw: bytes, fallback_charset: str = "") -> str:
    """Header bytes as text; encoded words stay as they are, so that they cannot add structure."""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return charsets.decode(raw, fallback_charset)[0]


def decode_words(text: str) -> str:
    """Decode every encoded word. Neighbours in one charset are joined as bytes first: a character cut in two heals."""
    if "=?" not in text:
        return text
    pieces: list[str] = []
    run: list[bytes] = []
    run_charset = ""
    position = 0
    for start, end, charset, data in _encoded_words(text[:_LONGEST]):
        between = text[position:start]
        if between.strip() or (position == 0 and between) or charset.lower() != run_charset.lower():
            pieces.append(_decoded(run, run_charset))
            run = []
            if between.strip() or position == 0:
                pieces.append(between)
        run_charset = charset
        run.append(data)
        position = end
    pieces.append(_decoded(run, run_charset))
    pieces.append(text[position:])
    return "".join(pieces)


def _encoded_words(text: str) -> list[tuple[int, int, str, bytes]]:
    words = []
    position = 0
    while match := _START.search(text, position):
        end = text.find("?=", match.end())
        if end < 0:
            break
        words.append((match.start(), end + 2, match[1].partition("*")[0], _bytes_of(match[2], text[match.end() : end])))
        position = end + 2
    return words


def _bytes_of(encoding: str, payload: str) -> bytes:
    if encoding in "qQ":
        return binascii.a2b_qp(payload.replace(" ", "_").encode("utf-8", "replace"), header=True)
    letters = re.sub(r"[^A-Za-z0-9+/]", "", payload.replace("-", "+") if "+" not in payload else payload)
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


def _decoded(run: list[bytes], charset: str) -> str:
    return _cached(b"".join(run), charset) if run else ""


@lru_cache(maxsize=256)
def _cached(data: bytes, charset: str) -> str:
    return charsets.decode(data, charset)[0]
