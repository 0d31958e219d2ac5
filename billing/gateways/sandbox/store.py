"""What the sandbox keeps: objects by their key, events on their way to us, things that a bank does later."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from billing.gateways.keys import SANDBOX_MARK
from billing.models import SandboxEvent, SandboxObject, SandboxStep
from supportdesk.lib.background import enqueue_on_commit

API_VERSION = "2026-10-28.endive"
Params = Mapping[str, Any]
Body = dict[str, Any]


class Fault(Exception):
    """An answer that is an error. What was changed before it stays: a declined charge exists."""

    def __init__(self, status: int, **error: Any) -> None:
        super().__init__(error.get("message", ""))
        self.status = status
        self.error = {name: value for name, value in error.items() if value is not None}


def bad_request(message: str, **more: Any) -> Fault:
    """400, as for a request that cannot be meant."""
    return Fault(400, type="invalid_request_error", message=message, **more)


def card_error(code: str, message: str, **more: Any) -> Fault:
    """402, as for a card that cannot be used."""
    return Fault(402, type="card_error", code=code, message=message, **more)


def new(kind: str, prefix: str, body: Body, *, hidden: Body | None = None) -> SandboxObject:
    """Keep a new object; `id`, `object` and `created` are added to its body."""
    now = timezone.now()
    key = f"{prefix}_{SANDBOX_MARK}{secrets.token_hex(11)}"
    whole = {"id": key, "object": kind, "created": int(now.timestamp()), **body}
    return SandboxObject.objects.create(
        key=key, kind=kind, body=whole, hidden=hidden or {}, customer_key=whole.get("customer") or "",
        payment_intent_key=whole.get("payment_intent") or "", created_at=now,
    )  # fmt: skip


def get(key: str, kind: str, *, param: str = "id") -> SandboxObject:
    """The object, locked until the request ends. Raises Fault 404."""
    found = SandboxObject.objects.select_for_update().filter(key=key[:64], kind=kind).first()
    if found is None:
        message = f"No such {kind}: '{key[:64]}'"
        raise Fault(404, type="invalid_request_error", code="resource_missing", param=param, message=message)
    return found


def save(one: SandboxObject, **changes: Any) -> SandboxObject:
    """Change its body. The columns by which it is found follow."""
    one.body |= changes
    one.customer_key = one.body.get("customer") or ""
    one.save(update_fields=["body", "hidden", "customer_key"])
    return one


def listed(kind: str, params: Params, *, url: str, **columns: str) -> Body:
    """A page of objects, newest first, as the API lists them: `limit`, `starting_after`, `created[gte]`."""
    rows = SandboxObject.objects.filter(kind=kind, **columns).order_by("-created_at", "-key")
    created = params.get("created") or {}
    if "gte" in created:
        rows = rows.filter(created_at__gte=datetime.fromtimestamp(int(created["gte"]), tz=timezone.now().tzinfo))
    if "starting_after" in params:
        last = get(params["starting_after"], kind, param="starting_after")
        rows = rows.filter(created_at__lte=last.created_at).exclude(created_at=last.created_at, key__gte=last.key)
    limit = min(max(int(params.get("limit", 10)), 1), 100)
    found = list(rows[: limit + 1])
    return {
        "object": "list",
        "data": [one.body for one in found[:limit]],
        "has_more": len(found) > limit,
        "url": url,
    }


def emit(type_: str, one: SandboxObject) -> None:
    """Tell our webhook address, soon after this request, what happened to the object."""
    body = {
        "api_version": API_VERSION, "type": type_, "livemode": False, "pending_webhooks": 1,
        "data": {"object": json.loads(json.dumps(one.body))}, "request": {"id": None, "idempotency_key": None},
    }  # fmt: skip
    event = new("event", "evt", body)
    row = SandboxEvent.objects.create(event=event, post_at=event.created_at)
    enqueue_on_commit("billing.post_sandbox_event", event_id=row.pk)


def later(verb: str, one: SandboxObject, *, seconds: int) -> None:
    """Let the bank do `verb` (`steps.STEPS`) to the object after a while."""
    SandboxStep.objects.create(verb=verb, object=one, due_at=timezone.now() + timedelta(seconds=seconds))


def expanded(body: Body, params: Params) -> Body:
    """The body with the objects that `expand` names put in place of their keys."""
    whole = dict(body)
    for name in params.get("expand") or ():
        key = whole.get(name)
        if isinstance(key, str):
            whole[name] = SandboxObject.objects.get(key=key).body
    return whole
