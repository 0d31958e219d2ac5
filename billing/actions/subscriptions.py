"""Plans: they start when they are paid, renew by a timer, and end when their customer or nobody pays any more.

A renewal is one transaction: the invoice of the period (once, by its key), the plan moved on by a period, the timer of
the next renewal. Money is asked for afterwards, by `dunning`, from what these rows say.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

import timers
from accounts import journal
from accounts.models import Person
from billing import periods
from billing.actions import (
    customers,
    issue,
    numbering,
    plan_bills,
    plan_mail,
    plan_starts,
    reminders,
    renewal_notices,
    renewal_terms,
)
from billing.choices import (
    RECURRING,
    InvoiceState,
    OrderState,
    PaymentMethod,
    PaymentState,
    ProductKind,
    SubscriptionState,
)
from billing.gateways import keys
from billing.models import Card, FreeAccount, Invoice, Order, OrderLine, Subscription
from billing.refusals import Refused
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint

RENEWAL = "billing.renewal"
OVERDUE = "billing.plan_overdue"
# A plan that is paid by invoice is past due the day after, and ends when 30 more days went by: two weeks after the last
# reminder, so that a slow accounting department has had four letters and a month.
OVERDUE_DAYS = (1, 31)
ASK_AGAIN = timedelta(hours=1)
ON_ITS_WAY = (PaymentState.CREATED, PaymentState.ACTION_NEEDED, PaymentState.PROCESSING)


class Busy(Refused):
    """Somebody else changes this plan at this very moment."""


class HasEnded(Refused):
    """It is over; only the store starts a new one."""


class CannotCancel(Refused):
    """It goes on for now."""


def start_for_order(*, order: Order, now: datetime) -> list[Subscription]:
    """The plans of an order, from the day of `now` on. Asked again, nothing more starts.

    Belongs in the transaction in which it was paid, or ordered on account.
    """
    if order.state == OrderState.CANCELLED:
        return []
    rows = order.lines.filter(product__kind=ProductKind.PLAN, period__in=RECURRING).select_related("product", "price")
    return [_start(order, line, now) for line in rows.order_by("position")]


def invoice_paid(invoice: Invoice, now: datetime) -> None:
    """What a paid invoice means for plans: those of its order start, a switch happens, a failed renewal is forgotten.

    Called in the payment's transaction, which holds the invoice; called again, it changes nothing.
    """
    if invoice.order_id and invoice.order:
        start_for_order(order=invoice.order, now=now)
    touched = Q(period_invoice=invoice) | Q(switch_invoice=invoice) | Q(pk=invoice.subscription_id)
    rows = Subscription.objects.select_for_update(of=("self",)).select_related("next_price", "price", "customer")
    for subscription in rows.filter(touched).exclude(state=SubscriptionState.ENDED).order_by("pk"):
        if subscription.switch_invoice_id == invoice.pk:
            switch(subscription, invoice)
        _recover(subscription, invoice, now)


@transaction.atomic
def renew(*, subscription_id: int, now: datetime) -> datetime | None:
    """Bill the next period of a plan whose day has come, once. Answers when to ask again, where it has to wait.

    While a card still owes the period before, and while a switch is being paid, the next period waits: one after the
    other, however long nobody was there to do it.
    """
    subscription = locked(subscription_id, with_customer=True)
    today = numbering.local_day(now)
    if subscription is None or subscription.state == SubscriptionState.ENDED or subscription.period_ends_on > today:
        return None
    if subscription.is_free:
        end(subscription=subscription, why="free_over", now=now)
        return None
    if subscription.ends_at_renewal:
        end(subscription=subscription, why="cancelled", now=now)
        return None
    if _waits(subscription):
        return now + ASK_AGAIN
    dropped = drop_switch(subscription)
    invoice = _bill_next(subscription, today, dropped, now)
    failpoint("billing.renew.invoiced")
    if invoice.state == InvoiceState.OPEN:
        _ask_for_money(subscription, invoice, now)
    subscription.save()
    plan_next(subscription)
    if dropped:
        issue.void(invoice=dropped, by=None, reason="The switch was not paid before the renewal.", now=now)
    failpoint("billing.renew.before_commit")
    return None


def locked(subscription_id: int, *, with_customer: bool = False) -> Subscription | None:
    """The plan, nobody else's until the transaction ends; its invoices first, which is how payments lock. Raises Busy.

    `with_customer` also locks whose it is, for whoever looks at the limit. None where there is no such plan.
    """
    which = ("period_invoice_id", "switch_invoice_id")
    found = Subscription.objects.filter(pk=subscription_id).values_list("customer_id", *which).first()
    if found is None:
        return None
    customer_id, *known = found
    list(Invoice.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=known).order_by("pk"))
    if with_customer:
        customers.lock(customer_id)
    rows = Subscription.objects.select_for_update(of=("self",)).select_related(
        "customer", "product", "price__product", "next_price", "order_line__order", "period_invoice", "switch_invoice"
    )
    subscription = rows.get(pk=subscription_id)
    if [getattr(subscription, name) for name in which] != known:
        raise Busy("This plan was changed a moment ago. Look at it again.")
    return subscription


def cancel(*, subscription: Subscription, by: Person, now: datetime) -> Subscription:
    """Let a plan end when it would renew; at once where a card did not pay its renewal. Undone by `go_on` until then.

    Raises CannotCancel, HasEnded, Busy.
    """
    with transaction.atomic():
        found = running(subscription)
        if found.state == SubscriptionState.PAST_DUE and found.method == PaymentMethod.CARD:
            end(subscription=found, why="cancelled", now=now)
        elif not found.ends_at_renewal:
            dropped = drop_switch(found)
            if found.switch_invoice:
                raise CannotCancel("A payment for a change is on its way. Wait for what your bank says, then cancel.")
            found.ends_at_renewal, found.next_price = True, None
            found.save()
            plan_mail.cancelled(subscription=found, now=now)
            if dropped:
                issue.void(invoice=dropped, by=by, reason="The plan was cancelled.", now=now)
        journal.record(by=by, action="billing.cancel_plan", subject=found, now=now)
    return found


def go_on(*, subscription: Subscription, by: Person, now: datetime) -> Subscription:
    """The undo of `cancel`, until the day of the renewal. Raises HasEnded after it."""
    with transaction.atomic():
        found = running(subscription)
        if found.is_free:
            raise CannotCancel("This plan is free until its day and ends then. The store has it for going on.")
        if found.ends_at_renewal:
            found.ends_at_renewal = False
            found.save(update_fields=["ends_at_renewal"])
            plan_next(found)
            journal.record(by=by, action="billing.go_on_with_plan", subject=found, now=now)
    return found


def end_for_order(*, order: Order, now: datetime) -> None:
    """The order is taken back: so are its plans. Belongs inside its transaction."""
    rows = Subscription.objects.filter(order_line__order=order).exclude(state=SubscriptionState.ENDED)
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        subscription = locked(pk)
        if subscription:
            end(subscription=subscription, why="taken_back", now=now)


def end(*, subscription: Subscription, why: str, now: datetime) -> None:
    """Stop a plan now, and tell its customer. What a card did not pay is withdrawn; an invoice stays due.

    Belongs in a transaction that holds it by `locked`. `why`: cancelled, unpaid, overdue, refunded, taken_back,
    or free_over.
    """
    left = [subscription.switch_invoice]
    if subscription.method == PaymentMethod.CARD:
        left.append(subscription.period_invoice)
    subscription.state, subscription.ended_at = SubscriptionState.ENDED, now
    subscription.next_attempt_at = subscription.switch_invoice = subscription.next_price = None
    subscription.save()
    for kind in (RENEWAL, renewal_notices.KIND, OVERDUE):
        timers.cancel(kind=kind, subject=subscription.pk)
    FreeAccount.objects.filter(subscription=subscription, ended_at__isnull=True).update(ended_at=now)
    withdrawn = [invoice for invoice in left if invoice and _can_be_withdrawn(invoice)]
    plan_mail.ended(subscription=subscription, why=why, withdrawn=withdrawn, now=now)
    for invoice in withdrawn:
        issue.void(invoice=invoice, by=None, reason="The plan has ended.", now=now)
    journal.record(by=None, action="billing.end_plan", subject=subscription, data={"why": why}, now=now)


@transaction.atomic
def overdue(*, subscription_id: int, invoice_id: int, step: int, now: datetime) -> None:
    """An invoice of a plan was not paid in time: past due at step 1, the end at step 2. Nothing where it was paid."""
    rows = Invoice.objects.select_for_update(of=("self",), no_key=True).select_related("customer__person")
    invoice = rows.filter(pk=invoice_id).first()
    subscription = locked(subscription_id)
    if subscription is None or invoice is None or not invoice.due or subscription.state == SubscriptionState.ENDED:
        return
    if invoice.payments.filter(state__in=ON_ITS_WAY).exists():
        timers.schedule(
            kind=OVERDUE, subject=subscription.pk, visit=invoice.pk, number=step, due_at=now + timedelta(days=1)
        )
    elif step > 1:
        end(subscription=subscription, why="overdue", now=now)
    elif subscription.state != SubscriptionState.PAST_DUE:
        subscription.state = SubscriptionState.PAST_DUE
        subscription.save(update_fields=["state"])
        ends_on = (invoice.due_on or numbering.local_day(now)) + timedelta(days=OVERDUE_DAYS[1])
        plan_mail.overdue(subscription=subscription, invoice=invoice, ends_on=ends_on, now=now)


def plan_next(subscription: Subscription) -> None:
    """The timer of the next renewal; each day has one of its own, so what was done stays done."""
    day = subscription.period_ends_on
    due_at = periods.moment(day, numbering.seller_zone())
    timers.schedule(kind=RENEWAL, subject=subscription.pk, visit=day.toordinal(), due_at=due_at)
    renewal_notices.plan(subscription)


def default_card(subscription: Subscription) -> Card | None:
    """The card that pays its renewals; None where the provider of now does not know it either."""
    rows = Card.objects.filter(customer=subscription.customer_id, is_default=True, removed_at__isnull=True)
    card = rows.first()
    return card if card and keys.knows(card.provider_id) else None


def _start(order: Order, line: OrderLine, now: datetime) -> Subscription:
    today = numbering.local_day(now)
    subscription, is_new = Subscription.objects.get_or_create(
        order_line=line,
        defaults={
            "customer_id": order.customer_id,
            "product": line.product,
            "price": line.price,
            "quantity": line.quantity,
            "period": line.period,
            "method": order.method,
            "anchor_day": today.day,
            "period_starts_on": today,
            "period_ends_on": periods.next_day(today, line.period, today.day),
            "period_amount": line.amount,
            "period_invoice": Invoice.objects.filter(order=order).first(),
            "started_at": now,
        },
    )
    if is_new:
        plan_next(subscription)
        plan_starts.when_started(subscription, now)
        if subscription.period_invoice and subscription.period_invoice.state == InvoiceState.OPEN:
            plan_overdue(subscription, subscription.period_invoice)
    return subscription


def _waits(subscription: Subscription) -> bool:
    invoice, switch = subscription.period_invoice, subscription.switch_invoice
    owes = subscription.method == PaymentMethod.CARD and invoice is not None and invoice.due > 0
    if owes and subscription.next_attempt_at is None:
        subscription.state = SubscriptionState.PAST_DUE  # a payment came back: somebody decides, nobody charges again
        subscription.save(update_fields=["state"])
    return owes or (switch is not None and switch.payments.filter(state__in=ON_ITS_WAY).exists())


def _bill_next(subscription: Subscription, today: date, dropped: Invoice | None, now: datetime) -> Invoice:
    """The invoice of the next period, and the plan moved into it. What goes on account has room there."""
    waits = subscription.switch_invoice is not None  # a part of it was paid, so it could not be withdrawn
    price = subscription.price if waits else subscription.next_price or subscription.price
    starts_on = subscription.period_ends_on
    ends_on = periods.next_day(starts_on, price.period, subscription.anchor_day)
    card = default_card(subscription)
    left_account = renewal_terms.leave_account(subscription, card)
    bill = plan_bills.bill_of(
        subscription=subscription, price=price, starts_on=starts_on, ends_on=ends_on, on=today,
        credit=subscription.credit,
    )  # fmt: skip
    is_over = renewal_terms.is_over_limit(subscription, bill, dropped=dropped)
    invoice = issue.issue_for_subscription(
        subscription=subscription, lines=bill.lines, taxes=bill.taxes, starts_on=starts_on, now=now,
        # Else the receipt, the refusal or the notice brings its link.
        mails=subscription.method != PaymentMethod.CARD and not (left_account or is_over),
        is_due_at_once=is_over,
    )  # fmt: skip
    if left_account:
        plan_mail.off_account(subscription=subscription, invoice=invoice, card=card, now=now)
    elif is_over:
        plan_mail.over_limit(subscription=subscription, invoice=invoice, now=now)
    subscription.price, subscription.period = price, price.period
    subscription.next_price = subscription.next_price if waits else None
    subscription.period_starts_on, subscription.period_ends_on = starts_on, ends_on
    subscription.period_amount = price.amount * subscription.quantity
    subscription.period_invoice = invoice
    subscription.credit -= bill.credit
    subscription.failures = 0
    return invoice


def _ask_for_money(subscription: Subscription, invoice: Invoice, now: datetime) -> None:
    """A card is charged at once by a task, and refused it is `dunning` that writes; else the invoice's reminders do."""
    if subscription.method == PaymentMethod.CARD:
        reminders.cancel(invoice=invoice)
        subscription.next_attempt_at = now
        enqueue_on_commit("billing.charge_plan", subscription_id=subscription.pk)
    else:
        plan_overdue(subscription, invoice)


def plan_overdue(subscription: Subscription, invoice: Invoice) -> None:
    """The timers of an invoice that is not paid by card."""
    if invoice.due_on is None or subscription.method == PaymentMethod.CARD:
        return
    for step, days in enumerate(OVERDUE_DAYS, 1):
        due_at = periods.moment(invoice.due_on + timedelta(days=days), numbering.seller_zone())
        timers.schedule(kind=OVERDUE, subject=subscription.pk, visit=invoice.pk, number=step, due_at=due_at)


def switch(subscription: Subscription, invoice: Invoice) -> None:
    """The switch that `invoice` bills is paid: its period is the plan's from now on."""
    price, line = subscription.next_price, invoice.lines.order_by("position").first()
    if price is None or line is None or line.period_starts_on is None or line.period_ends_on is None:
        return
    ends_on = line.period_ends_on + timedelta(days=1)
    unused = plan_bills.unused_of(subscription, on=line.period_starts_on)
    if subscription.period_starts_on <= line.period_starts_on:
        unused = max(0, unused - line.discount)  # else it renewed meanwhile: that was of the period before
    subscription.credit += unused
    if price.period != subscription.period:
        timers.cancel(kind=RENEWAL, subject=subscription.pk)
        subscription.period_starts_on, subscription.period_ends_on = line.period_starts_on, ends_on
        subscription.anchor_day = line.period_starts_on.day
    subscription.price, subscription.period = price, price.period
    subscription.period_amount = price.amount * subscription.quantity
    subscription.period_invoice, subscription.switch_invoice, subscription.next_price = invoice, None, None
    subscription.save()
    plan_next(subscription)


def _recover(subscription: Subscription, invoice: Invoice, now: datetime) -> None:
    """Nothing of it is overdue any more: the attempts end."""
    today = numbering.local_day(now)
    of_it = Q(subscription=subscription) | Q(pk=subscription.period_invoice_id)
    rest = Invoice.objects.filter(of_it, state=InvoiceState.OPEN, due_on__lt=today).exclude(pk=invoice.pk)
    if subscription.period_invoice_id == invoice.pk:
        subscription.next_attempt_at, subscription.failures = None, 0
    if subscription.state == SubscriptionState.PAST_DUE and not rest.exists():
        subscription.state = SubscriptionState.ACTIVE
    subscription.save(update_fields=["next_attempt_at", "failures", "state"])
    timers.cancel(kind=OVERDUE, subject=subscription.pk, visit=invoice.pk)


def drop_switch(subscription: Subscription) -> Invoice | None:
    """Forget a switch that nobody paid, and answer its invoice, to be withdrawn; None where money is on its way."""
    invoice = subscription.switch_invoice
    if invoice is None or not _can_be_withdrawn(invoice):
        return None
    subscription.credit += plan_bills.credit_in(subscription, invoice)
    subscription.switch_invoice = subscription.next_price = None
    return invoice


def _can_be_withdrawn(invoice: Invoice) -> bool:
    is_paying = invoice.payments.filter(state__in=ON_ITS_WAY).exists()
    return invoice.state == InvoiceState.OPEN and not invoice.paid and not is_paying


def running(subscription: Subscription, *, with_customer: bool = False) -> Subscription:
    """The plan, locked. Raises HasEnded, Busy."""
    found = locked(subscription.pk, with_customer=with_customer)
    if found is None or found.state == SubscriptionState.ENDED:
        raise HasEnded("This plan has ended already. The store has it for a new start.")
    return found
