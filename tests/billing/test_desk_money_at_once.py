"""What the desk gives: twenty at once, and killed in the middle (E1, E2, S31), on PostgreSQL."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.choices import Role
from billing.actions import agent_refunds, discounts, free_accounts, goodwill, money_rights, subscriptions
from billing.actions.agent_refunds import AboveLimit
from billing.actions.free_accounts import CannotOpen
from billing.actions.goodwill import CannotGive
from billing.actions.refund import CannotRefund
from billing.choices import GoodwillWay, MoneyRightKind, RefundReason
from billing.models import BudgetDay, Coupon, CouponGrant, FreeAccount, Goodwill, Invoice, Price, Refund, Subscription
from mail.models import OutgoingMail
from tests.billing.money import killed_at, make_open_invoice, money_is_right, pay_with, work
from tests.factories.accounts import make_staff
from tests.factories.billing import make_coupon, make_customer, make_plan, make_seller
from tests.mail.processes import at_once
from timers.models import Timer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def seller(transactional_db):
    return make_seller()


def appointed(right: MoneyRightKind, *roles: Role):
    person = make_staff(*roles or (Role.AGENT,))
    money_rights.grant_right(person=person, right=right, by=make_staff(Role.ADMIN), now=timezone.now())
    return person


def give(amount: int, by, customer, key: str) -> Goodwill:
    return goodwill.give(
        customer=customer, amount=amount, way=GoodwillWay.COUPON, invoice=None, reason="Waited long", ticket=1, by=by,
        key=key, now=timezone.now(),
    )  # fmt: skip


def refund_of(invoice, amount: int, by, key: str) -> list[Refund]:
    return agent_refunds.give(
        invoice=Invoice.objects.get(pk=invoice.pk), amount=amount, why=RefundReason.TWICE, words="", ticket=None, by=by,
        key=key, now=timezone.now(),
    )  # fmt: skip


def paid(amount: int, **fields) -> Invoice:
    invoice = make_open_invoice(amount=amount, **fields)
    pay_with(invoice)
    return invoice


def test_E1_twenty_gifts_of_30_at_once_are_three_and_one_form_sent_twenty_times_is_one():
    agent, customers = make_staff(Role.AGENT), [make_customer() for _ in range(20)]

    said = at_once(*[lambda n=n: give(3_000, agent, customers[n], f"form{n}") for n in range(20)])

    assert sorted(type(one).__name__ for one in said) == ["CannotGive"] * 17 + ["Goodwill"] * 3
    assert (BudgetDay.objects.get().spent, Goodwill.objects.count(), Coupon.objects.count()) == (9_000, 3, 3)
    other = make_staff(Role.AGENT)
    again = at_once(*[lambda: give(1_000, other, customers[-1], "one form")] * 10)
    kept = {one.pk for one in again if isinstance(one, Goodwill)}
    assert len(kept) <= 1 and {type(one) for one in again} <= {Goodwill, CannotGive}
    assert BudgetDay.objects.filter(person=other, spent=1_000).count() == len(kept)


def test_two_agents_at_once_are_good_to_the_same_customer_once():
    customer = make_customer()
    agents = [make_staff(Role.AGENT) for _ in range(8)]

    said = at_once(*[lambda one=one: give(1_000, one, customer, "form") for one in agents])

    assert sorted(type(one).__name__ for one in said) == ["CannotGive"] * 7 + ["Goodwill"]
    assert sum(BudgetDay.objects.values_list("spent", flat=True)) == 1_000


def test_E2_two_refunds_of_the_last_30_at_once_are_one_and_the_cap_holds_across_invoices():
    invoice, customer = paid(8_000), make_customer()
    people = [appointed(MoneyRightKind.REFUND) for _ in range(6)]
    refund_of(invoice, 5_000, people[0], "first")

    said = at_once(*[lambda one=one: refund_of(invoice, 3_000, one, "form") for one in people[1:]])
    assert sorted(type(one).__name__ for one in said) == ["CannotRefund"] * 4 + ["list"]
    assert {type(one) for one in said} == {list, CannotRefund}

    several = [paid(9_000, customer=customer) for _ in range(5)]
    said = at_once(*[lambda n=n: refund_of(several[n], 6_000, people[0], f"form{n}") for n in range(5)])
    assert sorted(type(one).__name__ for one in said) == ["AboveLimit"] * 4 + ["list"]
    assert AboveLimit in {type(one) for one in said}
    work()
    money_is_right()


def test_twenty_free_accounts_at_once_are_as_many_as_the_month_has():
    giver = appointed(MoneyRightKind.FREE_ACCOUNT)
    price = Price.objects.get(product=make_plan(), period="monthly")
    customers = [make_customer() for _ in range(10)]
    ends_on = timezone.now().date() + timedelta(days=30)

    def open_one(number: int) -> FreeAccount:
        return free_accounts.open_account(
            customer=customers[number], price=price, ends_on=ends_on, reason="Pilot", ticket=None, by=giver,
            key=f"form{number}", now=timezone.now(),
        )  # fmt: skip

    said = at_once(*[lambda n=n: open_one(n) for n in range(10)])

    assert sorted(type(one).__name__ for one in said) == ["CannotOpen"] * 8 + ["FreeAccount"] * 2
    assert (FreeAccount.objects.count(), Subscription.objects.count()) == (2, 2)
    assert CannotOpen in {type(one) for one in said}


@pytest.mark.parametrize("point", ["billing.goodwill.spent", "billing.goodwill.before_commit"])
def test_a_process_killed_while_giving_goodwill_gave_nothing_and_the_form_sent_again_gives_once(point):
    agent, customer = make_staff(Role.AGENT), make_customer()

    assert killed_at(point, lambda: give(3_000, agent, customer, "form"))
    assert (sum(BudgetDay.objects.values_list("spent", flat=True)), Coupon.objects.count()) == (0, 0)
    for _ in range(2):
        give(3_000, agent, customer, "form")

    assert (BudgetDay.objects.get().spent, Goodwill.objects.count(), Coupon.objects.count()) == (3_000, 1, 1)
    assert OutgoingMail.objects.filter(to_address=customer.person.email).count() == 1


@pytest.mark.parametrize(
    "point", ["billing.credit_note.written", "billing.refund.queued", "billing.agent_refund.queued"]
)
def test_a_process_killed_while_refunding_at_the_desk_refunds_once(point):
    invoice, agent = paid(8_000), appointed(MoneyRightKind.REFUND)

    assert killed_at(point, lambda: refund_of(invoice, 3_000, agent, "form"))
    assert (Refund.objects.count(), invoice.credit_notes.count()) == (0, 0)
    for _ in range(2):
        refund_of(invoice, 3_000, agent, "form")
    work()

    assert [one.amount for one in Refund.objects.all()] == [3_000]
    assert invoice.credit_notes.get().total == 3_000
    money_is_right()


def test_a_coupon_given_by_ten_at_once_is_one_grant_and_one_mail():
    giver, customer = appointed(MoneyRightKind.DISCOUNT), make_customer()
    coupon = make_coupon("SORRY20", percent_off=20, may_be_given=True)

    def give_it() -> CouponGrant:
        return discounts.give(
            coupon=coupon, customer=customer, reason="Loyal", ticket=None, by=giver, now=timezone.now()
        )

    said = at_once(*[give_it] * 10)

    assert {one.pk for one in said} == {CouponGrant.objects.get().pk}
    assert OutgoingMail.objects.filter(to_address=customer.person.email).count() == 1


def test_a_process_killed_while_opening_a_free_account_opened_none_and_again_opens_one():
    giver, customer = appointed(MoneyRightKind.FREE_ACCOUNT), make_customer()
    price = Price.objects.get(product=make_plan(), period="monthly")

    def open_it() -> FreeAccount:
        return free_accounts.open_account(
            customer=customer, price=price, ends_on=timezone.now().date() + timedelta(days=30), reason="Pilot",
            ticket=None, by=giver, key="form", now=timezone.now(),
        )  # fmt: skip

    assert killed_at("billing.free_account.opened", open_it)
    assert (FreeAccount.objects.count(), Subscription.objects.count(), Timer.objects.count()) == (0, 0, 0)
    for _ in range(2):
        open_it()

    plan = FreeAccount.objects.get().subscription
    assert (Subscription.objects.count(), Timer.objects.filter(kind="billing.renewal").count()) == (1, 1)
    day = timezone.now() + timedelta(days=31)
    at_once(*[lambda: subscriptions.renew(subscription_id=plan.pk, now=day)] * 5)
    assert (Subscription.objects.get().state, Invoice.objects.count()) == ("ended", 0)
    assert OutgoingMail.objects.filter(to_address=customer.person.email).count() == 2
