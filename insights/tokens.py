"""The link in a survey's mail: 256 bits for one purpose, of which only a hash is kept (S36, S39)."""

import hashlib
import re
import secrets

PURPOSE = "survey"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def new_token() -> str:
    """256 random bits, fit for an address."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Whether `text` could have come from `new_token`."""
    return _TOKEN.fullmatch(text) is not None


def digest(token: str) -> str:
    """What is stored of a token. It covers the purpose: a ticket's link opens no survey."""
    return hashlib.sha256(f"{PURPOSE}:{token}".encode()).hexdigest()
