"""Secrets that travel by mail: made here, kept as a hash, salted by what they are for (S39)."""

import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

ALPHABET = "BCDFGHJKMPQRTVWXY2346789"  # no vowels, no look-alikes
CODE_LENGTH = 8  # 24 ** 8 is 1.1e11


def new_token() -> str:
    """256 bits for a link."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Eight characters that a person can read out and type."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def shown_code(code: str) -> str:
    """BCDF-GH23"""
    return f"{code[:4]}-{code[4:]}"


def read_code(text: str) -> str:
    """What somebody typed or pasted, without spaces and dashes, in capitals."""
    return "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())


def hash_for(purpose: str, secret: str) -> str:
    """The hash that the database keeps. Another purpose gives another hash."""
    return salted_hmac(f"accounts.{purpose}", secret, algorithm="sha256").hexdigest()


def matches(purpose: str, secret: str, kept: str) -> bool:
    """Whether `secret` is what `kept` was made from. An empty one never is."""
    return bool(secret and kept) and constant_time_compare(hash_for(purpose, secret), kept)
