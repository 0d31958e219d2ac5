"""The sandbox where the network would be: the SDK hands it a request and gets an answer, as over HTTPS."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe
from django.db import transaction
from django.utils import timezone

from billing.gateways import contract
from billing.gateways.sandbox import customers, payments, refunds, store
from billing.models import SandboxRequest
from supportdesk.lib.locks import take_transaction_lock

KEY_LIVES = timedelta(hours=24)
Answer = tuple[str, int, Mapping[str, str]]


def events(params: store.Params) -> store.Body:
    return store.listed("event", params, url="/v1/events")


def retrieve_event(key: str, params: store.Params) -> store.Body:
    return store.get(key, "event").body


ROUTES: tuple[tuple[str, Callable[..., store.Body]], ...] = (
    ("post /v1/customers", customers.create_customer),
    ("post /v1/customers/{}", customers.change_customer),
    ("get /v1/customers/{}", customers.retrieve_customer),
    ("post /v1/payment_methods", customers.create_payment_method),
    ("get /v1/payment_methods/{}", customers.retrieve_payment_method),
    ("post /v1/payment_methods/{}/attach", customers.attach),
    ("post /v1/payment_methods/{}/detach", customers.detach),
    ("post /v1/setup_intents", customers.create_setup_intent),
    ("get /v1/setup_intents/{}", customers.retrieve_setup_intent),
    ("post /v1/setup_intents/{}/cancel", customers.cancel_setup_intent),
    ("post /v1/payment_intents", payments.create),
    ("get /v1/payment_intents", payments.list_intents),
    ("get /v1/payment_intents/{}", payments.retrieve),
    ("post /v1/payment_intents/{}/confirm", payments.confirm),
    ("post /v1/payment_intents/{}/cancel", payments.cancel),
    ("get /v1/charges/{}", payments.retrieve_charge),
    ("post /v1/refunds", refunds.create),
    ("get /v1/refunds", refunds.list_refunds),
    ("get /v1/refunds/{}", refunds.retrieve),
    ("get /v1/disputes/{}", refunds.retrieve_dispute),
    ("post /v1/disputes/{}", refunds.answer_dispute),
    ("post /v1/disputes/{}/close", refunds.close_dispute),
    ("get /v1/events", events),
    ("get /v1/events/{}", retrieve_event),
)
PATTERNS = tuple((re.compile("([^/]+)".join(map(re.escape, route.split("{}")))), work) for route, work in ROUTES)


class SandboxHTTPClient(stripe.HTTPClient):
    """Answers from our own tables. Every request is held against the SDK's types first."""

    name = "sandbox"

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> Answer:
        """One request, in a transaction of its own: it is an error to ask a provider inside another one."""
        address = urlsplit(url)
        text = post_data if method == "post" else address.query
        key = (headers or {}).get("Idempotency-Key", "")
        with transaction.atomic(durable=True):
            body, status = _answer(method, address.path, text or "", key if method == "post" else "")
        return json.dumps(body), status, {"request-id": f"req_{secrets.token_hex(7)}"}

    def close(self) -> None:
        """Nothing is held open."""


def _answer(method: str, path: str, text: str, key: str) -> tuple[store.Body, int]:
    if len(key) > 255:
        return _error(store.bad_request("Idempotency keys are at most 255 characters.", code="parameter_invalid")), 400
    digest = hashlib.sha256(text.encode()).hexdigest()
    if key:
        take_transaction_lock(f"billing.sandbox:{key}")
        SandboxRequest.objects.filter(key=key, made_at__lt=timezone.now() - KEY_LIVES).delete()
        made = SandboxRequest.objects.filter(key=key).first()
        if made and (made.path, made.content_sha256) != (path, digest):
            words = "Keys for idempotent requests can only be used with the same parameters they were first used with."
            return _error(store.Fault(400, type="idempotency_error", message=words)), 400
        if made:
            return made.body, made.status
    try:
        body, status = _route(method, path, nested(text)), 200
    except store.Fault as fault:
        body, status = _error(fault), fault.status
    if key and status != 400:  # what was never accepted is not remembered
        SandboxRequest.objects.create(
            key=key, path=path, content_sha256=digest, status=status, body=body, made_at=timezone.now()
        )
    return body, status


def _route(method: str, path: str, params: store.Body) -> store.Body:
    for problem in contract.problems(method, path, params):
        raise store.bad_request(problem.words, code=problem.code or None, param=problem.param)
    for pattern, work in PATTERNS:
        if found := pattern.fullmatch(f"{method} {path}"):
            return work(*found.groups(), params)
    raise store.Fault(404, type="invalid_request_error", message=f"The sandbox does not know {method} {path}.")


def _error(fault: store.Fault) -> store.Body:
    return {"error": fault.error}


def nested(text: str) -> store.Body:
    """The parameters of a form body: `card[number]=1&expand[0]=a` is `{"card": {"number": "1"}, "expand": ["a"]}`."""
    whole: store.Body = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, *rest = [part.rstrip("]") for part in name.split("[")]
        inner, last = whole, first
        for part in rest:
            inner = inner.setdefault(last, {})
            last = part
        inner[last] = value
    return {name: _lists(value) for name, value in whole.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(inner) for key, inner in value.items()}
