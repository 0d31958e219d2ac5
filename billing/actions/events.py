"""What the provider tells us: kept once, then looked up. An event only says where to look; its own words count nothing.

So any order will do, twice is as good as once, and a forged event could at most make us ask (B7, F12, F13).
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from billing.actions import asking, cards, disputes, refund
from billing.actions.money_tasks import open_task
from billing.choices import MoneyTaskKind
from billing.gateways import stripe as gateway
from billing.gateways.facts import EventFacts, Gone, NotKnown, ProviderRefused, RefundFacts
from billing.models import CardSetup, Payment, ProviderEvent, Refund
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)
PAUSES = (
    timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1)
)  # fmt: skip
HANDLED = frozenset(
    {
        "payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.requires_action",
        "payment_intent.processing", "payment_intent.canceled",
        "charge.succeeded", "charge.failed", "charge.refunded", "charge.updated", "charge.refund.updated",
        "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
        "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
        "refund.created", "refund.updated", "refund.failed",
        "setup_intent.succeeded", "setup_intent.setup_failed", "setup_intent.requires_action",
        "payment_method.attached", "payment_method.detached", "payment_method.automatically_updated",
        "payment_method.updated",
        "radar.early_fraud_warning.created", "review.opened", "review.closed", "customer.deleted",
    }
)  # fmt: skip


def receive(*, event: EventFacts, now: datetime) -> bool:
    """Keep an event that was proven to be the provider's; False when it is known. The work is done by a worker."""
    is_work = event.type in HANDLED
    with transaction.atomic():
        row, is_new = ProviderEvent.objects.get_or_create(
            event_id=event.id,
            defaults={
                "type": event.type, "object_id": event.object_id, "is_live": event.is_live, "received_at": now,
                "body": dict(event.related), "happened_at": event.happened_at, "try_at": now,
                "done_at": None if is_work else now,
            },
        )  # fmt: skip
        if is_new and is_work:
            enqueue_on_commit("billing.handle_event", event_id=row.pk)
    return is_new


def handle(*, event_id: int, clock: Callable[[], datetime]) -> bool:
    """Look after one event; True when it is done. What cannot be done now is tried again later."""
    row = _claim(event_id, clock())
    if row is None:
        return False
    failpoint("billing.events.claimed")
    try:
        apply(type_=row.type, object_id=row.object_id, related=row.body, now=clock())
    except Gone as gone:
        return _done(row, clock(), str(gone))
    except (NotKnown, ProviderRefused, asking.Busy) as error:
        return _later(row, clock(), str(error) or "Somebody else is at it.")
    except Exception as error:
        # Ours to mend; the events behind it go on.
        logger.exception("Event %s could not be handled", row.event_id)
        return _later(row, clock(), f"{type(error).__name__}: {error}")
    failpoint("billing.events.applied")
    return _done(row, clock(), "")


def handle_due(*, clock: Callable[[], datetime], limit: int = 100) -> int:
    """Look after every event that waits. Answers how many were done."""
    due = ProviderEvent.objects.filter(done_at__isnull=True, try_at__lte=clock()).order_by("try_at", "pk")
    return sum(handle(event_id=pk, clock=clock) for pk in due.values_list("pk", flat=True)[:limit])


def apply(*, type_: str, object_id: str, related: dict[str, str], now: datetime) -> None:
    """Ask what has become of the object, and record that. Raises what the provider raises, and Busy."""
    sort = object_id.partition("_")[0]
    if sort == "pi":
        _payment(object_id, now)
    elif sort in ("re", "pyr"):
        _refund(object_id, now)
    elif sort in ("dp", "du"):
        _dispute(object_id, now)
    elif sort in ("ch", "py"):
        _charge(object_id, related.get("payment_intent", ""), now)
    elif sort == "seti":
        _card_setup(object_id, now)
    elif sort == "pm":
        cards.refresh(provider_id=object_id, now=now)
    elif sort == "cus":
        cards.owner_gone(provider_id=object_id, now=now)
    elif sort in ("issfr", "prv"):
        _warning(type_, object_id, related, now)


def payment_of(intent_id: str) -> Payment | None:
    """Our payment behind an intent: by its id, or by the reference that went along before we knew the id."""
    known = Payment.objects.filter(provider_id=intent_id).first()
    if known or not intent_id:
        return known
    reference = gateway.payment(intent_id).reference
    return Payment.objects.filter(key=reference).first() if reference else None


def _payment(intent_id: str, now: datetime) -> None:
    payment = payment_of(intent_id)
    if payment:
        Payment.objects.filter(pk=payment.pk, provider_id__isnull=True).update(provider_id=intent_id)
        asking.look(payment_id=payment.pk, now=now)


def _charge(charge_id: str, intent_id: str, now: datetime) -> None:
    intent_id = intent_id or gateway.payment_of_charge(charge_id)
    if not intent_id:
        return
    _payment(intent_id, now)
    payment = Payment.objects.filter(provider_id=intent_id).first()
    if payment and (payment.refunded or payment.charge_id == charge_id):
        for facts in gateway.refunds_of(intent_id):
            _record_refund(payment, facts, now)


def _refund(refund_id: str, now: datetime) -> None:
    facts = gateway.refund_by_id(refund_id)
    payment = payment_of(facts.intent_id)
    if payment:
        _record_refund(payment, facts, now)


def _record_refund(payment: Payment, facts: RefundFacts, now: datetime) -> None:
    """Ours by its id or our reference; else somebody made it at the provider."""
    row = Refund.objects.filter(provider_id=facts.id).first()
    row = row or Refund.objects.filter(key=facts.reference, payment=payment).first()
    if row:
        refund.record(refund_id=row.pk, facts=facts, now=now)
    elif not facts.reference:
        refund.adopt(payment=payment, facts=facts, now=now)


def _dispute(dispute_id: str, now: datetime) -> None:
    facts = gateway.dispute(dispute_id)
    payment = payment_of(facts.intent_id)
    if payment:
        disputes.record(payment=payment, facts=facts, now=now)


def _card_setup(setup_id: str, now: datetime) -> None:
    facts = gateway.setup(setup_id)
    row = CardSetup.objects.filter(provider_id=setup_id).first()
    row = row or CardSetup.objects.filter(key=facts.reference or "-").first()
    if row:
        cards.record(setup_id=row.pk, facts=facts, now=now)


def _warning(type_: str, object_id: str, related: dict[str, str], now: datetime) -> None:
    """A bank or the provider itself looks at a payment: a person should, too."""
    intent_id, charge_id = related.get("payment_intent", ""), related.get("charge", "")
    if not intent_id and charge_id:
        intent_id = gateway.payment_of_charge(charge_id)
    payment = payment_of(intent_id)
    if payment is None or type_ == "review.closed":
        return
    number = payment.invoice.number
    if type_.startswith("radar."):
        kind = MoneyTaskKind.FRAUD_WARNING
        words = f"The bank warns that the payment for {number} may be fraud. A refund now is cheaper than a dispute."
    else:
        kind, words = MoneyTaskKind.REVIEW, f"The payment provider reviews the payment for {number}. Nothing to do yet."
    with transaction.atomic():
        open_task(kind=kind, key=f"{kind}:{object_id}", payment=payment, words=words, now=now)


def _claim(event_id: int, now: datetime) -> ProviderEvent | None:
    with transaction.atomic():
        due = ProviderEvent.objects.filter(pk=event_id, done_at__isnull=True, try_at__lte=now)
        row = due.select_for_update(skip_locked=True).first()
        if row is None:
            return None
        row.attempts, row.try_at = row.attempts + 1, now + LEASE
        row.save(update_fields=["attempts", "try_at"])
    return row


def _done(row: ProviderEvent, now: datetime, words: str) -> bool:
    ProviderEvent.objects.filter(pk=row.pk).update(done_at=now, last_error=words[:500])
    return True


def _later(row: ProviderEvent, now: datetime, words: str) -> bool:
    pause = PAUSES[min(row.attempts, len(PAUSES)) - 1]
    ProviderEvent.objects.filter(pk=row.pk, done_at__isnull=True, attempts=F("attempts")).update(
        try_at=now + pause, last_error=words[:500]
    )
    return False
