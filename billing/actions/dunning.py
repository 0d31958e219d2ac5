"""Charging renewals, and what follows when a card is refused: four more attempts in a week, then the plan ends.

The rows say what is to be done (`Subscription.next_attempt_at`), a task does it, outside any transaction, and each
attempt has a payment key of its own: done twice, by two at once or after a kill, a period is charged once.
"""

from datetime import datetime, timedelta

from django.db import transaction

from billing import declines, periods
from billing.actions import numbering, pay, plan_mail
from billing.actions.subscriptions import Busy, default_card, end, locked
from billing.choices import PaymentState, SubscriptionState
from billing.models import Card, Decline, Dispute, Invoice, Subscription
from supportdesk.lib.failpoints import failpoint

# After 1, 3, 5 and 7 days. Limits of a card and empty accounts are mostly over within days; five attempts stay far
# below what the networks allow in a month, and a week has working days on which somebody can ring the bank.
DAYS = (1, 3, 5, 7)
LOOK_AGAIN = timedelta(minutes=15)
# The same card again is of no use before somebody did something about it, or is not allowed at all.
NOT_BY_ITSELF = {"no": "do_not_retry", "after_fix": "needs_fix", "with_customer": "needs_owner"}


def charge_due(*, now: datetime, limit: int = 50) -> int:
    """Every attempt whose time has come, oldest first. Answers how many plans were looked at."""
    due = Subscription.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    found = list(due.values_list("pk", flat=True)[:limit])
    for subscription_id in found:
        charge(subscription_id=subscription_id, now=now)
    return len(found)


def charge(*, subscription_id: int, now: datetime) -> None:
    """One attempt for the open renewal of a plan, if one is due. Whatever comes of it is written down."""
    rows = Subscription.objects.select_related("period_invoice__customer")
    subscription = rows.filter(pk=subscription_id, next_attempt_at__lte=now).first()
    if subscription is None:
        return
    invoice, seen = subscription.period_invoice, subscription.failures
    if invoice is None or not invoice.due:
        Subscription.objects.filter(pk=subscription_id, period_invoice=invoice, failures=seen).update(
            next_attempt_at=None
        )
        return
    card = default_card(subscription)
    decline, why = last_decline(invoice, card), why_not_asked(invoice, card)
    if card is not None and not why:
        try:
            payment = pay.pay_with_saved(invoice=invoice, card=card, key=f"renewal:{invoice.pk}:{seen}", now=now)
        except pay.CannotPay:
            _look_again(subscription, now)  # paid meanwhile, or the provider is away: nothing was asked
            return
        failpoint("billing.dunning.asked")
        if payment.state not in (PaymentState.FAILED, PaymentState.CANCELLED):
            _look_again(subscription, now)
            return
        decline = payment.declines.order_by("-at", "-pk").first()
    _failed(subscription_id=subscription_id, seen=seen, decline=decline, why=why, now=now)


def why_not_asked(invoice: Invoice, card: Card | None) -> str:
    """Why this card is not charged by itself for this invoice; "" where it is. A card that was changed is asked."""
    if card is None:
        return "no_card"
    if Dispute.objects.filter(payment__invoice=invoice).exists():
        return "do_not_retry"
    decline = last_decline(invoice, card)
    return forbids(decline) if decline else ""


def forbids(decline: Decline) -> str:
    """Why a card that was refused so is not charged again by itself; "" where it is."""
    if decline.advice_code == "do_not_try_again":
        return "do_not_retry"
    return NOT_BY_ITSELF.get(declines.meaning(decline.code, decline.decline_code)["retry"], "")


def last_decline(invoice: Invoice, card: Card | None) -> Decline | None:
    """What the bank said last about this card and this invoice."""
    if card is None:
        return None
    rows = Decline.objects.filter(payment__invoice=invoice, payment__card=card).select_related("payment")
    return rows.order_by("-at", "-pk").first()


@transaction.atomic
def _failed(*, subscription_id: int, seen: int, decline: Decline | None, why: str, now: datetime) -> None:
    """Count a failed attempt once, tell the customer, and plan the next one; after the last one the plan ends."""
    try:
        subscription = locked(subscription_id)
    except Busy:
        return  # it is looked at again with the next sweep
    invoice = subscription.period_invoice if subscription else None
    if subscription is None or invoice is None or subscription.failures != seen:
        return
    if subscription.next_attempt_at is None or not invoice.due:
        return
    if invoice.payments.filter(state__in=pay.UNFINISHED).exists():
        _look_again(subscription, now)
        return
    subscription.state, subscription.failures = SubscriptionState.PAST_DUE, seen + 1
    if subscription.failures > len(DAYS):
        end(subscription=subscription, why="unpaid", now=now)
        return
    subscription.next_attempt_at = next_attempt(after=seen, now=now)
    subscription.save()
    plan_mail.declined(
        subscription=subscription, invoice=invoice, decline=decline, why=why,
        is_last=subscription.failures == len(DAYS), now=now,
    )  # fmt: skip
    failpoint("billing.dunning.before_commit")


def next_attempt(*, after: int, now: datetime) -> datetime:
    """When it is tried again after so many failures before. Steps keep their distance, also after a power cut."""
    gap = DAYS[after] - (DAYS[after - 1] if after else 0)
    return periods.moment(numbering.local_day(now) + timedelta(days=gap), numbering.seller_zone())


def _look_again(subscription: Subscription, now: datetime) -> None:
    """It is not known yet. A payment that succeeds ends the attempts by itself."""
    Subscription.objects.filter(
        pk=subscription.pk, failures=subscription.failures, next_attempt_at=subscription.next_attempt_at
    ).update(next_attempt_at=now + LOOK_AGAIN)


__all__ = ["DAYS", "charge", "charge_due", "forbids", "last_decline", "next_attempt", "why_not_asked"]
