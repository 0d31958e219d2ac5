"""What stands in the address of an invoice: 256 random bits, of which only a hash is kept (S36)."""

import hashlib
import re
import secrets

BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def new_token() -> str:
    """256 random bits, fit for an address."""
    return secrets.token_urlsafe(BYTES)


def is_token(text: str) -> bool:
    """Whether `text` could have come from `new_token`."""
    return _TOKEN.fullmatch(text) is not None


def digest(token: str) -> str:
    """What is stored of a token. Its purpose is part of it: a token made for something else opens no invoice (S39)."""
    return hashlib.sha256(f"billing.invoice:{token}".encode()).hexdigest()
