"""Plans start once, renew once a period, and end when nobody pays (R38, R39, E)."""

from datetime import date, timedelta

import pytest

from accounts.choices import Role
from accounts.models import JournalEntry
from billing.actions import dunning, pay, renewal_notices, subscriptions
from billing.actions.cards import make_default
from billing.actions.orders import cancel as cancel_order
from billing.choices import CreditState, InvoiceState, PaymentMethod, Period, SubscriptionState
from billing.models import Invoice, Order, Payment, Subscription
from mail.models import OutgoingMail
from tests.billing.plans import GOOD, KEPT_THEN_DECLINED, at, keep_card, live, make_subscription, work
from tests.factories.accounts import make_staff
from tests.factories.billing import make_customer, make_plan, make_seller, make_tax
from tests.selfservice.shop import order as ordered
from tests.selfservice.shop import put
from timers.actions.sweep import sweep
from timers.models import Timer

pytestmark = pytest.mark.django_db

JAN, FEB, MAR = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)


def fresh(subscription: Subscription) -> Subscription:
    return Subscription.objects.get(pk=subscription.pk)


def periods_billed(subscription: Subscription) -> list[tuple[str, str, int]]:
    """(key, state, total) of its invoices in the order of their numbers."""
    rows = Invoice.objects.filter(subscription=subscription).order_by("number")
    return [(row.key.rpartition(":")[2], row.state, row.total) for row in rows]


def words() -> str:
    return "\n".join(mail.subject + "\n" + mail.text for mail in OutgoingMail.objects.order_by("pk"))


def test_R39_a_plan_starts_when_its_invoice_is_paid_and_only_once(client, stranger):
    make_seller(time_zone="America/Edmonton")
    plan = make_plan()
    client.force_login(stranger)
    put(client, plan.prices.get(period=Period.YEARLY), 3)
    ordered(client)
    order, invoice = Order.objects.get(), Invoice.objects.get()
    assert not Subscription.objects.exists()
    by, paid_at = make_staff(), at(date(2026, 11, 1), hour=3)  # still 31 October in Alberta

    pay.record_transfer(invoice=invoice, amount=invoice.due, reference="wire 1", by=by, now=paid_at)
    subscriptions.start_for_order(order=order, now=paid_at + timedelta(days=40))

    found = Subscription.objects.get()
    assert (found.period_starts_on, found.period_ends_on, found.anchor_day) == (
        date(2026, 10, 31), date(2027, 10, 31), 31,
    )  # fmt: skip
    assert (found.quantity, found.price.amount, found.method) == (3, 24_000, PaymentMethod.TRANSFER)
    timer = Timer.objects.get(kind="billing.renewal", subject=found.pk)
    assert timer.due_at.isoformat() == "2027-10-31T15:00:00+00:00"  # nine o'clock in Calgary


def test_on_account_a_plan_starts_at_once_and_ends_a_month_after_its_invoice_was_due(client, stranger):
    make_seller(time_zone="UTC")
    plan = make_plan()
    make_customer(person=stranger, credit_state=CreditState.APPROVED, credit_limit=900_000)
    client.force_login(stranger)
    put(client, plan.prices.get(period=Period.YEARLY))
    ordered(client, method="on_account")
    found, invoice = Subscription.objects.get(customer__person=stranger), Invoice.objects.get(customer__person=stranger)
    assert (found.state, found.period_invoice) == (SubscriptionState.ACTIVE, invoice)
    due = at(invoice.due_on)

    sweep(now=due)
    assert fresh(found).state == SubscriptionState.ACTIVE
    sweep(now=due + timedelta(days=1))
    assert fresh(found).state == SubscriptionState.PAST_DUE
    assert "ends on" in words()
    sweep(now=due + timedelta(days=31))

    assert fresh(found).state == SubscriptionState.ENDED
    invoice.refresh_from_db()
    assert (invoice.state, invoice.due) == (InvoiceState.OPEN, invoice.total)
    assert "What was used stays due" in words()


def test_an_order_that_is_taken_back_takes_its_plans_along(client, stranger):
    make_seller(time_zone="UTC")
    plan = make_plan()
    make_customer(person=stranger, credit_state=CreditState.APPROVED, credit_limit=900_000)
    client.force_login(stranger)
    put(client, plan.prices.get(period=Period.MONTHLY))
    ordered(client, method="on_account")
    cancel_order(order=Order.objects.get(), reason="Twice.", by=make_staff(Role.ADMIN), now=at(JAN))

    assert Subscription.objects.get(customer__person=stranger).state == SubscriptionState.ENDED


def test_a_renewal_is_billed_on_its_day_charged_off_session_and_taxed():
    make_tax(57_500)
    plan = make_subscription(on=JAN, quantity=2)
    card = keep_card(plan.customer)

    work(at(date(2026, 2, 27)))
    assert periods_billed(plan) == []
    work(at(FEB))
    work(at(FEB) + timedelta(hours=1))

    assert periods_billed(plan) == [("2026-02-28", "paid", 5_076)]
    payment = Payment.objects.get()
    assert (payment.is_off_session, payment.card, payment.amount) == (True, card, 5_076)
    line = Invoice.objects.get().lines.get()
    assert (line.period_starts_on, line.period_ends_on) == (FEB, date(2026, 3, 30))
    plan = fresh(plan)
    assert (plan.period_starts_on, plan.period_ends_on, plan.next_attempt_at) == (FEB, MAR, None)
    assert [mail.subject.partition(" ")[0] for mail in OutgoingMail.objects.all()] == ["Receipt"]


def test_by_invoice_a_renewal_is_mailed_and_nothing_is_charged():
    plan = make_subscription(on=JAN, method=PaymentMethod.TRANSFER)

    work(at(FEB))

    assert periods_billed(plan) == [("2026-02-28", "open", 2_400)]
    assert not Payment.objects.exists()
    assert "Open it without a login" in words()
    assert fresh(plan).next_attempt_at is None


def test_workers_down_for_four_days_and_for_four_months_bill_each_period_once_in_order():
    plan, late = make_subscription(on=JAN), make_subscription(on=JAN)
    keep_card(plan.customer), keep_card(late.customer)

    live(since=at(date(2026, 3, 4)), until=at(date(2026, 3, 6)))
    assert periods_billed(plan) == [("2026-02-28", "paid", 2_400)]
    live(since=at(date(2026, 7, 4)), until=at(date(2026, 7, 6)), step=timedelta(hours=2))

    days = ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]
    for one in (plan, late):
        assert [(day, state) for day, state, _ in periods_billed(one)] == [(day, "paid") for day in days]
        assert Payment.objects.filter(invoice__subscription=one, state="succeeded").count() == 5
        assert fresh(one).period_ends_on == date(2026, 7, 31)


def test_a_refused_card_is_asked_five_times_in_a_week_then_the_plan_ends():
    """Attempts after 1, 3, 5 and 7 days; told at each, before the end and after it."""
    plan = make_subscription(on=JAN)
    keep_card(plan.customer, KEPT_THEN_DECLINED)

    live(since=at(FEB), until=at(date(2026, 3, 9)))

    tried = [payment.created_at.date().isoformat() for payment in Payment.objects.order_by("pk")]
    assert tried == ["2026-02-28", "2026-03-01", "2026-03-03", "2026-03-05", "2026-03-07"]
    plan, invoice = fresh(plan), Invoice.objects.get()
    assert (plan.state, plan.ended_at.date(), plan.next_attempt_at) == ("ended", date(2026, 3, 7), None)
    assert (invoice.state, invoice.paid) == (InvoiceState.VOID, 0)
    subjects = list(OutgoingMail.objects.order_by("pk").values_list("subject", flat=True))
    name = plan.product.name
    assert subjects == [f"$24.00 for {name} was not paid"] * 3 + [
        f"Last attempt: $24.00 for {name} was not paid", f"{name} has ended",
    ]  # fmt: skip
    assert "We try again on Sunday 1 March" in words() and "We try once more on Saturday 7 March" in words()
    assert "is withdrawn. There is nothing to pay for it." in words()
    assert not Timer.objects.filter(kind="billing.renewal", subject=plan.pk, done_at__isnull=True).exists()


def test_R38_changing_the_card_retries_nothing_by_itself_and_paying_by_hand_ends_the_attempts():
    plan = make_subscription(on=JAN)
    keep_card(plan.customer, KEPT_THEN_DECLINED)
    work(at(FEB))
    assert fresh(plan).state == SubscriptionState.PAST_DUE
    good = keep_card(plan.customer, GOOD)
    make_default(card=good, by=plan.customer.person, now=at(FEB))
    work(at(FEB) + timedelta(hours=3))
    assert Payment.objects.count() == 1
    invoice = Invoice.objects.get()

    payment = pay.start(invoice=invoice, card=good, key="by hand", by=plan.customer.person, now=at(FEB, 14))

    plan = fresh(plan)
    assert (payment.state, plan.state, plan.failures, plan.next_attempt_at) == ("succeeded", "active", 0, None)
    live(since=at(FEB, 15), until=at(date(2026, 3, 9)))
    assert Payment.objects.count() == 2


@pytest.mark.parametrize("advice", [{"advice_code": "do_not_try_again"}, {"decline_code": "expired_card"}])
def test_a_card_that_the_bank_forbids_is_not_asked_again_but_a_changed_one_is(advice):
    plan = make_subscription(on=JAN)
    keep_card(plan.customer, KEPT_THEN_DECLINED)
    work(at(FEB))
    Payment.objects.get().declines.update(**advice)
    live(since=at(FEB, 12), until=at(date(2026, 3, 4)))
    assert Payment.objects.count() == 1
    assert fresh(plan).failures == 3
    make_default(card=keep_card(plan.customer, GOOD), by=plan.customer.person, now=at(date(2026, 3, 4)))

    live(since=at(date(2026, 3, 4), 12), until=at(date(2026, 3, 6)))

    assert [row.state for row in Payment.objects.order_by("pk")] == ["failed", "succeeded"]
    assert fresh(plan).state == SubscriptionState.ACTIVE


def test_without_a_card_on_file_the_customer_is_asked_to_pay_and_the_plan_ends_after_a_week():
    plan = make_subscription(on=JAN)

    live(since=at(FEB), until=at(date(2026, 3, 8)))

    assert not Payment.objects.exists()
    assert fresh(plan).state == SubscriptionState.ENDED
    assert "there is no card on file to pay $24.00 with" in words()


def test_a_cancelled_plan_ends_at_its_renewal_and_can_go_on_until_then():
    plan = make_subscription(on=JAN)
    keep_card(plan.customer)
    by = plan.customer.person
    subscriptions.cancel(subscription=plan, by=by, now=at(JAN))
    subscriptions.cancel(subscription=plan, by=by, now=at(JAN))
    subscriptions.go_on(subscription=plan, by=by, now=at(JAN))
    work(at(FEB))
    assert len(periods_billed(plan)) == 1
    subscriptions.cancel(subscription=plan, by=by, now=at(FEB, 12))

    live(since=at(MAR), until=at(date(2026, 5, 2)), step=timedelta(days=1))

    assert len(periods_billed(plan)) == 1
    assert fresh(plan).state == SubscriptionState.ENDED
    with pytest.raises(subscriptions.HasEnded):
        subscriptions.go_on(subscription=plan, by=by, now=at(MAR))
    actions = JournalEntry.objects.filter(action__contains="plan").order_by("number").values_list("action", flat=True)
    assert list(actions).count("billing.cancel_plan") == 3 and "billing.go_on_with_plan" in actions


def test_a_payment_that_comes_back_is_not_charged_again_by_itself():
    plan = make_subscription(on=JAN)
    keep_card(plan.customer)
    work(at(FEB))
    Invoice.objects.update(state=InvoiceState.OPEN, paid_at=None, paid=0)

    live(since=at(MAR), until=at(date(2026, 4, 2)))

    assert Payment.objects.count() == 1
    assert fresh(plan).state == SubscriptionState.PAST_DUE
    assert len(periods_billed(plan)) == 1


def test_charging_twice_makes_one_payment():
    plan = make_subscription(on=JAN)
    keep_card(plan.customer)
    sweep(now=at(FEB))
    for _ in range(3):
        Subscription.objects.filter(pk=plan.pk).update(next_attempt_at=at(FEB), failures=0)
        dunning.charge(subscription_id=plan.pk, now=at(FEB))
    assert Payment.objects.count() == 1
    assert subscriptions.renew(subscription_id=plan.pk, now=at(FEB)) is None
    assert len(periods_billed(plan)) == 1


def test_a_renewal_for_a_year_is_told_four_weeks_ahead_with_its_sum_and_its_card():
    """Once, whoever runs it again; and not where the plan ends, is paid by the month, or has renewed already."""
    yearly = make_subscription(on=JAN, period=Period.YEARLY, credit=1_000)
    monthly = make_subscription(on=JAN)
    ending = make_subscription(on=JAN, period=Period.YEARLY, ends_at_renewal=True)
    keep_card(yearly.customer)
    ahead = date(2027, 1, 3)

    live(since=at(date(2026, 12, 31)), until=at(ahead, 8))
    assert not OutgoingMail.objects.filter(subject__contains="renews on").exists()
    for _ in range(2):
        work(at(ahead))

    mail = OutgoingMail.objects.get(subject="Classroom software renews on 31 January for $230.00")
    assert mail.source_key == f"subscription:{yearly.pk}"
    for words in ("Sunday 31 January 2027", "Visa credit ending 4242", "credit of $10.00", "/account/"):
        assert words in mail.text, words
    for other in (monthly, ending):
        day = other.period_ends_on.toordinal()
        assert renewal_notices.tell(subscription_id=other.pk, day=day, now=at(ahead)) == 0
    assert renewal_notices.tell(subscription_id=yearly.pk, day=1, now=at(ahead)) == 0
