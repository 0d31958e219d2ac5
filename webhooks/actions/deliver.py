"""Send what is due: claim and commit, call outside any transaction, record under the claim's own number.

One sender works for an endpoint at a time, so its events leave in order and a slow one holds up no other. A sender that
dies leaves a lease behind; when it runs out the event is sent again under the same webhook-id, by which the receiver
knows that it is the same.
"""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import try_lock
from supportdesk.lib.outbound import Answer, CannotCall, NoAnswer, post
from webhooks import signing
from webhooks.actions import endpoints
from webhooks.choices import State
from webhooks.models import Attempt, Delivery, Endpoint

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)  # longer than a call may take: outbound.DEADLINE_SECONDS
ROUND = timedelta(seconds=45)
# Standard Webhooks: at once, then after each of these.
PAUSES = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
JITTER = 0.1  # a share of the pause, added, so that a day's failures do not all come back in one second
# An endpoint that finds nobody rests, so that a backlog to a dead host does not keep a worker busy.
RESTS = (timedelta(seconds=5), timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5))
DISABLE_AFTER = timedelta(days=5)
GONE = 410
AGENT = "supportdesk-webhooks/1"


@dataclass(frozen=True)
class Came:
    """What a call brought: an answer, or a sentence why there is none."""

    answer: Answer | None
    error: str = ""

    @property
    def is_success(self) -> bool:
        """Any 2xx. A redirect is none: nothing follows it (S41)."""
        return self.answer is not None and 200 <= self.answer.status < 300


def endpoints_due(*, now: datetime) -> list[int]:
    """Endpoints for which something can be sent now."""
    due = Delivery.objects.due(now).values("endpoint")
    return list(Endpoint.objects.awake(now).filter(pk__in=due).order_by("pk").values_list("pk", flat=True))


def deliver_to(*, endpoint_id: int, clock: Callable[[], datetime], limit: int = 500) -> int:
    """Send what is due to one endpoint, oldest first, until it fails to answer; how many calls were made."""
    made, began_at = 0, clock()
    with try_lock(f"webhooks.endpoint:{endpoint_id}") as got:
        while got and made < limit and clock() - began_at < ROUND:
            delivery = claim(endpoint_id=endpoint_id, now=clock())
            if delivery is None:
                break
            came = call(delivery, at=clock())
            failpoint("webhooks.deliver.called_not_recorded")
            record(delivery=delivery, came=came, now=clock())
            made += 1
            if came.answer is None:
                break
    return made


def claim(*, endpoint_id: int, now: datetime) -> Delivery | None:
    """Take the next due delivery of an endpoint for LEASE and commit that; None when there is none."""
    with transaction.atomic():
        rows = Delivery.objects.due(now).filter(endpoint__in=Endpoint.objects.awake(now).filter(pk=endpoint_id))
        found = rows.select_for_update(skip_locked=True, of=("self",)).order_by("next_attempt_at", "pk").first()
        if found is None:
            return None
        found.state, found.leased_until = State.SENDING, now + LEASE
        found.attempts, found.lease_id = found.attempts + 1, found.lease_id + 1
        found.save(update_fields=["state", "leased_until", "attempts", "lease_id"])
    failpoint("webhooks.deliver.claimed")
    return Delivery.objects.select_related("event", "endpoint").get(pk=found.pk)


def call(delivery: Delivery, *, at: datetime) -> Came:
    """One signed POST. Never raises: whatever happened is a sentence."""
    endpoint, body = delivery.endpoint, delivery.event.body.encode()
    try:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            **signing.headers(key=delivery.event.key, body=body, at=at, with_secrets=_secrets(endpoint, at)),
        }
        return Came(post(endpoint.url, body=body, headers=headers, internal_hosts=settings.WEBHOOK_INTERNAL_HOSTS))
    except (CannotCall, NoAnswer) as refusal:
        return Came(None, str(refusal))
    except Exception:
        # Ours to mend, and no reason to lose the event or to stop those behind it.
        logger.exception("Delivery %s could not be sent", delivery.pk)
        return Came(None, "Sending ended in an error of our own; the log says which.")


def record(*, delivery: Delivery, came: Came, now: datetime) -> bool:
    """Note a call and decide what is next. False when our lease ran out and somebody else took over."""
    answer = came.answer
    with transaction.atomic():
        # Whoever writes endpoint and delivery locks them in this order.
        endpoint = Endpoint.objects.select_for_update().filter(pk=delivery.endpoint_id).first()
        if endpoint is None:
            return False
        ours = Delivery.objects.filter(pk=delivery.pk, lease_id=delivery.lease_id, state=State.SENDING)
        if not ours.update(
            leased_until=None,
            last_status=answer.status if answer else None,
            last_error="" if came.is_success else _sentence(came),
            **_next(delivery, came, endpoint, now),
        ):
            return False
        Attempt.objects.create(
            delivery=delivery,
            number=delivery.lease_id,
            at=now,
            milliseconds=round(answer.seconds * 1000) if answer else 0,
            status=answer.status if answer else None,
            error=came.error[:300],
            body=answer.body if answer else "",
        )
        _endpoint_after(endpoint, came, now)
    return True


def _next(delivery: Delivery, came: Came, endpoint: Endpoint, now: datetime) -> dict:
    if came.is_success:
        return {"state": State.DONE, "finished_at": now}
    if delivery.attempts > len(PAUSES) or not endpoint.is_enabled:
        return {"state": State.FAILED, "finished_at": now}
    pause = PAUSES[delivery.attempts - 1] * (1 + random.random() * JITTER)  # noqa: S311 - spreads load, hides nothing
    asked = came.answer.retry_after if came.answer else None
    if asked:
        pause = max(pause, min(timedelta(seconds=asked), PAUSES[-1]))
    return {"state": State.WAITING, "next_attempt_at": now + pause}


def _endpoint_after(endpoint: Endpoint, came: Came, now: datetime) -> None:
    if came.is_success:
        if endpoint.failing_since or endpoint.failures or endpoint.resting_until:
            Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=None, failures=0, resting_until=None)
        return
    since = endpoint.failing_since or now
    found_nobody = came.answer is None
    rest = RESTS[min(endpoint.failures, len(RESTS) - 1)]
    Endpoint.objects.filter(pk=endpoint.pk).update(
        failing_since=since,
        failures=F("failures") + 1 if found_nobody else 0,
        resting_until=now + rest if found_nobody else None,
    )
    if not endpoint.is_enabled:
        return
    if came.answer and came.answer.status == GONE:
        endpoints.give_up(endpoint=endpoint, reason="It answered 410: it wants no more events.", now=now)
    elif now - since >= DISABLE_AFTER:
        reason = f"Nothing arrived since {since:%d %B %Y, %H:%M} UTC. Last: {_sentence(came)}"
        endpoints.give_up(endpoint=endpoint, reason=reason, now=now)


def _sentence(came: Came) -> str:
    return (came.error or (f"It answered {came.answer.status}." if came.answer else ""))[:300]


def _secrets(endpoint: Endpoint, at: datetime) -> list[str]:
    still = endpoint.old_secret if endpoint.old_secret_until and endpoint.old_secret_until > at else ""
    return [secret for secret in (endpoint.secret, still) if secret]
