"""Another period or another size of a plan: what it would cost, said before it is done, and doing it.

More now (a year, a larger size) is billed at once, less what is unused of what was paid, and holds once it is paid.
Less (by the month again, a smaller size) costs nothing and holds from the next renewal on.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts import journal
from accounts.models import Person
from billing import credit, paper_words, periods
from billing.actions import issue, numbering, pay, plan_bills, reminders, subscriptions
from billing.actions.plan_bills import Bill
from billing.actions.subscriptions import HasEnded
from billing.choices import PaymentMethod, Period, SubscriptionState
from billing.models import Customer, Invoice, Payment, Price, Subscription
from billing.refusals import Refused
from supportdesk.lib import money
from supportdesk.lib.failpoints import failpoint


class CannotChange(Refused):
    """The plan stays as it is."""


class StaleChange(Refused):
    """It would cost something else than the person agreed to. `change` is that of now."""

    def __init__(self, change: "Change") -> None:
        super().__init__("The sum has changed since you saw it. Nothing was changed yet.")
        self.change = change


@dataclass(frozen=True)
class Change:
    """What a change would be. `starts_on` is the day from which the new price holds; sums in minor units."""

    subscription: Subscription
    price: Price
    is_now: bool
    starts_on: date
    ends_on: date
    credit: int
    bill: Bill
    saving: int

    @property
    def version(self) -> str:
        """Whoever agreed to this agreed to this price, this day and this sum."""
        line = self.bill.lines[0]
        seen = [
            self.subscription.pk, self.price.pk, self.is_now, self.starts_on.isoformat(), self.ends_on.isoformat(),
            line.quantity, line.unit_amount, line.discount, self.bill.total,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]

    @property
    def days_left(self) -> int:
        """Days of the running period that are not used yet."""
        return max(0, (self.subscription.period_ends_on - self.starts_on).days)

    @property
    def sentence(self) -> str:
        """How the sum comes about, in one sentence."""
        code, plan = self.price.currency, self.subscription
        left = f"{self.days_left} day{'' if self.days_left == 1 else 's'}"
        if not self.is_now:
            runs = f"What you have runs until {paper_words.day_words(self.starts_on)}"
            return f"Nothing is charged now: {runs[0].lower()}{runs[1:]}, and the new price holds from then on."
        taken_off = money.shown(self.bill.credit, code)
        if self.price.period != plan.period:
            return (
                f"You pay for a year from today, less {taken_off} for the {left} that you paid and have not used yet."
                if self.bill.credit
                else "You pay for a year from today."
            )
        return (
            f"You pay for the {left} that are left until {paper_words.day_words(self.ends_on)} at the new size, less"
            f" {taken_off} that you paid for them at the old one."
        )


def change_to(*, subscription: Subscription, price: Price, now: datetime) -> Change:
    """What `price` instead of the present one would mean today. Reads only. Raises CannotChange, HasEnded."""
    today = numbering.local_day(now)
    _refuse_what_cannot_be(subscription, price, today)
    is_year = price.period == Period.YEARLY and subscription.period == Period.MONTHLY
    is_larger = price.period == subscription.period and price.amount > subscription.price.amount
    part, credit = None, subscription.credit
    if is_year:
        starts_on, ends_on = today, periods.next_day(today, price.period, today.day)
    elif is_larger:
        starts_on, ends_on = today, subscription.period_ends_on
        full = price.amount * subscription.quantity
        part = periods.unused(full, starts_on=subscription.period_starts_on, ends_on=ends_on, on=today)
    else:
        starts_on = subscription.period_ends_on
        ends_on = periods.next_day(starts_on, price.period, subscription.anchor_day)
    if is_year or is_larger:
        credit += plan_bills.unused_of(subscription, on=today)
    bill = plan_bills.bill_of(
        subscription=subscription, price=price, starts_on=starts_on, ends_on=ends_on, on=today, credit=credit, part=part
    )
    return Change(
        subscription=subscription, price=price, is_now=is_year or is_larger, starts_on=starts_on, ends_on=ends_on,
        credit=credit, bill=bill, saving=_saving(subscription, price),
    )  # fmt: skip


def change(*, subscription: Subscription, price_id: int, version: str, by: Person, now: datetime) -> Subscription:
    """Do what `change_to` said in that `version`; asked twice, it is done once.

    What costs more now waits in `switch_invoice` until it is paid; on account it holds at once where the limit has room
    for it. Raises CannotChange, HasEnded, StaleChange, and then nothing has changed.
    """
    with transaction.atomic():
        # On account the limit is the customer's.
        is_on_account = subscription.method == PaymentMethod.ON_ACCOUNT
        found = subscriptions.running(subscription, with_customer=is_on_account)
        if found.next_price_id == price_id:
            return found
        price = Price.objects.select_related("product").filter(pk=price_id).first()
        if price is None:
            raise CannotChange("This price is not to be had. Choose one of those on the page.")
        asked = change_to(subscription=found, price=price, now=now)
        if version != asked.version:
            raise StaleChange(asked)
        found.next_price = price
        if asked.is_now:
            _bill(found, asked, now)
        found.save()
        failpoint("billing.plan_change.billed")
        journal.record(
            by=by, action="billing.change_plan", subject=found, data={"price": price.pk, "now": asked.is_now}, now=now
        )
    return found


def pay_switch(*, subscription: Subscription, by: Person, return_to: str, now: datetime) -> Payment | None:
    """Charge the card on file for a switch, its owner being present; None where there is nothing or no card to charge.

    Raises pay.CannotPay. Pressed twice, it is paid once.
    """
    invoice = subscription.switch_invoice
    card = subscriptions.default_card(subscription)
    if invoice is None or not invoice.due or card is None or subscription.method != PaymentMethod.CARD:
        return None
    return pay.start(
        invoice=invoice, card=card, key=f"switch:{invoice.pk}", by=by, return_to=return_to, receipt_email="", now=now
    )


def keep(*, subscription: Subscription, by: Person, now: datetime) -> Subscription:
    """Take a change back that does not hold yet; its unpaid invoice is withdrawn. Raises CannotChange, HasEnded."""
    with transaction.atomic():
        found = subscriptions.running(subscription)
        if found.next_price_id is None:
            return found
        waiting = found.switch_invoice
        dropped = subscriptions.drop_switch(found)
        if waiting and dropped is None:
            raise CannotChange("A payment for this change is on its way. Wait for what your bank says.")
        found.next_price = None
        found.save()
        if dropped:
            issue.void(invoice=dropped, by=by, reason="The change was taken back.", now=now)
        journal.record(by=by, action="billing.keep_plan", subject=found, now=now)
    return found


def _bill(found: Subscription, asked: Change, now: datetime) -> None:
    number = Invoice.objects.filter(subscription=found, key__startswith=f"subscription:{found.pk}:switch:").count() + 1
    draft = issue.Draft(
        key=f"subscription:{found.pk}:switch:{number}", customer=found.customer, currency=asked.price.currency,
        lines=asked.bill.lines, taxes=asked.bill.taxes, method=found.method, subscription=found,
    )  # fmt: skip
    invoice = issue.issue(draft=draft, now=now, mails=found.method != PaymentMethod.CARD)
    found.switch_invoice = invoice
    found.credit -= plan_bills.credit_in(found, invoice)
    if found.method == PaymentMethod.CARD:
        reminders.cancel(invoice=invoice)
    if not invoice.due or _is_within_limit(found):
        subscriptions.switch(found, invoice)
        if invoice.due:
            subscriptions.plan_overdue(found, invoice)


def _is_within_limit(found: Subscription) -> bool:
    """Whether its customer owes no more on account than they may, this very invoice included (S32)."""
    customer = Customer.objects.get(pk=found.customer_id)
    is_open = found.method == PaymentMethod.ON_ACCOUNT and credit.may_buy_on_account(customer)
    return is_open and credit.exposure(customer) <= customer.credit_limit


def _refuse_what_cannot_be(subscription: Subscription, price: Price, today: date) -> None:
    if subscription.state == SubscriptionState.ENDED:
        raise HasEnded("This plan has ended already. The store has it for a new start.")
    if price.pk == subscription.price_id:
        raise CannotChange("That is what you have already.")
    same = price.product_id == subscription.product_id and price.currency == subscription.price.currency
    if not same or price.withdrawn_at or price.period not in periods.MONTHS:
        raise CannotChange("This price is not to be had. Choose one of those on the page.")
    invoice = subscription.period_invoice
    if subscription.state == SubscriptionState.PAST_DUE and invoice:
        raise CannotChange(f"Pay {invoice.number} first, then change the plan.")
    if subscription.switch_invoice:
        waits = subscription.switch_invoice.number
        raise CannotChange(f"A change waits until {waits} is paid. Pay it, or take that change back first.")
    if subscription.is_free:
        raise CannotChange("This plan is free until its day. The store has it for going on, in any size.")
    if subscription.ends_at_renewal:
        raise CannotChange("This plan is cancelled. Take that back first, then change it.")
    if subscription.period_ends_on <= today:
        raise CannotChange("This plan renews today. Try again in a few minutes.")


def _saving(subscription: Subscription, price: Price) -> int:
    """What twelve months of the same size cost more than the year."""
    if price.period != Period.YEARLY:
        return 0
    monthly = subscription.price if subscription.price.displays == price.displays else None
    if monthly is None or monthly.period != Period.MONTHLY:
        rows = Price.objects.filter(product=price.product_id, currency=price.currency, displays=price.displays)
        monthly = rows.filter(period=Period.MONTHLY, withdrawn_at__isnull=True).first()
    return max(0, 12 * monthly.amount - price.amount) * subscription.quantity if monthly else 0


def last_day(change: Change) -> date:
    """The last day that the new price pays for."""
    return change.ends_on - timedelta(days=1)


__all__ = [
    "CannotChange", "Change", "StaleChange", "change", "change_to", "keep", "last_day", "pay_switch",
]  # fmt: skip
