"""Short signatures for what travels in addresses and Message-IDs.

130 bits of HMAC-SHA256 in lower-case base32, because mail programs change the case of addresses. The key is derived
from `SECRET_KEY` and the purpose, so that a signature made for one purpose is worth nothing for another (S39).
Signatures by a key in `SECRET_KEY_FALLBACKS` still hold, so old mails keep working after a rotation (F33).
"""

import base64
import hashlib
import hmac
import json

from django.conf import settings

LENGTH = 26


def sign(purpose: str, *parts: str | int) -> str:
    """The signature of `parts` for `purpose`: 26 characters of a-z and 2-7."""
    return _sign(settings.SECRET_KEY, purpose, parts)


def is_signed(signature: str, purpose: str, *parts: str | int) -> bool:
    """Whether `signature` is ours for exactly these parts, in any case of letters. Constant time."""
    given = signature.lower().encode("utf-8", "replace")
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    matches = [hmac.compare_digest(given, _sign(key, purpose, parts).encode()) for key in keys]
    return any(matches)


def base36(number: int) -> str:
    """`number` as mail addresses carry it."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while True:
        number, rest = divmod(number, 36)
        text = digits[rest] + text
        if not number:
            return text


def _sign(secret: str, purpose: str, parts: tuple[str | int, ...]) -> str:
    key = hashlib.sha256(b"supportdesk.mail:" + purpose.encode() + b":" + secret.encode()).digest()
    digest = hmac.new(key, json.dumps(parts).encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:LENGTH]
