"""Plans for nothing, until a day: few may open one, so many a month, and each ends by itself (R95).

A free account is a plan that was cancelled from the beginning: the timer of its renewal ends it and tells its customer,
and there is nothing that could bill it. No price of it is ever asked for.
"""

from datetime import date, datetime, timedelta

from django.db import transaction

from accounts import journal
from accounts.choices import Role
from accounts.models import Person
from billing import allowances
from billing.actions import desk_mail, numbering, on_ticket, plan_starts, subscriptions
from billing.actions.money_rights import lock_right, require_right
from billing.choices import MoneyRightKind, PaymentMethod, ProductKind, ProductState, SubscriptionState
from billing.linked import refuse_linked
from billing.models import Customer, FreeAccount, Price, Subscription
from billing.periods import MONTHS
from billing.refusals import Refused
from supportdesk.lib.failpoints import failpoint

LONGEST = timedelta(days=366)
LONGEST_REASON = 500
KEY_LENGTH = 80


class CannotOpen(Refused):
    """There is no free account. The message says what is left this month, and who may open one."""


def open_account(
    *, customer: Customer, price: Price, ends_on: date, reason: str, ticket: int | None, by: Person, key: str,
    now: datetime,
) -> FreeAccount:  # fmt: skip
    """Let `customer` have the plan of `price` for nothing until `ends_on`, the first day that is not theirs any more.

    Sent twice with one `key`, opened once. Raises NotAllowed without the right (and the journal keeps it),
    LinkedAccount, CannotOpen.
    """
    require_right(by, MoneyRightKind.FREE_ACCOUNT, customer, now=now)
    said = " ".join(reason.replace("\x00", "").split())[:LONGEST_REASON]
    whole, today = f"free:{by.pk}:{key[:KEY_LENGTH]}", numbering.local_day(now)
    _refuse_input(price, ends_on, said, today)
    refuse_linked(by, customer, what="a free account", now=now)
    with transaction.atomic():
        told = on_ticket.hold(ticket)
        is_held = lock_right(by, MoneyRightKind.FREE_ACCOUNT)
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        known = FreeAccount.objects.filter(key=whole).first()
        if known:
            return known
        _refuse_more(customer, price, by, now, is_held=is_held)
        account = FreeAccount.objects.create(
            key=whole, customer=customer, product=price.product, by=by, reason=said, opened_at=now, ends_on=ends_on
        )
        account.subscription = _plan(customer, price, today, ends_on, now)
        account.save(update_fields=["subscription"])
        failpoint("billing.free_account.opened")
        desk_mail.free_account(account=account, now=now)
        line = f"{by.shown_name} made {account.product.name} free until {ends_on:%-d %B %Y}: {said}"
        on_ticket.tell(told, line, by=by, now=now)
        data = {"product": price.product_id, "until": ends_on.isoformat(), "ticket": ticket}
        journal.record(by=by, action="billing.open_free_account", subject=account, data=data, now=now)
    return account


def end_account(*, account: FreeAccount, by: Person, now: datetime) -> FreeAccount:
    """End a free account before its day; its customer is told. What has ended already stays as it is."""
    require_right(by, MoneyRightKind.FREE_ACCOUNT, account, now=now)
    with transaction.atomic():
        plan = subscriptions.locked(account.subscription_id) if account.subscription_id else None
        if plan and plan.state != SubscriptionState.ENDED:
            subscriptions.end(subscription=plan, why="free_over", now=now)
            journal.record(by=by, action="billing.end_free_account", subject=account, now=now)
    account.refresh_from_db()
    return account


def prices() -> list[Price]:
    """The plans that can be free: each size once, by the month."""
    rows = Price.objects.filter(
        product__kind=ProductKind.PLAN, product__state=ProductState.PUBLISHED, period="monthly",
        withdrawn_at__isnull=True, currency=allowances.currency(),
    )  # fmt: skip
    return list(rows.select_related("product").order_by("product__position", "product_id", "displays", "pk")[:100])


def _refuse_input(price: Price, ends_on: date, reason: str, today: date) -> None:
    product = price.product
    if product.kind != ProductKind.PLAN or product.state != ProductState.PUBLISHED or price.period not in MONTHS:
        raise CannotOpen("Choose one of the plans of the store.")
    if price.withdrawn_at:
        raise CannotOpen("This size is not to be had any more. Choose another one.")
    if not today < ends_on <= today + LONGEST:
        last = today + LONGEST
        raise CannotOpen(f"Enter the day on which it ends: after today, and by {last:%-d %B %Y}.")
    if not reason:
        raise CannotOpen("Say why it costs them nothing.")


def _refuse_more(customer: Customer, price: Price, by: Person, now: datetime, *, is_held: bool) -> None:
    if Subscription.objects.filter(customer=customer, product=price.product).exclude(state="ended").exists():
        raise CannotOpen(f"{customer.name} has {price.product.name} already.")
    if is_held and allowances.accounts_left(by, now):
        return
    most = allowances.limits_of(by).free_accounts_a_month
    who = allowances.who_may(Role.ADMIN, but=by)
    times = "one free account" if most == 1 else f"{most} free accounts"
    raise CannotOpen(f"You may open {times} a month, and none is left this month. {who} may raise that.")


def _plan(customer: Customer, price: Price, today: date, ends_on: date, now: datetime) -> Subscription:
    plan = Subscription.objects.create(
        customer=customer, product=price.product, price=price, period=price.period, method=PaymentMethod.TRANSFER,
        anchor_day=today.day, period_starts_on=today, period_ends_on=ends_on, ends_at_renewal=True, started_at=now,
    )  # fmt: skip
    subscriptions.plan_next(plan)
    plan_starts.when_started(plan, now)
    return plan
