"""Posts as other desks' programs send them: signed as their documentation says."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

SHAPES = Path(__file__).parent / "shapes"
SECRET = "dGhpcyBpcyBub3QgYSBzZWNyZXQ="
STAMP = "2026-03-04T09:30:00Z"


def shape(name: str) -> bytes:
    return (SHAPES / f"{name}.json").read_bytes()


def changed(name: str, **fields) -> bytes:
    """A shape with some fields of its first object changed: `detail__id="7"`."""
    value = json.loads(shape(name))
    for path, to in fields.items():
        *above, last = path.split("__")
        place = value
        for step in above:
            place = place[step]
        place[last] = to
    return json.dumps(value).encode()


def headers(kind: str, body: bytes, secret: str = SECRET, stamp: str = STAMP) -> dict[str, str]:
    key = secret.encode()
    if kind == "zendesk":
        digest = hmac.new(key, stamp.encode() + body, hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        return {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": stamp}
    if kind == "intercom":
        return {"X-Hub-Signature": f"sha1={hmac.new(key, body, hashlib.sha1).hexdigest()}"}
    signature = f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"
    return {
        "X-Discourse-Event-Signature": signature, "X-Discourse-Event": "post_created", "X-Discourse-Event-Type": "post",
        "X-Discourse-Event-Id": "57", "X-Discourse-Instance": "https://community.example",
    }  # fmt: skip


def send(client, source, body: bytes, *, secret: str = SECRET, **more: str):
    """Post it as its program would."""
    signed = {**headers(source.kind, body, secret), **more}
    return client.post(f"/hooks/sources/{source.key}/", data=body, content_type="application/json", headers=signed)
