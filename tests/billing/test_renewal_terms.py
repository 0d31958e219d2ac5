"""R26, B3: a plan renews on account only where its customer may buy so, and only with the days that a limit gives."""

from datetime import date, timedelta

import pytest

from billing import credit
from billing.actions import plan_changes, renewal_notices, subscriptions
from billing.choices import CreditState, InvoiceState, PaymentMethod, Period, SubscriptionState
from billing.models import Customer, Invoice, Order, Payment, Subscription
from mail.models import OutgoingMail
from tests.billing.credit import holds, order
from tests.billing.money import killed_at
from tests.billing.plans import at, keep_card, make_subscription, work
from tests.billing.test_plans_at_once import at_once
from tests.factories.accounts import make_person
from tests.factories.billing import make_customer
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db

JAN, FEB, MAR = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)


def make_plan_on_account(state: str = "closed", limit: int = 0, **more) -> Subscription:
    """$24 a month on account."""
    customer = make_customer(person=make_person(), credit_state=state, credit_limit=limit)
    return make_subscription(on=JAN, customer=customer, method=PaymentMethod.ON_ACCOUNT, **more)


def renewed(plan: Subscription) -> tuple[Subscription, Invoice]:
    """The plan, and the invoice of its renewal, of which there is one."""
    return Subscription.objects.get(pk=plan.pk), Invoice.objects.get(subscription=plan)


def mails() -> list[str]:
    return list(OutgoingMail.objects.order_by("pk").values_list("subject", flat=True))


def test_R26_a_closed_customers_plan_is_charged_to_the_default_card_and_says_so_once():
    plan = make_plan_on_account()
    keep_card(plan.customer)

    for hours in range(3):
        work(at(FEB) + timedelta(hours=hours))
    assert subscriptions.renew(subscription_id=plan.pk, now=at(FEB)) is None

    plan, invoice = renewed(plan)
    assert (plan.method, plan.state, invoice.state) == (PaymentMethod.CARD, SubscriptionState.ACTIVE, "paid")
    assert Payment.objects.get().is_off_session and invoice.snapshot["method"] == "card"
    notice, receipt = mails()
    assert notice == "Classroom software was renewed, and is not on account any more" and receipt.startswith("Receipt")
    text = OutgoingMail.objects.order_by("pk")[0].text
    assert "Visa credit ending 4242" in text and "$24.00 is charged to it today" in text and "/account/" in text


def test_R26_without_a_card_the_invoice_asks_for_a_transfer_in_one_mail_and_the_next_one_is_usual():
    plan = make_plan_on_account()

    for now in (at(FEB), at(FEB), at(MAR)):
        sweep(now=now)

    first, second = Invoice.objects.order_by("pk")
    assert (first.snapshot["method"], first.due_on) == ("transfer", FEB + timedelta(days=30))
    assert Subscription.objects.get(pk=plan.pk).method == PaymentMethod.TRANSFER
    notice = OutgoingMail.objects.get(text__contains=first.number, created_at__lt=at(MAR))
    assert OutgoingMail.objects.filter(subject__contains=second.number).count() == 1
    assert "by card or by bank transfer" in notice.text and "due on Monday 30 March 2026" in notice.text
    assert "/i/" in notice.text, "its link needs no login"


def test_what_was_billed_on_account_is_owed_on_account_whatever_the_plan_does_later():
    plan = make_plan_on_account("approved", 10_000)
    sweep(now=at(FEB))
    customer = plan.customer
    assert credit.exposure(customer) == 2_400
    Customer.objects.update(credit_state=CreditState.CLOSED, credit_limit=0)

    sweep(now=at(MAR))

    assert list(Invoice.objects.order_by("pk").values_list("snapshot__method", flat=True)) == ["on_account", "transfer"]
    assert credit.exposure(customer) == 2_400


def test_B3_past_the_limit_it_renews_due_at_once_and_holds_what_is_ordered_after_it():
    plan = make_plan_on_account("approved", 2_000)

    for _ in range(2):
        sweep(now=at(FEB))

    plan, invoice = renewed(plan)
    assert (plan.method, plan.state) == (PaymentMethod.ON_ACCOUNT, SubscriptionState.ACTIVE)
    assert (invoice.state, invoice.due_on, invoice.snapshot["terms"]) == (InvoiceState.OPEN, FEB, "Due at once")
    assert mails() == ["$24.00 for Classroom software is due now: your credit limit is used up"]
    text = OutgoingMail.objects.get().text
    assert "limit of $20.00" in text and "/account/credit/" in text and f"?for={plan.customer_id}" in text
    assert credit.exposure(plan.customer) == 2_400
    assert holds(order(plan.customer.person, 100, now=at(FEB, 12))) == ["credit"]

    sweep(now=at(FEB) + timedelta(days=1))
    assert Subscription.objects.get(pk=plan.pk).state == SubscriptionState.PAST_DUE
    sweep(now=at(FEB) + timedelta(days=32))
    assert Subscription.objects.get(pk=plan.pk).state == SubscriptionState.ENDED


def test_B3_a_switch_that_nobody_paid_is_withdrawn_at_the_renewal_and_takes_no_room():
    plan = make_plan_on_account("approved", 5_000)
    yearly, now = plan.product.prices.get(period=Period.YEARLY, displays=5), at(date(2026, 2, 10))
    asked = plan_changes.change_to(subscription=plan, price=yearly, now=now)
    by = plan.customer.person
    plan_changes.change(subscription=plan, price_id=yearly.pk, version=asked.version, by=by, now=now)
    waiting = Invoice.objects.get()
    assert waiting.due > 5_000

    sweep(now=at(FEB))

    waiting.refresh_from_db()
    invoice = Invoice.objects.exclude(pk=waiting.pk).get()
    assert (waiting.state, invoice.total, invoice.due_on) == ("void", 2_400, FEB + timedelta(days=30))
    assert not [subject for subject in mails() if "limit is used up" in subject]


def test_with_room_it_renews_on_account_as_before():
    plan = make_plan_on_account("approved", 2_400)

    sweep(now=at(FEB))

    plan, invoice = renewed(plan)
    assert (plan.method, invoice.due_on) == (PaymentMethod.ON_ACCOUNT, FEB + timedelta(days=30))
    assert len(mails()) == 1 and invoice.number in mails()[0]


def test_the_notice_a_month_ahead_and_the_account_page_say_how_it_will_be_paid(client):
    plan = make_plan_on_account(period=Period.YEARLY)
    keep_card(plan.customer)
    client.force_login(plan.customer.person)

    page = client.get("/account/").content.decode()
    told = renewal_notices.tell(
        subscription_id=plan.pk, day=plan.period_ends_on.toordinal(), now=at(plan.period_ends_on - timedelta(days=28))
    )

    assert told == 1 and "charged to your Visa credit ending 4242" in OutgoingMail.objects.get().text
    assert "with Visa ending 4242." in page
    assert Subscription.objects.get(pk=plan.pk).method == PaymentMethod.ON_ACCOUNT, "until it renews"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", ["billing.renew.invoiced", "billing.renew.before_commit"])
@pytest.mark.parametrize("limit", [0, 2_000])
def test_F3_killed_while_it_leaves_the_account_and_renewed_by_many_at_once_it_is_billed_and_told_once(place, limit):
    plan = make_plan_on_account("approved" if limit else "closed", limit)

    assert killed_at(place, lambda: subscriptions.renew(subscription_id=plan.pk, now=at(FEB)))
    assert (Invoice.objects.count(), OutgoingMail.objects.count()) == (0, 0)
    at_once(lambda: subscriptions.renew(subscription_id=plan.pk, now=at(FEB)))

    plan, invoice = renewed(plan)
    assert plan.method == (PaymentMethod.ON_ACCOUNT if limit else PaymentMethod.TRANSFER)
    assert len(mails()) == 1 and invoice.state == InvoiceState.OPEN


@pytest.mark.django_db(transaction=True)
def test_S32_a_renewal_and_a_checkout_at_once_never_both_get_the_same_room():
    for _ in range(4):
        plan = make_plan_on_account("approved", 10_000)
        turn = iter([lambda plan=plan: order(plan.customer.person, 9_000, now=at(FEB)).number,
                     lambda plan=plan: subscriptions.renew(subscription_id=plan.pk, now=at(FEB))])  # fmt: skip
        said = at_once(lambda turn=turn: next(turn)(), times=2)

        placed = Order.objects.get(customer=plan.customer)
        _, invoice = renewed(plan)
        assert placed.number in said
        assert (holds(placed) == ["credit"]) != (invoice.due_on == FEB), "one of the two has no room"
