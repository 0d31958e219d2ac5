"""What the desk gives by itself: refunds, goodwill, discounts, free accounts; and who gets nothing (E1 to E3, E8)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.access import NotAllowed
from accounts.choices import Role
from accounts.models import JournalEntry
from billing import coupon_terms, linked
from billing.actions import (
    agent_refunds,
    discounts,
    free_accounts,
    goodwill,
    money_rights,
    pay,
    plan_changes,
    subscriptions,
)  # fmt: skip
from billing.actions.agent_refunds import AboveLimit
from billing.actions.discounts import CannotDiscount
from billing.actions.free_accounts import CannotOpen
from billing.actions.goodwill import CannotGive
from billing.actions.money_rights import CannotAppoint
from billing.actions.refund import CannotRefund
from billing.allowances import Limits
from billing.choices import GoodwillWay, MoneyRightKind, MoneyTaskKind, RefundOrigin, RefundReason, RefundState
from billing.linked import LinkedAccount
from billing.models import (
    BudgetDay,
    CouponGrant,
    Customer,
    FreeAccount,
    Goodwill,
    Invoice,
    MoneyRight,
    MoneyTask,
    Price,
    Refund,
    RefundRequest,
    Subscription,
)
from mail.models import OutgoingMail
from supportdesk.faults.invariants import violations
from tests.billing.money import make_open_invoice, money_is_right, pay_with, work
from tests.billing.plans import keep_card
from tests.factories.accounts import make_organisation, make_person, make_staff
from tests.factories.billing import make_coupon, make_customer, make_plan, make_seller
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)  # ten in the morning in Calgary
_keys = iter(range(1, 1_000_000))


@pytest.fixture(autouse=True)
def seller(db):
    return make_seller(time_zone="America/Edmonton")


def appoint(person, *rights: MoneyRightKind):
    """By an admin who is somebody else."""
    for right in rights:
        money_rights.grant_right(person=person, right=right, by=make_staff(Role.ADMIN), now=NOW)
    return person


def refunder(*roles: Role):
    return appoint(make_staff(*roles or (Role.AGENT,)), MoneyRightKind.REFUND)


def refund_of(invoice, amount: int, by, *, do=agent_refunds.give, key: str = "", now=None):
    return do(
        invoice=invoice, amount=amount, why=RefundReason.DAMAGED, words="The box was crushed", ticket=4711, by=by,
        key=key or f"form{next(_keys)}", now=now or timezone.now(),
    )  # fmt: skip


def give(amount: int, by, *, customer=None, way=GoodwillWay.COUPON, invoice=None, now=NOW, key: str = "", **more):
    asked = {"reason": "Waited for a week", "ticket": 4711} | more
    return goodwill.give(
        customer=customer or make_customer(), amount=amount, way=way, invoice=invoice, by=by,
        key=key or f"form{next(_keys)}", now=now, **asked,
    )  # fmt: skip


def paid(amount: int, *, customer=None) -> Invoice:
    invoice = make_open_invoice(amount=amount, customer=customer)
    pay_with(invoice)
    invoice.refresh_from_db()
    return invoice


def refused_entries(person) -> list[str]:
    rows = JournalEntry.objects.filter(action="accounts.refused", by=person)
    return [entry.data["tried"] for entry in rows.order_by("number")]


def mails_to(customer: Customer) -> list[str]:
    return list(
        OutgoingMail.objects.filter(to_address=customer.person.email).order_by("pk").values_list("subject", flat=True)
    )


# Refunds


def test_E2_of_80_paid_and_50_refunded_30_and_a_cent_are_refused_and_30_go_back_to_the_card_that_paid():
    invoice, by = paid(8_000), refunder(Role.AGENT)
    refund_of(invoice, 5_000, by)

    with pytest.raises(CannotRefund, match=r"At most \$30\.00 can be given back: \$80\.00 was paid"):
        refund_of(invoice, 3_001, by)
    assert Refund.objects.count() == 1
    refund_of(invoice, 3_000, by)
    work()

    payment = invoice.payments.get()
    assert [(one.amount, one.state, one.payment_id) for one in Refund.objects.order_by("pk")] == [
        (5_000, RefundState.SUCCEEDED, payment.pk), (3_000, RefundState.SUCCEEDED, payment.pk),
    ]  # fmt: skip
    assert [note.total for note in invoice.credit_notes.order_by("pk")] == [5_000, 3_000]
    subjects = mails_to(invoice.customer)
    assert f"$50.00 is on its way back to you for {invoice.number}" in subjects
    assert f"$30.00 is on its way back to you for {invoice.number}" in subjects
    money_is_right()


def test_E2_a_card_that_is_gone_is_escalated_and_no_other_card_is_paid():
    customer = make_customer()
    invoice, by = make_open_invoice(amount=8_000, customer=customer), refunder()
    pay_with(invoice, "4000000000005126")  # its refunds come back
    paid(8_000, customer=customer)  # another card of the same customer

    refund_of(Invoice.objects.get(pk=invoice.pk), 8_000, by)
    work()
    work(minutes=10)

    one = Refund.objects.get()
    assert (one.state, one.payment.invoice_id) == (RefundState.FAILED, invoice.pk)
    assert [task.refund_id for task in MoneyTask.objects.filter(kind=MoneyTaskKind.REFUND_FAILED)] == [one.pk]


def test_E3_without_the_right_a_refund_is_refused_and_journalled_and_asking_puts_it_before_the_review():
    invoice, agent = paid(8_000), make_staff(Role.AGENT)

    with pytest.raises(NotAllowed, match="goes to the review"):
        refund_of(invoice, 100, agent)
    assert (Refund.objects.count(), refused_entries(agent)) == (0, ["money.refund"])

    request = refund_of(invoice, 100, agent, do=agent_refunds.give_or_ask)
    assert isinstance(request, RefundRequest)
    assert (request.origin, request.by, request.ticket, request.amount_asked) == (RefundOrigin.AGENT, agent, 4711, 100)
    for nobody in (make_person(), make_staff(Role.OBSERVER), make_staff(Role.EDITOR)):
        with pytest.raises(NotAllowed):
            refund_of(paid(8_000), 100, nobody, do=agent_refunds.give_or_ask)


def test_above_the_cap_of_the_role_a_refund_becomes_a_request_and_parts_are_no_way_around():
    customer, agent = make_customer(), refunder(Role.AGENT)
    make_staff(Role.REVIEWER, name="Noor Haddad")
    first, second = paid(50_000, customer=customer), paid(50_000, customer=customer)

    with pytest.raises(AboveLimit, match=r"send \$100\.00 more back .* Noor Haddad decides"):
        refund_of(first, 10_001, agent)
    assert len(refund_of(first, 6_000, agent)) == 1
    with pytest.raises(AboveLimit, match=r"send \$40\.00 more back"):
        refund_of(second, 6_000, agent)
    assert isinstance(refund_of(second, 6_000, agent, do=agent_refunds.give_or_ask), RefundRequest)
    assert isinstance(refund_of(first, 4_000, agent, do=agent_refunds.give_or_ask), list)
    assert Refund.objects.count() == 2
    # The cap belongs to the role, and of several the largest counts.
    lead = refunder(Role.AGENT, Role.LEAD)
    assert len(refund_of(first, 40_000, lead)) == 1


def test_a_refund_sent_twice_is_done_once_and_is_no_request_for_what_went_back_already():
    invoice, by = paid(8_000), refunder()

    once, again = (refund_of(invoice, 8_000, by, key="one-form", do=agent_refunds.give_or_ask) for _ in range(2))

    assert [one.pk for one in once] == [one.pk for one in again]
    assert (Refund.objects.get().amount, RefundRequest.objects.count()) == (8_000, 0)


def test_what_was_paid_by_transfer_is_asked_for_and_what_is_more_than_all_of_it_is_refused():
    invoice, by = make_open_invoice(amount=8_000), refunder()
    pay.record_transfer(invoice=invoice, amount=8_000, reference="FT 1", by=make_staff(Role.LEAD), now=timezone.now())

    with pytest.raises(CannotRefund, match=r"At most \$80\.00"):
        refund_of(invoice, 8_001, by, do=agent_refunds.give_or_ask)
    with pytest.raises(CannotRefund, match="paid by bank transfer"):
        refund_of(invoice, 5_000, by)
    request = refund_of(invoice, 5_000, by, do=agent_refunds.give_or_ask)
    assert (request.amount_asked, Refund.objects.count()) == (5_000, 0)


# Who is linked


@pytest.mark.parametrize("link", ["own", "member", "recipient", "card", "address", "flat"])
def test_E8_an_account_that_is_linked_to_the_agent_or_to_any_staff_gets_nothing_and_it_is_flagged(link):
    agent, colleague = refunder(), make_staff(Role.AGENT)
    place = {"line1": "77 Elm Road", "line2": "", "postal_code": "43002"}
    customer = make_customer(person=make_person(name="Sam Doe"), **place)
    if link == "own":
        customer = make_customer(person=agent, line1="9 Far Street")
    elif link == "member":
        customer = make_customer(organisation=make_organisation(name="Doe & Co"), line1="9 Far Street")
        customer.organisation.memberships.create(person=agent)
    elif link == "recipient":
        customer.recipients.create(email=agent.email, added_at=NOW)
    elif link == "card":
        paid(5_000, customer=make_customer(person=colleague, line1="9 Far Street"))
    elif link == "address":
        make_customer(person=colleague, line1="77 ELM Road.", postal_code="43 002")
    elif link == "flat":  # a flat that is left out is the same house
        make_customer(person=colleague, line1="77 Elm Road", line2="Apt 4", postal_code="43002")
    invoice = paid(8_000, customer=customer)

    for act in (
        lambda: refund_of(invoice, 1_000, agent),
        lambda: give(1_000, agent, customer=customer, now=timezone.now()),
    ):
        with pytest.raises(LinkedAccount, match="Somebody else has to decide"):
            act()

    assert (Refund.objects.count(), Goodwill.objects.count(), BudgetDay.objects.count()) == (0, 0, 0)
    task = MoneyTask.objects.get(kind=MoneyTaskKind.LINKED_ACCOUNT)
    assert agent.shown_name in task.words
    assert JournalEntry.objects.filter(action="billing.linked_account", by=agent).count() == 2
    own = bool(linked.link_between(agent, customer))
    assert own is (link in ("own", "member", "recipient"))
    if own:  # nor may they ask for it at the desk
        with pytest.raises(LinkedAccount, match="Let a colleague ask"):
            refund_of(invoice, 1_000, agent, do=agent_refunds.ask)
    else:  # the review decides about what is only a colleague's
        assert isinstance(refund_of(invoice, 1_000, agent, do=agent_refunds.ask), RefundRequest)


def test_E8_an_attempt_is_told_to_admins_once_a_day_and_to_no_reviewer():
    agent, admin, reviewer = refunder(), make_staff(Role.ADMIN), make_staff(Role.REVIEWER)
    customer = make_customer(person=agent, line1="9 Far Street")

    for _ in range(3):
        with pytest.raises(LinkedAccount):
            give(100, agent, customer=customer)
    with pytest.raises(LinkedAccount):
        give(100, agent, customer=customer, now=NOW + timedelta(days=1))

    told = OutgoingMail.objects.filter(subject="Somebody tried to decide about an account of their own")
    assert sorted(told.values_list("to_address", flat=True)).count(admin.email) == 2
    assert reviewer.email not in told.values_list("to_address", flat=True)


def test_E8_another_card_and_another_flat_are_no_link():
    agent, other = make_staff(Role.AGENT), make_customer(line1="77 Elm Road", line2="Apt 5", postal_code="43002")
    mine = make_customer(person=agent, line1="77 Elm Road", line2="Apt 4", postal_code="43002")
    pay_with(make_open_invoice(customer=mine), "5555555555554444")
    paid(100, customer=other)

    assert (linked.link_between(agent, other), linked.link_with_staff(other)) == ("", "")
    assert linked.link_between(agent, other, asked_by=agent) == "You asked for this yourself."
    card = keep_card(mine, "5555555555554444")
    assert card.fingerprint == mine.invoices.get().payments.get().fingerprint != ""
    kept = mine.invoices.get().payments.get().fingerprint
    assert kept and kept != other.invoices.get().payments.get().fingerprint


# Goodwill


def test_E1_60_and_40_pass_a_cent_more_is_refused_and_the_day_begins_anew_at_the_sellers_midnight():
    """R94."""
    agent = make_staff(Role.AGENT)
    lead = make_staff(Role.LEAD, name="Dana Reyes")
    evening = datetime(2026, 11, 19, 6, 59, 59, tzinfo=UTC)  # 23:59:59 in Calgary, tomorrow in UTC

    give(6_000, agent, now=evening)
    with pytest.raises(
        CannotGive, match=r"You may give \$40\.00 more today, of \$100\.00 a day\. Dana Reyes may give more"
    ):
        give(4_001, agent, now=evening)
    give(4_000, agent, now=evening)
    with pytest.raises(CannotGive, match="You have given all that you may today"):
        give(1, agent, now=evening)
    give(10_000, agent, now=evening + timedelta(seconds=1))

    days = BudgetDay.objects.filter(person=agent).order_by("day").values_list("day", "spent", "limit")
    assert list(days) == [(date(2026, 11, 18), 10_000, 10_000), (date(2026, 11, 19), 10_000, 10_000)]
    assert Goodwill.objects.count() == 3
    # What is left is gone at midnight, and another limit holds from the moment it is set.
    admin = make_staff(Role.ADMIN)
    money_rights.set_limits(by_role={Role.LEAD: Limits(goodwill_a_day=2_000)}, by=admin, now=NOW)
    with pytest.raises(CannotGive, match=r"\$20\.00 more today"):
        give(2_001, lead)
    money_rights.set_limits(by_role={Role.LEAD: Limits(goodwill_a_day=3_000)}, by=admin, now=NOW)
    give(2_001, lead)


def test_goodwill_needs_a_reason_a_ticket_and_a_lead_for_the_same_customer_within_30_days():
    agent, lead, customer = make_staff(Role.AGENT), make_staff(Role.LEAD, name="Dana Reyes"), make_customer()
    for wrong, words in (
        ({"reason": " \x00 "}, "Say why"), ({"ticket": None}, "Name the ticket"),
        ({"way": GoodwillWay.CARD}, "Choose one of the invoices"),
        ({"way": GoodwillWay.INVOICE, "invoice": make_open_invoice()}, "Choose one of the invoices"),
    ):  # fmt: skip
        with pytest.raises(CannotGive, match=words):
            give(100, agent, customer=customer, **wrong)
    for amount in (0, -1, 10**12):
        with pytest.raises(CannotGive, match="more than nothing"):
            give(amount, agent, customer=customer)
    give(100, agent, customer=customer)

    for person in (agent, make_staff(Role.AGENT)):
        with pytest.raises(CannotGive, match=rf"got \$1\.00 on 18 November, from {agent.shown_name}.* ask Dana Reyes"):
            give(100, person, customer=customer, now=NOW + timedelta(days=29))
    give(100, lead, customer=customer, now=NOW + timedelta(days=29))
    give(100, agent, customer=customer, now=NOW + timedelta(days=60))
    assert Goodwill.objects.filter(customer=customer).count() == 3
    with pytest.raises(NotAllowed):
        give(100, make_staff(Role.REVIEWER), customer=make_customer())


def test_goodwill_reaches_the_invoice_the_card_or_the_next_order_once_and_the_customer_is_told_without_the_reason():
    agent, now = make_staff(Role.AGENT), timezone.now()
    open_one, settled = make_open_invoice(amount=5_000), paid(5_000)

    give(2_000, agent, customer=open_one.customer, way=GoodwillWay.INVOICE, invoice=open_one, now=now)
    for _ in range(2):
        give(1_500, agent, customer=settled.customer, way=GoodwillWay.CARD, invoice=settled, now=now, key="twice")
    coupon = give(700, agent, now=now)
    work()

    open_one.refresh_from_db()
    assert (open_one.due, open_one.credit_notes.get().reason) == (3_000, "Goodwill")
    assert [(one.amount, one.state) for one in Refund.objects.all()] == [(1_500, RefundState.SUCCEEDED)]
    assert BudgetDay.objects.get().spent == 4_200
    assert f"We took $20.00 off invoice {open_one.number}" in mails_to(open_one.customer)
    assert OutgoingMail.objects.filter(text__contains="$30.00 of it is left to pay").count() == 1
    assert "$15.00 comes back to your card" in mails_to(settled.customer)
    assert mails_to(coupon.customer) == ["$7.00 off your next order"]
    assert not OutgoingMail.objects.filter(text__contains="Waited for a week").exists()
    with pytest.raises(CannotGive, match=r"\$30\.00 of INV"):
        give(
            3_001, make_staff(Role.LEAD), customer=open_one.customer, way=GoodwillWay.INVOICE, invoice=open_one, now=now
        )
    # The code is of no use to anybody else.
    given = coupon.grant.coupon
    stranger = make_customer()
    said = coupon_terms.refusal(given, customer=stranger, lines=[], currency="USD", now=now)
    assert said == f"The coupon {given.code} was given to somebody else."
    assert coupon_terms.refusal(given, customer=coupon.customer, lines=[], currency="USD", now=now) == ""
    money_is_right()


# Discounts


def test_a_discount_is_a_marked_coupon_of_the_catalogue_given_once_by_whoever_has_the_right():
    """R96."""
    giver, customer = appoint(make_staff(), MoneyRightKind.DISCOUNT), make_customer()
    marked, other = make_coupon("SORRY20", percent_off=20, may_be_given=True), make_coupon("SECRET90", percent_off=90)
    ended = make_coupon("OLD", may_be_given=True, ends_at=NOW - timedelta(days=1))
    personal = make_coupon("THANKS-X", may_be_given=True, is_personal=True)

    def discount(coupon, by=giver, reason="Asked nicely"):
        return discounts.give(coupon=coupon, customer=customer, reason=reason, ticket=9, by=by, now=NOW)

    agent = make_staff()
    with pytest.raises(NotAllowed, match=f"{giver.shown_name} may"):
        discount(marked, by=agent)
    assert refused_entries(agent) == ["money.discount"]
    for coupon, words in ((other, "not one that the desk gives"), (personal, "not one that"), (ended, "ended on")):
        with pytest.raises(CannotDiscount, match=words):
            discount(coupon)
    with pytest.raises(CannotDiscount, match="Say why"):
        discount(marked, reason=" ")
    assert discount(marked) == discount(marked)

    grant = CouponGrant.objects.get()
    assert (grant.by, grant.reason, grant.ticket) == (giver, "Asked nicely", 9)
    assert mails_to(customer) == ["A coupon for you: SORRY20"]


# Free accounts


def monthly(**fields) -> Price:
    return Price.objects.get(product=make_plan(**fields), period="monthly")


def open_free(by, price, *, customer=None, ends_on=date(2026, 12, 18), now=NOW, key: str = "", reason="A pilot school"):
    return free_accounts.open_account(
        customer=customer or make_customer(), price=price, ends_on=ends_on, reason=reason, ticket=None, by=by,
        key=key or f"form{next(_keys)}", now=now,
    )  # fmt: skip


def test_a_free_account_ends_by_itself_on_its_day_with_a_mail_and_is_never_billed():
    giver, price = appoint(make_staff(), MoneyRightKind.FREE_ACCOUNT), monthly(name="Classroom software")
    account = open_free(giver, price, key="form")
    plan = account.subscription
    assert open_free(giver, price, customer=account.customer, key="form") == account
    for change in (
        lambda: subscriptions.go_on(subscription=plan, by=account.customer.person, now=NOW),
        lambda: plan_changes.change_to(
            subscription=plan, price=Price.objects.get(product=price.product, period="yearly"), now=NOW
        ),
    ):
        with pytest.raises((subscriptions.CannotCancel, plan_changes.CannotChange), match="free until its day"):
            change()

    for days in range(0, 400, 5):
        sweep(now=NOW + timedelta(days=days))
        if days == 25:
            plan.refresh_from_db()
            assert plan.state == "active"
    Subscription.objects.filter(pk=plan.pk).update(state="active", ended_at=None, ends_at_renewal=False)
    subscriptions.renew(subscription_id=plan.pk, now=NOW + timedelta(days=400))

    plan.refresh_from_db()
    account.refresh_from_db()
    assert (plan.state, Invoice.objects.count()) == ("ended", 0)
    assert account.ended_at and account.ended_at.date() <= date(2026, 12, 24)
    assert mails_to(account.customer)[:2] == [
        "Classroom software is free for you until 18 December 2026", "Classroom software has ended",
    ]  # fmt: skip


def test_free_accounts_are_opened_by_few_so_many_a_month_with_an_end_and_a_reason():
    giver, agent = appoint(make_staff(), MoneyRightKind.FREE_ACCOUNT), make_staff()
    make_staff(Role.ADMIN, name="Ada Admin")
    price = monthly()
    with pytest.raises(NotAllowed):
        open_free(agent, price)
    assert refused_entries(agent) == ["money.free_account"]
    for wrong, words in (
        ({"ends_on": NOW.date()}, "day on which it ends"), ({"ends_on": date(2028, 1, 1)}, "by 19 November 2027"),
        ({"reason": ""}, "Say why"),
    ):  # fmt: skip
        with pytest.raises(CannotOpen, match=words):
            open_free(giver, price, **wrong)
    first = open_free(giver, price)
    with pytest.raises(CannotOpen, match="already"):
        open_free(giver, price, customer=first.customer)
    open_free(giver, price)
    with pytest.raises(CannotOpen, match="2 free accounts a month, and none is left this month"):
        open_free(giver, price)
    midnight = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)  # in Calgary
    with pytest.raises(CannotOpen):
        open_free(giver, price, now=midnight - timedelta(seconds=1))
    open_free(giver, price, now=midnight)

    free_accounts.end_account(account=first, by=giver, now=NOW)
    assert FreeAccount.objects.filter(ended_at__isnull=True).count() == 2
    assert open_free(giver, price, customer=first.customer, now=midnight).customer == first.customer


# Rights and limits


def test_rights_and_limits_are_kept_by_admins_and_nobody_appoints_themselves():
    admin, agent = make_staff(Role.ADMIN), make_staff(Role.AGENT)
    with pytest.raises(CannotAppoint, match="Nobody appoints themselves"):
        money_rights.grant_right(person=admin, right=MoneyRightKind.REFUND, by=admin, now=NOW)
    with pytest.raises(NotAllowed):
        money_rights.grant_right(person=agent, right=MoneyRightKind.REFUND, by=make_staff(Role.LEAD), now=NOW)
    with pytest.raises(NotAllowed):
        money_rights.set_limits(by_role={Role.AGENT: Limits(1, 1, 1)}, by=agent, now=NOW)
    with pytest.raises(CannotAppoint, match="does not work at the desk"):
        money_rights.grant_right(person=make_person(), right=MoneyRightKind.REFUND, by=admin, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        MoneyRight.objects.create(person=admin, right=MoneyRightKind.REFUND, granted_by=admin, granted_at=NOW)
    with pytest.raises(CannotAppoint):
        money_rights.set_limits(by_role={Role.AGENT: Limits(-1, 0, 0)}, by=admin, now=NOW)
    with pytest.raises(CannotAppoint):
        money_rights.set_limits(by_role={Role.OBSERVER: Limits(1, 1, 1)}, by=admin, now=NOW)
    for _ in range(2):
        money_rights.grant_right(person=agent, right=MoneyRightKind.REFUND, by=admin, now=NOW)
    invoice = paid(8_000)
    refund_of(invoice, 100, agent)

    money_rights.revoke_right(person=agent, right=MoneyRightKind.REFUND, by=admin, now=NOW)
    with pytest.raises(NotAllowed):
        refund_of(invoice, 100, agent)
    money_rights.grant_right(person=agent, right=MoneyRightKind.REFUND, by=admin, now=NOW)
    agent.grants.update(revoked_at=NOW)  # who left the desk gives nothing, whatever they hold
    agent.forget_roles()
    with pytest.raises(NotAllowed):
        refund_of(invoice, 100, agent)

    assert MoneyRight.objects.count() == 2
    made = ["billing.grant_money_right", "billing.revoke_money_right", "billing.grant_money_right"]
    kept = JournalEntry.objects.filter(action__contains="money_right").order_by("number")
    assert list(kept.values_list("action", flat=True)) == made


# What must hold


def test_I4_each_broken_gift_is_named():
    agent, giver, now = make_staff(), appoint(make_staff(), MoneyRightKind.FREE_ACCOUNT), timezone.now()
    settled, owed = paid(5_000), make_open_invoice(amount=5_000)
    give(1_500, agent, customer=settled.customer, way=GoodwillWay.CARD, invoice=settled, now=now)
    give(2_000, agent, customer=owed.customer, way=GoodwillWay.INVOICE, invoice=owed, now=now)
    give(700, agent, now=now)
    open_free(giver, monthly(), now=now, ends_on=(now + timedelta(days=30)).date())

    def broken(at=now) -> set[str]:
        return {one.says for one in violations(now=at)}

    assert broken() == set()
    way, day = "goodwill went the way it says, in full", "the goodwill of a day is what its budget says, and within it"
    free = "what is free is never billed, and ends with its plan"
    for sql, says in (
        ("update billing_budgetday set spent = spent - 1", {day}),
        ("update billing_goodwill set amount = amount - 1 where way = 'card'", {day, way}),
        ("update billing_coupon set is_personal = false where is_personal", {way}),
        ("update billing_goodwill set credit_note_id = null where way = 'invoice'", {way}),
        ("update billing_subscription set state = 'ended', ended_at = now(), next_attempt_at = null", {free}),
        ("update billing_subscription set period_invoice_id = (select min(id) from billing_invoice)", {free}),
    ):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(sql)
            assert broken() >= says, sql
            transaction.set_rollback(True)
    assert broken() == set()
    assert "what is free ends in time" in broken(now + timedelta(days=33))
