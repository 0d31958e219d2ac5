"""Another period or size: what it costs, when it holds, and that no cent is lost on the way (U24, S30)."""

from datetime import date, timedelta

import pytest

from billing.actions import pay, plan_changes, subscriptions
from billing.choices import InvoiceState, PaymentMethod, Period, SubscriptionState
from billing.models import Invoice, Price, Subscription
from mail.models import OutgoingMail
from tests.billing.plans import at, keep_card, make_subscription, work
from tests.factories.accounts import make_staff
from tests.factories.billing import make_customer, make_plan, make_price, make_tax

pytestmark = pytest.mark.django_db

LIMIT = {"credit_state": "approved", "credit_limit": 14_464}
JAN, TENTH, FEB = date(2026, 1, 31), date(2026, 2, 10), date(2026, 2, 28)


def price_of(plan: Subscription, period: Period, displays: int = 5):
    return plan.product.prices.get(period=period, displays=displays, withdrawn_at__isnull=True)


def agree(plan: Subscription, price, day: date = TENTH) -> Subscription:
    """Look at it, then do it."""
    asked = plan_changes.change_to(subscription=plan, price=price, now=at(day))
    return plan_changes.change(
        subscription=plan, price_id=price.pk, version=asked.version, by=plan.customer.person, now=at(day)
    )


def with_sizes(**fields) -> Subscription:
    """The smallest of three sizes."""
    product = make_plan((5, 2_400, 24_000), (10, 4_400, 44_000), (30, 9_900, 99_000))
    period = fields.pop("period", Period.MONTHLY)
    return make_subscription(price=product.prices.get(period=period, displays=5), **fields)


def test_a_year_now_is_the_year_less_the_days_that_are_paid_and_not_used_before_taxes():
    make_tax(57_500)
    plan = make_subscription(on=JAN)

    asked = plan_changes.change_to(subscription=plan, price=price_of(plan, Period.YEARLY), now=at(TENTH))

    # 18 of the 28 days from 31 January to 27 February are left: 2,400 * 18 / 28 = 1,542.86
    assert (asked.bill.credit, asked.bill.lines[0].amount, asked.bill.tax) == (1_543, 22_457, 1_291)
    assert (asked.starts_on, asked.ends_on, asked.saving) == (TENTH, date(2027, 2, 10), 4_800)
    assert asked.sentence == (
        "You pay for a year from today, less $15.43 for the 18 days that you paid and have not used yet."
    )
    assert not Invoice.objects.exists()


def test_a_switch_holds_when_it_is_paid_and_renews_a_year_later_on_its_own_day():
    plan = make_subscription(on=JAN)
    keep_card(plan.customer)
    found = agree(plan, price_of(plan, Period.YEARLY))
    assert (found.period, found.switch_invoice.due) == (Period.MONTHLY, 22_457)

    plan_changes.pay_switch(subscription=found, by=plan.customer.person, return_to="/", now=at(TENTH))

    plan.refresh_from_db()
    assert (plan.period, plan.anchor_day, plan.period_starts_on) == (Period.YEARLY, 10, TENTH)
    work(at(FEB))
    assert Invoice.objects.count() == 1  # the month's own renewal is gone
    work(at(date(2027, 2, 10)))
    assert [row.total for row in Invoice.objects.order_by("number")] == [22_457, 24_000]


def test_by_the_month_again_holds_from_the_renewal_on_and_costs_nothing_now():
    plan = make_subscription(on=JAN, period=Period.YEARLY, method=PaymentMethod.TRANSFER)
    monthly = price_of(plan, Period.MONTHLY)
    asked = plan_changes.change_to(subscription=plan, price=monthly, now=at(TENTH))
    assert not asked.is_now
    assert asked.sentence.startswith("Nothing is charged now: what you have runs until 31 January 2027")

    found = agree(plan, monthly)
    assert (found.next_price, found.period, Invoice.objects.count()) == (monthly, Period.YEARLY, 0)
    assert agree_again(found, monthly).next_price == monthly
    plan_changes.keep(subscription=found, by=plan.customer.person, now=at(TENTH))
    agree(Subscription.objects.get(), monthly)
    work(at(date(2027, 1, 31)))

    plan.refresh_from_db()
    assert (plan.period, plan.price, plan.next_price) == (Period.MONTHLY, monthly, None)
    assert (plan.period_ends_on, Invoice.objects.get().total) == (date(2027, 2, 28), 2_400)


def agree_again(plan: Subscription, price) -> Subscription:
    """The second click of a double click, with the version that was seen."""
    return plan_changes.change(
        subscription=plan, price_id=price.pk, version="seen before", by=plan.customer.person, now=at(TENTH)
    )


def test_a_larger_size_is_billed_for_the_days_that_are_left_and_a_smaller_one_waits():
    plan = with_sizes(on=JAN, quantity=3, method=PaymentMethod.ON_ACCOUNT, customer=make_customer(**LIMIT))
    larger = price_of(plan, Period.MONTHLY, 30)

    found = agree(plan, larger)  # on account it holds at once

    # 3 * 9,900 * 18 / 28 = 19,092.86 less 3 * 2,400 * 18 / 28 = 4,628.57
    line = Invoice.objects.get().lines.get()
    assert (line.quantity, line.unit_amount, line.discount, line.amount) == (1, 19_093, 4_629, 14_464)
    assert (found.price, found.period_ends_on, found.credit) == (larger, FEB, 0)
    back = agree(found, price_of(plan, Period.MONTHLY, 5))
    assert (back.price, back.next_price.displays) == (larger, 5)
    work(at(FEB))
    assert Invoice.objects.order_by("-number").first().total == 7_200


@pytest.mark.parametrize("credit", [{"credit_limit": 14_463}, {"credit_state": "closed"}])
def test_S32_a_larger_size_on_account_beyond_the_limit_waits_until_it_is_paid(credit):
    customer = make_customer(**LIMIT | credit)
    plan = with_sizes(on=JAN, quantity=3, method=PaymentMethod.ON_ACCOUNT, customer=customer)
    larger = price_of(plan, Period.MONTHLY, 30)

    found = agree(plan, larger)

    invoice = Invoice.objects.get()
    assert (invoice.total, found.switch_invoice, found.price.displays) == (14_464, invoice, 5)
    pay.record_transfer(invoice=invoice, amount=14_464, reference="T1", by=make_staff("agent"), now=at(TENTH))
    found.refresh_from_db()
    assert (found.price, found.switch_invoice) == (larger, None)


def test_credit_that_is_more_than_the_price_pays_the_next_periods_and_no_cent_is_lost():
    plan = make_subscription(on=JAN, credit=5_030)
    keep_card(plan.customer)

    work(at(FEB)), work(at(FEB, 12))
    work(at(date(2026, 3, 31))), work(at(date(2026, 3, 31), 12))
    work(at(date(2026, 4, 30))), work(at(date(2026, 4, 30), 12))

    totals = [(row.subtotal, row.discount, row.paid) for row in Invoice.objects.order_by("number")]
    assert totals == [(2_400, 2_400, 0), (2_400, 2_400, 0), (2_400, 230, 2_170)]
    plan.refresh_from_db()
    assert (plan.credit, plan.state) == (0, SubscriptionState.ACTIVE)


def test_credit_in_a_switch_is_there_again_when_the_switch_is_taken_back():
    plan = make_subscription(on=JAN, credit=1_000)
    found = agree(plan, price_of(plan, Period.YEARLY))
    assert (found.switch_invoice.total, found.credit) == (24_000 - 1_543 - 1_000, 0)
    plan_changes.keep(subscription=found, by=plan.customer.person, now=at(TENTH))
    plan.refresh_from_db()
    assert plan.credit == 1_000
    huge = make_subscription(on=JAN, credit=30_000, customer=plan.customer)
    done = agree(huge, price_of(huge, Period.YEARLY))
    assert (done.period, done.credit) == (Period.YEARLY, 30_000 + 1_543 - 24_000)  # paid by credit at once


def test_a_card_is_never_asked_for_less_than_it_takes():
    plan = make_subscription(on=JAN, credit=2_380)
    keep_card(plan.customer)
    work(at(FEB)), work(at(FEB, 12))
    plan.refresh_from_db()
    assert (Invoice.objects.get().paid, plan.credit) == (50, 30)


def test_what_was_given_back_is_not_credited_again():
    plan = make_subscription(on=JAN)
    keep_card(plan.customer)
    work(at(FEB)), work(at(FEB, 12))
    Invoice.objects.update(refunded=100)
    plan.refresh_from_db()
    asked = plan_changes.change_to(subscription=plan, price=price_of(plan, Period.YEARLY), now=at(date(2026, 3, 1)))
    assert asked.bill.credit == 0


def test_a_switch_that_is_not_paid_before_the_renewal_is_withdrawn_and_the_month_goes_on():
    plan = make_subscription(on=JAN)
    found = agree(plan, price_of(plan, Period.YEARLY))
    keep_card(plan.customer)

    work(at(FEB)), work(at(FEB, 12))

    found.switch_invoice.refresh_from_db()
    plan.refresh_from_db()
    assert (found.switch_invoice.state, plan.switch_invoice, plan.next_price) == (InvoiceState.VOID, None, None)
    assert (plan.period, plan.period_invoice.total, plan.period_invoice.state) == (Period.MONTHLY, 2_400, "paid")


def test_a_transfer_for_a_part_keeps_a_switch_open_over_the_renewal():
    plan = make_subscription(on=JAN, method=PaymentMethod.TRANSFER)
    found = agree(plan, price_of(plan, Period.YEARLY))
    by, switch = make_staff(), found.switch_invoice
    assert "Open it without a login" in OutgoingMail.objects.get().text
    pay.record_transfer(invoice=switch, amount=10_000, reference="a", by=by, now=at(TENTH))
    work(at(FEB))
    plan.refresh_from_db()
    assert (plan.switch_invoice, plan.price.period, Invoice.objects.count()) == (switch, Period.MONTHLY, 2)

    pay.record_transfer(invoice=switch, amount=12_457, reference="b", by=by, now=at(date(2026, 3, 2)))

    plan.refresh_from_db()
    assert (plan.period, plan.period_starts_on, plan.switch_invoice) == (Period.YEARLY, TENTH, None)
    assert plan.credit == 2_400  # the month that was billed meanwhile


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": SubscriptionState.PAST_DUE}, "Pay INV-2026-0001 first"),
        ({"ends_at_renewal": True}, "Take that back first"),
        ({"state": SubscriptionState.ENDED, "ended_at": at(JAN)}, "has ended"),
        ({"period_ends_on": TENTH}, "renews today"),
    ],
)
def test_what_cannot_be_changed_says_why_and_nothing_happens(fields, words):
    plan = make_subscription(on=JAN)
    yearly = price_of(plan, Period.YEARLY)
    first = agree(plan, yearly).switch_invoice
    plan_changes.keep(subscription=plan, by=plan.customer.person, now=at(TENTH))
    Subscription.objects.update(period_invoice=first, **fields)
    plan.refresh_from_db()

    with pytest.raises((plan_changes.CannotChange, subscriptions.HasEnded), match=words):
        agree(plan, yearly)

    assert Invoice.objects.count() == 1


def test_a_price_that_was_withdrawn_or_is_of_another_product_is_not_to_be_had():
    plan, other = make_subscription(on=JAN), make_plan()
    yearly = price_of(plan, Period.YEARLY)
    Price.objects.filter(pk=yearly.pk).update(withdrawn_at=at(JAN) + timedelta(days=1))
    make_price(plan.product, 26_000, Period.YEARLY, displays=5)
    yearly.refresh_from_db()
    for price in (yearly, other.prices.first(), plan.price):
        with pytest.raises(plan_changes.CannotChange):
            plan_changes.change_to(subscription=plan, price=price, now=at(TENTH))
