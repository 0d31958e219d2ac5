"""The sandbox's own time: banks do what they do later, and events are posted to our webhook until it takes them.

Rows are the work, so a killed worker loses nothing: an event is marked as posted only after our address said 200.
"""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import stripe
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.urls import resolve
from django.utils import timezone

from billing.gateways import keys
from billing.gateways.sandbox import refunds, store
from billing.models import SandboxEvent, SandboxObject, SandboxRequest, SandboxStep

ADDRESS = "/hooks/stripe/"
TAKEN = 200
PAUSE = timedelta(seconds=5)
AT_ONCE = 200
KEPT = timedelta(days=2)
STEPS: dict[str, tuple[str, Callable[[SandboxObject], None]]] = {
    "settle_refund": ("refund", refunds.settle_refund),
    "fail_refund": ("refund", refunds.fail_refund),
    "dispute": ("charge", refunds.open_dispute),
    "win_dispute": ("dispute", refunds.win_dispute),
}


def do_due_steps(*, now: datetime) -> int:
    """Do what banks do by now, each step once. Answers how many."""
    done = 0
    while done < AT_ONCE:
        with transaction.atomic():
            due = SandboxStep.objects.filter(done_at__isnull=True, due_at__lte=now)
            step = due.select_for_update(skip_locked=True, of=("self",)).order_by("due_at", "pk").first()
            if step is None:
                return done
            kind, work = STEPS[step.verb]
            work(store.get(step.object_id, kind))
            step.done_at = now
            step.save(update_fields=["done_at"])
        done += 1
    return done


def post_due(*, clock: Callable[[], datetime]) -> int:
    """Post every event that is due, in order. Answers how many were taken."""
    rows = SandboxEvent.objects.filter(posted_at__isnull=True, post_at__lte=clock()).order_by("post_at", "pk")
    return sum(post(event_id=pk, now=clock()) for pk in rows.values_list("pk", flat=True)[:AT_ONCE])


def post(*, event_id: int, now: datetime) -> bool:
    """Post one event, unless it was taken already or somebody is at it. A refusal is tried again after a pause."""
    with transaction.atomic():
        due = SandboxEvent.objects.filter(pk=event_id, posted_at__isnull=True, post_at__lte=now)
        row = due.select_for_update(skip_locked=True, of=("self",)).select_related("event").first()
        if row is None:
            return False
        row.attempts, row.post_at = row.attempts + 1, now + PAUSE  # a lease: whoever dies here is followed later
        row.save(update_fields=["attempts", "post_at"])
    status = deliver(json.dumps(row.event.body), keys.webhook_secret())
    SandboxEvent.objects.filter(pk=row.pk).update(last_status=status, posted_at=now if status == TAKEN else None)
    return status == TAKEN


def deliver(payload: str, secret: str, *, at: int | None = None) -> int:
    """Hand a signed post to the real webhook view, in this process; its status."""
    body = payload.encode()
    view, arguments, options = resolve(ADDRESS)
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "POST", "PATH_INFO": ADDRESS, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "https" if settings.IS_HTTPS else "http", "REMOTE_ADDR": "127.0.0.1",
            "HTTP_STRIPE_SIGNATURE": stripe.WebhookSignature.generate_signature_header(payload, secret, at),
        }
    )  # fmt: skip
    return view(request, *arguments, **options).status_code


def forget_old(*, now: datetime | None = None) -> int:
    """Remove idempotency keys whose day is over. Answers how many."""
    old = SandboxRequest.objects.filter(made_at__lt=(now or timezone.now()) - KEPT)
    return old.delete()[0]
