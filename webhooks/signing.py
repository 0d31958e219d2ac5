"""Signatures by Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256 over id, timestamp and body."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """A secret as both sides write it: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(*, key: str, body: bytes, at: datetime, with_secrets: list[str]) -> dict[str, str]:
    """The three headers of a call. With two secrets there are two signatures: either side may change first."""
    timestamp = str(int(at.timestamp()))
    signatures = " ".join(_signature(secret, key, timestamp, body) for secret in with_secrets)
    return {"webhook-id": key, "webhook-timestamp": timestamp, "webhook-signature": signatures}


def _signature(secret: str, key: str, timestamp: str, body: bytes) -> str:
    raw = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(raw, f"{key}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
