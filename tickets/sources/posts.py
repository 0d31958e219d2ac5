"""Posts of other desks' programs: proven by their signature, then read into facts.

A delivery that comes again holds the same facts under the same ids. When it was signed matters to one question alone:
an old post proves that its program worked then, and not that it does now.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tickets.source_choices import SourceKind
from tickets.sources import discourse, intercom, zendesk
from tickets.sources.facts import BadPost, Facts, NotSigned, Writer, moment, part


@dataclass(frozen=True)
class Program:
    """How a program signs, and how its posts are read."""

    prove: Callable[[str, bytes, Mapping[str, str]], bool]
    read: Callable[[dict[str, Any], Mapping[str, str]], list[Facts]]
    said_at: Callable[[dict[str, Any], Mapping[str, str]], str]
    read_writers: Callable[[dict[str, Any]], list[Writer]] = lambda body: []


@dataclass(frozen=True)
class Post:
    """What a post says of conversations and of those who write in them. `at`: when its program said so, if it tells."""

    facts: list[Facts] = field(default_factory=list)
    writers: list[Writer] = field(default_factory=list)
    at: datetime | None = None


def read_post(kind: str, *, secret: str, body: bytes, headers: Mapping[str, str]) -> Post:
    """What a post says; nothing for one that says nothing about a conversation. Raises NotSigned and BadPost."""
    program = PROGRAMS.get(kind)
    if program is None or not secret:
        raise NotSigned("This source takes no posts.")
    if not program.prove(secret, body, headers):
        raise NotSigned("The signature of this post is missing or wrong.")
    said = as_json(body)
    at = program.said_at(said, headers)
    return Post(program.read(said, headers), program.read_writers(said), datetime.fromisoformat(at) if at else None)


def as_json(body: bytes) -> dict[str, Any]:
    """The object in a body. Raises BadPost, also for one that is nested without end."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPost("This post is not JSON.") from error
    if not isinstance(value, dict):
        raise BadPost("This post is no JSON object.")
    return value


def _signed_by_zendesk(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    stamp = headers.get("X-Zendesk-Webhook-Signature-Timestamp", "")
    digest = hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
    return bool(stamp) and _same(base64.b64encode(digest).decode(), headers.get("X-Zendesk-Webhook-Signature", ""))


def _signed_by_intercom(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    digest = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return _same(f"sha1={digest}", headers.get("X-Hub-Signature", ""))


def _signed_by_discourse(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _same(f"sha256={digest}", headers.get("X-Discourse-Event-Signature", ""))


def _same(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.encode("utf-8", "replace"))


def _zendesk_said_at(body: dict[str, Any], headers: Mapping[str, str]) -> str:
    return moment(headers.get("X-Zendesk-Webhook-Signature-Timestamp"))


def _intercom_said_at(body: dict[str, Any], headers: Mapping[str, str]) -> str:
    return moment(body.get("created_at"))


def _discourse_said_at(body: dict[str, Any], headers: Mapping[str, str]) -> str:
    return moment(part(body.get("post")).get("created_at"))


PROGRAMS: dict[str, Program] = {
    SourceKind.ZENDESK: Program(_signed_by_zendesk, zendesk.read_post, _zendesk_said_at, zendesk.read_writers),
    SourceKind.INTERCOM: Program(_signed_by_intercom, intercom.read_post, _intercom_said_at),
    SourceKind.DISCOURSE: Program(_signed_by_discourse, discourse.read_post, _discourse_said_at),
}
