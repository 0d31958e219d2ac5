"""A renewal twice, by several at once, and killed in the middle: one invoice, one payment, one mail (E, F9)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from billing.actions import dunning, plan_changes, subscriptions
from billing.choices import PaymentMethod, Period
from billing.models import Invoice, Payment, Subscription
from mail.models import OutgoingMail
from supportdesk.faults.invariants import violations
from tests.billing.money import intents, killed_at
from tests.billing.plans import GOOD, KEPT_THEN_DECLINED, at, keep_card, make_subscription, work
from tests.factories.billing import make_customer
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)

JAN, FEB = date(2026, 1, 31), date(2026, 2, 28)


def at_once(act, times: int = 4) -> list[str]:
    """What several threads say that begin at the same moment, each on a connection of its own."""
    gate = threading.Barrier(times)

    def run(_) -> str:
        try:
            gate.wait(30)
            return str(act())
        except Exception as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return sorted(pool.map(run, range(times)))


def money_is_right() -> None:
    """I4, I5: no sum is more than its parts, here or at the provider."""
    assert [one for one in violations(now=timezone.now()) if one.invariant in ("I4", "I5")] == []


def once(plan: Subscription, *, state: str = "paid") -> None:
    """One period was billed and paid, whatever happened on the way."""
    assert list(Invoice.objects.values_list("key", "state")) == [(f"subscription:{plan.pk}:2026-02-28", state)]
    assert Payment.objects.filter(state="succeeded").count() == 1
    assert (Payment.objects.count(), intents()) == (1, 1)
    plan.refresh_from_db()
    assert (plan.period_ends_on, plan.next_attempt_at) == (date(2026, 3, 31), None)
    money_is_right()


@pytest.mark.parametrize("place", ["billing.renew.invoiced", "billing.issue.numbered", "billing.renew.before_commit"])
def test_a_renewal_that_is_killed_while_it_is_billed_is_billed_once(place):
    plan = make_subscription(on=JAN)
    keep_card(plan.customer, GOOD)

    assert killed_at(place, lambda: sweep(now=at(FEB)))
    assert not Invoice.objects.exists()
    for hours in (1, 2):
        work(at(FEB) + timedelta(hours=hours))

    once(plan)


@pytest.mark.parametrize("place", ["billing.pay.row_written", "billing.pay.asked", "billing.dunning.asked"])
def test_F9_a_renewal_that_is_killed_while_it_is_charged_is_charged_once(place):
    plan = make_subscription(on=JAN)
    keep_card(plan.customer, GOOD)
    sweep(now=at(FEB))

    assert killed_at(place, lambda: dunning.charge_due(now=at(FEB)))
    for hours in (1, 2, 3):
        work(at(FEB) + timedelta(hours=hours))

    once(plan)


def test_several_sweeps_and_several_charges_at_once_bill_and_charge_once():
    plan = make_subscription(on=JAN)
    keep_card(plan.customer, GOOD)

    at_once(lambda: sweep(now=at(FEB)).done)
    at_once(lambda: subscriptions.renew(subscription_id=plan.pk, now=at(FEB)))
    at_once(lambda: dunning.charge_due(now=at(FEB)))
    for hours in (1, 2):
        work(at(FEB) + timedelta(hours=hours))

    once(plan)
    assert OutgoingMail.objects.count() == 1  # the receipt


def test_a_failed_attempt_is_counted_and_told_once():
    plan = make_subscription(on=JAN)
    keep_card(plan.customer, KEPT_THEN_DECLINED)
    sweep(now=at(FEB))

    assert killed_at("billing.dunning.before_commit", lambda: dunning.charge_due(now=at(FEB)))
    assert not OutgoingMail.objects.exists()
    at_once(lambda: dunning.charge_due(now=at(FEB)))

    plan.refresh_from_db()
    assert (plan.failures, plan.next_attempt_at) == (1, at(date(2026, 3, 1), 9))
    assert (Payment.objects.count(), OutgoingMail.objects.count(), intents()) == (1, 1, 1)


def test_S31_a_change_pressed_four_times_at_once_is_billed_and_paid_once():
    today = timezone.now().date()
    plan = make_subscription(on=today - timedelta(days=10))
    keep_card(plan.customer, GOOD)
    yearly, by = plan.product.prices.get(period=Period.YEARLY), plan.customer.person
    asked = plan_changes.change_to(subscription=plan, price=yearly, now=timezone.now())

    def press() -> str:
        now = timezone.now()
        done = plan_changes.change(
            subscription=plan, price_id=yearly.pk, version=asked.version, by=by, now=now
        )  # fmt: skip
        plan_changes.pay_switch(subscription=done, by=by, return_to="/account/", now=now)
        return "done"

    said = at_once(press)

    assert set(said) <= {"done", "Busy", "CannotChange", "StaleChange", "CannotPay"} and "done" in said
    plan.refresh_from_db()
    assert (plan.period, plan.switch_invoice) == (Period.YEARLY, None)
    assert (Invoice.objects.count(), Payment.objects.count(), intents()) == (1, 1, 1)
    assert Invoice.objects.get().total == asked.bill.total
    money_is_right()


def test_a_renewal_and_a_change_at_once_leave_one_of_the_two_whole():
    """The plan is either renewed by the month and then still to be changed, or a year long: never both in one."""
    for _ in range(3):
        today = timezone.now()
        customer = make_customer(credit_state="approved", credit_limit=90_000)
        plan = make_subscription(
            on=today.date() - timedelta(days=10), method=PaymentMethod.ON_ACCOUNT, customer=customer
        )  # fmt: skip
        renews = at(plan.period_ends_on)
        yearly, by = plan.product.prices.get(period=Period.YEARLY), plan.customer.person
        asked = plan_changes.change_to(subscription=plan, price=yearly, now=today)
        gate = threading.Lock()
        turns = iter(("renew", "change", "renew", "change"))

        def act(plan=plan, renews=renews, yearly=yearly, asked=asked, by=by, today=today, gate=gate, turns=turns):
            with gate:
                turn = next(turns)
            if turn == "renew":
                subscriptions.renew(subscription_id=plan.pk, now=renews)
            else:
                plan_changes.change(
                    subscription=plan, price_id=yearly.pk, version=asked.version, by=by, now=today
                )  # fmt: skip
            return turn

        at_once(act)
        plan.refresh_from_db()
        billed = Invoice.objects.filter(subscription=plan)
        if plan.period == Period.YEARLY:
            assert billed.count() == 1 and plan.period_starts_on == today.date()
        else:
            assert plan.period_starts_on == renews.date() and billed.count() == 1
