"""Secrets that we have to know again (of mail servers, of webhooks), and files that prove something, encrypted before
they are stored.

The key comes from `MAIL_VAULT_KEY` (several, separated by commas: the first encrypts, all of them decrypt), from a
file named by `MAIL_VAULT_KEY_FILE`, or is made at the first start and kept in a 0600 file below `VAR_DIR`. It is never
in the database, so a stolen dump opens nothing.
"""

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

PREFIX = "fernet:"


class SealedTooWell(RuntimeError):
    """A stored secret was encrypted with a key that we no longer have."""


def _fernet_key(secret: str) -> bytes:
    # Any long random text serves as a key; operators need not know Fernet's own format.
    return base64.urlsafe_b64encode(hashlib.sha256(b"mail.vault:" + secret.encode()).digest())


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(key)) for key in keys])


def seal(plain: str) -> str:
    """`plain` encrypted, as text; an empty one stays empty."""
    return PREFIX + _box(tuple(settings.MAIL_VAULT_KEYS)).encrypt(plain.encode()).decode() if plain else ""


def unseal(sealed: str) -> str:
    """The secret behind `sealed`. Raises SealedTooWell when no key of ours opens it."""
    if not sealed:
        return ""
    try:
        return _box(tuple(settings.MAIL_VAULT_KEYS)).decrypt(sealed.removeprefix(PREFIX).encode()).decode()
    except InvalidToken as error:
        raise SealedTooWell(
            "A stored secret cannot be decrypted with the keys in MAIL_VAULT_KEY. Set it again."
        ) from error


def seal_bytes(plain: bytes) -> bytes:
    """A file's content encrypted; a third larger than `plain`."""
    return _box(tuple(settings.MAIL_VAULT_KEYS)).encrypt(plain)


def unseal_bytes(sealed: bytes) -> bytes:
    """The content behind `sealed`. Raises SealedTooWell when no key of ours opens it, or somebody changed it."""
    try:
        return _box(tuple(settings.MAIL_VAULT_KEYS)).decrypt(sealed)
    except InvalidToken as error:
        raise SealedTooWell("A stored file cannot be decrypted with the keys in MAIL_VAULT_KEY.") from error


class SealedField(models.TextField):
    """Text that is plain in Python and encrypted in the database."""

    def get_prep_value(self, value):
        """Encrypt on the way in. Searching by it finds nothing, by design."""
        value = super().get_prep_value(value)
        return seal(value) if value else value

    def from_db_value(self, value, expression, connection):
        """Decrypt on the way out."""
        return unseal(value) if value else value
