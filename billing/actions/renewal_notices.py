"""Four weeks before a plan renews for a year: what will be charged, when, to which card, and how to change one's mind.

A month is too short to be forgotten; a year's renewal that nobody expected is a refund, a dispute and a ticket.
"""

from datetime import datetime, timedelta

from django.db import transaction

import timers
from billing import periods
from billing.actions import numbering, plan_bills, plan_mail, renewal_terms
from billing.choices import Period, SubscriptionState
from billing.models import Card, Subscription

KIND = "billing.renewal_ahead"
AHEAD = timedelta(days=28)


def plan(subscription: Subscription) -> None:
    """The timer for the renewal that comes next, where it is for a year. Each renewal has one of its own."""
    if (subscription.next_price or subscription.price).period != Period.YEARLY:
        return
    day = subscription.period_ends_on
    due_at = periods.moment(day - AHEAD, numbering.seller_zone())
    timers.schedule(kind=KIND, subject=subscription.pk, visit=day.toordinal(), due_at=due_at)


@transaction.atomic
def tell(*, subscription_id: int, day: int, now: datetime) -> int:
    """Mail what the renewal on `day` (an ordinal) comes to; how many mails. None for a month, or where none comes."""
    rows = Subscription.objects.select_for_update(of=("self",)).select_related(
        "customer", "product", "price__product", "next_price__product", "order_line__order", "period_invoice"
    )
    found = rows.filter(pk=subscription_id).exclude(state=SubscriptionState.ENDED).first()
    if found is None or found.ends_at_renewal or found.period_ends_on.toordinal() != day:
        return 0
    price = found.price if found.switch_invoice_id else found.next_price or found.price
    today = numbering.local_day(now)
    if price.period != Period.YEARLY or found.period_ends_on <= today or found.is_free:
        return 0
    card = Card.objects.filter(customer=found.customer_id, is_default=True, removed_at__isnull=True).first()
    renewal_terms.leave_account(found, card)  # told here, and done when it renews
    ends_on = periods.next_day(found.period_ends_on, price.period, found.anchor_day)
    bill = plan_bills.bill_of(
        subscription=found, price=price, starts_on=found.period_ends_on, ends_on=ends_on, on=found.period_ends_on,
        credit=found.credit,
    )  # fmt: skip
    return plan_mail.renews_soon(subscription=found, bill=bill, now=now)
