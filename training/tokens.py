"""What stands in addresses that open without signing in: one booking, or one feed. Derived, never stored."""

import base64
from collections.abc import Iterator

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac


def for_booking(uid: str, email: str) -> str:
    """Of the mail link to one booking, whatever row it is by now (C12), in the hands of whoever reads this address.

    Somebody who has another address by now parted with the old mailbox, and with the links in it.
    """
    return next(_tokens("training.booking", f"{uid}:{email}"))


def for_feed(trainer_id: int, version: int) -> str:
    """Of a trainer's calendar feed; another version is another token, and the old one is dead (C11)."""
    return next(_tokens("training.feed", f"{trainer_id}:{version}"))


def for_own_feed(person_id: int, version: int) -> str:
    """Of the feed of somebody who books: their own bookings and nothing else."""
    return next(_tokens("training.own_feed", f"{person_id}:{version}"))


def opens_own_feed(person_id: int, version: int, token: str) -> bool:
    """Whether `token` is the present one of this person's feed."""
    return _fits(token, _tokens("training.own_feed", f"{person_id}:{version}"))


def opens_booking(uid: str, email: str, token: str) -> bool:
    """Whether `token` is that of this very booking, mailed to the address that its customer has now."""
    return _fits(token, _tokens("training.booking", f"{uid}:{email}"))


def opens_feed(trainer_id: int, version: int, token: str) -> bool:
    """Whether `token` is the present one of this trainer's feed."""
    return _fits(token, _tokens("training.feed", f"{trainer_id}:{version}"))


def _tokens(purpose: str, value: str) -> Iterator[str]:
    # The key of now first; links that were mailed under an older one open until it is dropped.
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        made = salted_hmac(purpose, value, secret=secret, algorithm="sha256").digest()
        yield base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _fits(token: str, known: Iterator[str]) -> bool:
    return token.isascii() and any(constant_time_compare(token, one) for one in known)
