"""Every hour, what the provider remembers is held against what we know: nothing that it told is lost (F14)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import F
from django.db.models.functions import Mod

from billing.actions import asking, cards, events, refund
from billing.choices import RefundState
from billing.gateways import stripe as gateway
from billing.gateways.facts import EventFacts, NotKnown, ProviderRefused
from billing.models import ProviderEvent, Refund

LOOK_BACK = timedelta(days=4)  # the provider posts an event for three days
SETTLE_WITHIN = timedelta(days=45)
AT_ONCE = 200
HOURS = 24


def reconcile(*, now: datetime) -> int:
    """Take in every event that never reached us, and ask about all that is unfinished. Answers how many we missed."""
    missing = 0
    for event in _unknown(gateway.events_since(now - LOOK_BACK)):
        missing += events.receive(event=event, now=now)
    events.handle_due(clock=lambda: now, limit=10_000)
    asking.ask_due(now=now, limit=AT_ONCE)
    cards.ask_due(now=now, limit=AT_ONCE)
    refund.execute_due(clock=lambda: now, limit=AT_ONCE)
    _ask_about_refunds(now)
    return missing


def _unknown(told: Iterable[EventFacts]) -> Iterator[EventFacts]:
    """Those of which we have no row, in the order in which they come; one query for each hundred."""
    left = iter(told)
    while some := list(islice(left, 100)):
        rows = ProviderEvent.objects.filter(event_id__in=[one.id for one in some])
        known = set(rows.values_list("event_id", flat=True))
        yield from (one for one in some if one.id not in known)


def _ask_about_refunds(now: datetime) -> None:
    """Refunds on their way, and the younger ones that arrived: a bank may send one back for weeks (B6).

    Each once a day: every hour has those of its own, so that many of them are no burst and none is left out.
    """
    rows = Refund.objects.alias(hour=Mod(F("pk"), HOURS)).filter(
        hour=now.hour,
        state__in=(RefundState.PENDING, RefundState.SUCCEEDED),
        created_at__gte=now - SETTLE_WITHIN,
        provider_id__isnull=False,
    )
    for refund_id, provider_id in rows.order_by("-created_at").values_list("pk", "provider_id")[:AT_ONCE]:
        try:
            facts = gateway.refund_by_id(provider_id or "")
        except (NotKnown, ProviderRefused):
            continue
        refund.record(refund_id=refund_id, facts=facts, now=now)


def oldest_waiting(*, now: datetime) -> timedelta | None:
    """For how long the oldest event has waited; None when none does."""
    oldest = ProviderEvent.objects.filter(done_at__isnull=True).order_by("received_at").first()
    return now - oldest.received_at if oldest else None
