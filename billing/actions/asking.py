"""Ask the provider about a payment, one at a time, and record what it says.

One holder of the payment's lock asks and records, so that an older answer never overwrites a newer one. The lock is
held beside transactions, never inside one.
"""

from datetime import datetime, timedelta

from billing.actions import payment_outcomes
from billing.choices import PaymentState
from billing.gateways import stripe as gateway
from billing.gateways.facts import Gone, IntentFacts, NotKnown, ProviderRefused
from billing.models import Payment
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import try_lock

KEY_LIVES = timedelta(hours=23)  # the provider forgets keys after a day (B8)
CLOCKS_DIFFER = timedelta(hours=1)
PAUSES = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=15))
GIVE_UP_QUESTION = timedelta(hours=24)
UNFINISHED = (PaymentState.CREATED, PaymentState.ACTION_NEEDED, PaymentState.PROCESSING)


class Busy(Exception):
    """Somebody else is asking about this payment right now."""


def ask(*, payment_id: int, now: datetime) -> Payment:
    """Ask, or ask again, and record the answer. Answers the payment as it then is. Raises nothing of the provider's.

    Somebody who is asking already is not disturbed: the payment is answered as it is.
    """
    with try_lock(_name(payment_id)) as got:
        payment = _load(payment_id)
        if not got:
            return payment
        try:
            facts = _facts(payment, now)
        except NotKnown as unknown:
            return payment_outcomes.note_unknown(
                payment_id=payment_id, words=str(unknown), try_at=now + _pause(payment, now)
            )
        except ProviderRefused as refusal:
            return payment_outcomes.refused(payment_id=payment_id, refusal=refusal, now=now)
        failpoint("billing.pay.asked")
        if facts is None:
            return payment_outcomes.never_arrived(payment_id=payment_id, now=now)
        return payment_outcomes.record(payment_id=payment_id, facts=facts, now=now)


def look(*, payment_id: int, now: datetime) -> Payment:
    """As `ask`, for whoever must not miss anything: raises Busy, NotKnown, ProviderRefused."""
    with try_lock(_name(payment_id)) as got:
        if not got:
            raise Busy
        payment = _load(payment_id)
        facts = _facts(payment, now)
        if facts is None:
            return payment_outcomes.never_arrived(payment_id=payment_id, now=now)
        return payment_outcomes.record(payment_id=payment_id, facts=facts, now=now)


def cancel(*, payment_id: int, now: datetime) -> Payment:
    """Give a payment up at the provider, unless it is finished. What we do not know stays as it is."""
    with try_lock(_name(payment_id)) as got:
        payment = _load(payment_id)
        if not got or payment.state not in UNFINISHED or not payment.provider_id:
            return payment
        try:
            facts = gateway.cancel_payment(payment.provider_id, key=f"{payment.key}:cancel:{payment.confirms}")
        except (NotKnown, ProviderRefused):
            return payment
        return payment_outcomes.record(payment_id=payment_id, facts=facts, now=now)


def ask_due(*, now: datetime, limit: int = 50) -> int:
    """Ask about every payment that should have been finished by now (F9, F10, F14). Answers how many."""
    due = Payment.objects.filter(state__in=UNFINISHED, try_at__lte=now).order_by("try_at", "pk")
    found = list(due.values_list("pk", "state", "created_at")[:limit])
    for payment_id, state, created_at in found:
        if state == PaymentState.ACTION_NEEDED and created_at <= now - GIVE_UP_QUESTION:
            cancel(payment_id=payment_id, now=now)  # the bank's question was never answered
        payment = ask(payment_id=payment_id, now=now)
        if payment.state in UNFINISHED and payment.try_at and payment.try_at <= now:
            Payment.objects.filter(pk=payment_id, try_at=payment.try_at).update(try_at=now + _pause(payment, now))
    return len(found)


def _facts(payment: Payment, now: datetime) -> IntentFacts | None:
    """What the provider says now; None when it has never heard of this payment and will not be asked again."""
    if payment.confirms and payment.provider_id and payment.state == PaymentState.PROCESSING and payment.request:
        return _confirmed(payment, now)
    if payment.provider_id:
        return gateway.payment(payment.provider_id)
    if now - payment.created_at < KEY_LIVES:
        return gateway.start_payment(request=payment.request, key=payment.key)
    customer = payment.request.get("customer", "")
    since = payment.created_at - CLOCKS_DIFFER
    return gateway.find_payment(customer_id=customer, reference=payment.key, since=since) if customer else None


def _confirmed(payment: Payment, now: datetime) -> IntentFacts:
    """The same intent once more. What the provider thinks of it decides whether there is still something to confirm."""
    facts = gateway.payment(payment.provider_id or "")
    if facts.status in ("requires_payment_method", "requires_confirmation"):
        key = f"{payment.key}:confirm:{payment.confirms}"
        return gateway.confirm_payment(payment.provider_id or "", request=payment.request, key=key)
    return facts


def _load(payment_id: int) -> Payment:
    return Payment.objects.select_related("invoice__customer").get(pk=payment_id)


def _pause(payment: Payment, now: datetime) -> timedelta:
    age = now - payment.created_at
    for pause, until in zip(PAUSES, (5, 30, 120), strict=False):
        if age < timedelta(minutes=until):
            return pause
    return PAUSES[-1]


def _name(payment_id: int) -> str:
    return f"billing.payment:{payment_id}"


__all__ = ["Busy", "Gone", "ask", "ask_due", "cancel", "look"]
