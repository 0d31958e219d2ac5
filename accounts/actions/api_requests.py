"""What a request with an Idempotency-Key did: done once, told as often as it is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import ApiRequest, Person

KEPT_FOR = timedelta(hours=24)
FORGET_AT_ONCE = 1000


class KeyReused(Exception):
    """The key belongs to another request. The message may be shown."""


@dataclass(frozen=True)
class Answer:
    """What is told. `is_replay`: nothing was done this time."""

    status: int
    body: dict
    is_replay: bool = False


def act_once(*, person: Person, key: str, fingerprint: str, act: Callable[[], Answer], now: datetime) -> Answer:
    """Do `act` unless this key did it before; then its answer again. Raises KeyReused.

    The key commits together with the effect: a killed process leaves both or neither. Of two at once the second waits
    for the first. An `act` that raises leaves no key, so that the mended request may carry the same one.
    """
    with transaction.atomic():
        row, is_new = ApiRequest.objects.get_or_create(
            person=person, key=key, defaults={"fingerprint": fingerprint, "created_at": now}
        )
        if not is_new:
            if row.fingerprint != fingerprint:
                raise KeyReused("This Idempotency-Key was used for another request. Make a new key.")
            return Answer(row.status or 200, row.body or {}, is_replay=True)
        answer = act()
        row.status, row.body = answer.status, answer.body
        row.save(update_fields=["status", "body"])
    return answer


def forget_requests(*, now: datetime) -> int:
    """Remove up to 1,000 keys that are older than a day, with the words in their answers. Returns how many."""
    old = ApiRequest.objects.filter(created_at__lt=now - KEPT_FOR).order_by("created_at")
    return ApiRequest.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:FORGET_AT_ONCE])).delete()[0]
