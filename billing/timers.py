"""What happens when a timer of billing falls due. An edge: each handler calls one action."""

from datetime import datetime

import timers
from billing.actions import (
    certificate_dates,
    certificates,
    coupons,
    credit_holds,
    hours,
    reminders,
    renewal_notices,
    shipments,
    subscriptions,
    w8,
)
from supportdesk.lib.background import enqueue_on_commit


def register() -> None:
    """Make the kinds known."""
    timers.register(reminders.KIND, reminder)
    timers.register(w8.KIND, tax_form_expires)
    timers.register(coupons.KIND, coupon_falls_back)
    timers.register(hours.KIND, hours_expire)
    timers.register(credit_holds.KIND, credit_freed)
    timers.register(shipments.KIND, shipment_scan)
    timers.register(certificate_dates.ENDS_SOON, certificate_ends_soon)
    timers.register(certificate_dates.EXPIRES, certificate_expires)
    timers.register(subscriptions.RENEWAL, renewal, alone=True)
    timers.register(renewal_notices.KIND, renewal_ahead)
    timers.register(subscriptions.OVERDUE, plan_overdue, alone=True)


def reminder(timer, now: datetime) -> None:
    """The day of a payment reminder has come."""
    reminders.remind(invoice_id=timer.subject, now=now)


def tax_form_expires(timer, now: datetime) -> None:
    """A signed form ends soon; the timer's number says in how many days."""
    w8.warn(form_id=timer.subject, days=timer.number, now=now)


def coupon_falls_back(timer, now: datetime) -> None:
    """The time of a coupon that somebody was given is over."""
    coupons.fall_back(grant_id=timer.subject, now=now)


def hours_expire(timer, now: datetime) -> None:
    """The last day of minutes that were given has passed."""
    hours.expire(entry_id=timer.subject, now=now)


def credit_freed(timer, now: datetime) -> None:
    """A debt on account was paid, so something that waits may have room."""
    credit_holds.settle(customer_id=timer.subject, now=now)


def shipment_scan(timer, now: datetime) -> datetime | None:
    """A parcel is on its way: a worker asks its carrier, since a timer reaches no network."""
    following = shipments.ask_next(shipment_id=timer.subject, now=now)
    if following:
        enqueue_on_commit("billing.ask_carrier", shipment_id=timer.subject)
    return following


def renewal(timer, now: datetime) -> datetime | None:
    """The day on which a plan renews, or ends, has come."""
    return subscriptions.renew(subscription_id=timer.subject, now=now)


def plan_overdue(timer, now: datetime) -> None:
    """An invoice of a plan is a day, or a month, past its day; the timer's visit is the invoice."""
    subscriptions.overdue(subscription_id=timer.subject, invoice_id=timer.visit, step=timer.number, now=now)


def certificate_ends_soon(timer, now: datetime) -> None:
    """A certificate ends soon; the timer's number says in how many days."""
    certificates.remind(certificate_id=timer.subject, days=timer.number, now=now)


def certificate_expires(timer, now: datetime) -> None:
    """The last day of a certificate has passed."""
    certificates.expire(certificate_id=timer.subject, now=now)


def renewal_ahead(timer, now: datetime) -> None:
    """A plan renews in four weeks; the timer's visit says on which day."""
    renewal_notices.tell(subscription_id=timer.subject, day=timer.visit, now=now)
