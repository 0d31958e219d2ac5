"""Idempotency-Key: a POST that is sent again because its answer was lost has one effect."""

import hashlib
import json
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone
from rest_framework.response import Response

from accounts.actions.api_requests import Answer, KeyReused, act_once
from accounts.rest.call import Call
from supportdesk.lib.rest.errors import ApiError

HEADER = "Idempotency-Key"
LONGEST = 255


def once(request: Call, act: Callable[[], tuple[int, dict]]) -> Response:
    """Answer with the status and body of `act`, which runs in one transaction and at most once for a key.

    A body's `url` is where it can be read again. A repeated answer says so in `Idempotent-Replayed`.
    """
    key = request.headers.get(HEADER)
    try:
        answer = _keyed(request, key, act) if key is not None else _plain(act)
    except KeyReused as refusal:
        raise ApiError(422, "key_reused", str(refusal)) from None
    response = Response(answer.body, status=answer.status)
    if "url" in answer.body:
        response["Location"] = answer.body["url"]
    if answer.is_replay:
        response["Idempotent-Replayed"] = "true"
    return response


def _plain(act: Callable[[], tuple[int, dict]]) -> Answer:
    with transaction.atomic():
        return Answer(*act())


def _keyed(request: Call, key: str, act: Callable[[], tuple[int, dict]]) -> Answer:
    if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable() and " " not in key):
        raise ApiError(400, "invalid", f"An {HEADER} has 1 to {LONGEST} visible ASCII signs.", fields={HEADER: []})
    said = json.dumps([request.method, request.path, request.data], sort_keys=True)
    return act_once(
        person=request.user,
        key=key,
        fingerprint=hashlib.sha256(said.encode()).hexdigest(),
        act=lambda: Answer(*act()),
        now=timezone.now(),
    )
