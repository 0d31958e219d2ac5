"""Credit on account: the limit at once, orders past it, and what each answer of a reviewer does (R25 to R27, B3)."""

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import JournalEntry
from billing import credit
from billing.actions import credit_holds, credit_requests, issue, orders, pay, shipments
from billing.actions.private_files import CannotKeepFile
from billing.choices import CreditState, Period
from billing.models import (
    CreditNote,
    CreditRequest,
    Customer,
    Invoice,
    MoneyTask,
    PrivateFile,
    ShipmentHold,
    Subscription,
)
from billing.refusals import CannotDecide
from billing.review_facts_credit import facts
from mail.models import OutgoingMail
from supportdesk.faults.invariants import violations
from tests.billing.applications import ANSWERS, ask
from tests.billing.credit import buyer, holds, order
from tests.billing.money import card_token
from tests.factories.accounts import make_organisation, make_person, make_staff, sign_in
from tests.factories.billing import NOON, make_coupon, make_customer, make_plan, make_seller
from timers.actions.sweep import sweep
from webhooks.actions import endpoints
from webhooks.models import Event

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=3)


@pytest.fixture(autouse=True)
def seller(db):
    return make_seller()


@pytest.fixture
def reviewer():
    return make_staff("reviewer")


def mails(person) -> list[OutgoingMail]:
    """What they were told about credit, oldest first."""
    rows = OutgoingMail.objects.filter(to_address=person.email, source_key__startswith="credit_request:")
    return list(rows.order_by("pk"))


def state(customer: Customer) -> tuple[str, int]:
    customer.refresh_from_db()
    return customer.credit_state, customer.credit_limit


def test_R25_a_whole_form_gives_the_starter_limit_once_and_an_incomplete_one_none(stranger):
    endpoints.make_endpoint(
        url="https://erp.example/hook", description="", events=["credit_request.opened"], now=NOON
    )  # fmt: skip
    customer = make_customer(person=stranger)
    for name in ("tax_number", "reference3_phone", "declares", "signature"):
        with pytest.raises(credit_requests.Incomplete):
            ask(customer, answers={name: ""})
    with pytest.raises(credit_requests.CannotApply, match="more than nothing"):
        ask(customer, answers={"limit": True})
    with pytest.raises(CannotKeepFile):
        ask(customer, files=[("refs.pdf", b"GIF89a%PDF-1.4")])
    assert state(customer) == ("none", 0) and not CreditRequest.objects.exists() and not PrivateFile.objects.exists()

    first, second = ask(customer), ask(customer)

    assert first == second == CreditRequest.objects.get()
    assert state(customer) == ("provisional", 50_000)
    assert (first.asked_for, first.limit_before, first.signed_from) == (500_000, 0, "203.0.113.9")
    assert "$500.00 to use now" in mails(stranger)[0].subject and len(mails(stranger)) == 1
    assert JournalEntry.objects.filter(action="billing.apply_for_credit").count() == 1
    assert Event.objects.count() == 1 and "Makerspace" not in str(Event.objects.get().body)
    with pytest.raises(credit_requests.CannotApply, match="asked already"):
        ask(customer, key="form:another")
    other = make_customer(person=make_person())
    with pytest.raises(credit_requests.CannotApply, match="somebody else"):
        ask(other)
    assert CreditRequest.objects.count() == 1


def test_R27_seven_hundred_on_five_hundred_completes_held_and_raising_lets_it_go(stranger, reviewer):
    customer = buyer(stranger)
    held = order(stranger, 70_000)
    asked = CreditRequest.objects.get()
    assert (holds(held), held.state, held.invoice.state) == (["credit"], "placed", "open")
    assert (asked.origin, asked.order, asked.asked_for, asked.limit_before) == ("order", held, 70_000, 50_000)
    told = mails(stranger)[0]
    assert held.number in told.subject and "$700.00" in told.text and "/i/" in told.text
    said = facts(asked.pk, NOON)
    assert (
        said.effects("approve", 70_000)[1].strong == held.number
        and "goes on" in said.effects("approve", 70_000)[1].words
    )
    assert "stays held" in said.effects("approve", 69_999)[1].words

    credit_requests.raise_limit(request=asked, limit=70_000, by=reviewer, now=LATER)

    asked.refresh_from_db()
    assert (asked.state, asked.limit_given, asked.decided_by, asked.decided_at) == ("raised", 70_000, reviewer, LATER)
    assert state(customer) == ("approved", 70_000) and holds(held) == []
    assert ShipmentHold.objects.get().released_by == reviewer
    assert f"Order {held.number} waited for this and goes on now." in mails(stranger)[1].text
    for verb, more in (
        (credit_requests.raise_limit, {"limit": 90_000}), (credit_requests.keep, {"reason": "x"}),
        (credit_requests.close, {"reason": "x"}), (credit_requests.reject, {"reason": "x"}),
    ):  # fmt: skip
        with pytest.raises(CannotDecide, match=f"{asked.number} was approved by {reviewer.shown_name} already"):
            verb(request=asked, by=reviewer, now=LATER, **more)
    assert state(customer) == ("approved", 70_000) and len(mails(stranger)) == 2
    assert JournalEntry.objects.filter(action="billing.credit_raised").count() == 1


def test_raising_lets_go_the_oldest_first_and_passes_over_what_is_too_large(stranger, reviewer):
    buyer(stranger, limit=10_000)
    kept = order(stranger, 9_000)
    large, small, late = (order(stranger, amount, minutes=at) for amount, at in ((60_000, 1), (20_000, 2), (30_000, 3)))
    asked = CreditRequest.objects.get()
    effects = facts(asked.pk, NOON).effects("approve", 60_000)

    credit_requests.raise_limit(request=asked, limit=60_000, by=reviewer, now=LATER)

    assert [holds(one) for one in (kept, large, small, late)] == [[], ["credit"], [], []]
    promised = [(one.strong, "goes on" in one.words) for one in effects if one.strong.startswith("SO")]
    assert promised == [(small.number, True), (late.number, True), (large.number, False)]
    told = mails(stranger)[-1].text
    assert f"go on now: {small.number}, {late.number}" in told and f"{large.number}, $600.00: http" in told
    assert credit.exposure(Customer.objects.get()) == 119_000


@pytest.mark.parametrize("verb", ["keep", "close"])
def test_R26_keeping_and_closing_leave_debts_and_holds_and_paying_lets_the_box_go(client, stranger, reviewer, verb):
    customer = buyer(stranger)
    debt, held = order(stranger, 40_000), order(stranger, 30_000, minutes=1)
    asked, reason = CreditRequest.objects.get(), "We need one more reference, <b>please</b>."
    said = facts(asked.pk, NOON).effects(verb, None)

    getattr(credit_requests, verb)(request=asked, reason=reason, by=reviewer, now=LATER)

    asked.refresh_from_db()
    after = ("provisional", 50_000) if verb == "keep" else ("closed", 0)
    assert state(customer) == after and asked.reason == reason
    assert holds(held) == ["credit"] and {debt.invoice.state, held.invoice.state} == {"open"}
    told = mails(stranger)[-1]
    assert reason in told.text and any(one.strong == held.number and "stays held" in one.words for one in said)
    link = re.search(rf"{held.number}, \$300.00: \S+(/i/\S+)", told.text)
    assert link and "$300.00" in client.get(link[1]).content.decode()
    if verb == "close":
        with pytest.raises(Exception, match="cannot buy on account"):
            order(stranger, 1_000, minutes=2)
        assert customer.orders.count() == 2

    pay.start(invoice=held.invoice, card_token=card_token(), key="a-form", now=LATER)

    assert holds(held) == [] and ShipmentHold.objects.get().released_by is None
    assert [one for one in violations(now=LATER) if one.invariant in ("I4", "I5")] == []


def test_R27_rejecting_cancels_what_is_held_and_nothing_else(stranger, reviewer):
    customer = buyer(stranger)
    debt, held, unseen = (
        order(stranger, amount, minutes=at) for amount, at in ((40_000, 0), (30_000, 1), (35_000, 60))
    )
    asked = CreditRequest.objects.get()
    assert facts(asked.pk, NOON).effects("reject", None)[0].strong == held.number

    credit_requests.reject(
        request=asked, reason="Too many late payments.", by=reviewer, now=LATER, seen_at=NOON + timedelta(minutes=30)
    )

    for one in (debt, held, unseen):
        one.refresh_from_db()
    assert [one.state for one in (debt, held, unseen)] == ["placed", "cancelled", "placed"]
    assert [Invoice.objects.get(order=one).state for one in (debt, held, unseen)] == ["open", "void", "open"]
    assert [held.shipments.get().state, holds(held), holds(unseen)] == ["cancelled", [], ["credit"]]
    assert state(customer) == ("provisional", 50_000) and credit.exposure(customer) == 75_000
    fresh = CreditRequest.objects.get(state="open")
    assert (fresh.order, fresh.asked_for) == (unseen, 75_000), "what came later is looked at by itself"
    said = next(one for one in mails(stranger) if "cancelled" in one.subject)
    assert "Too many late payments." in said.text and held.number in said.text and unseen.number not in said.text


def test_rejecting_sends_back_what_was_paid_of_a_held_order(stranger, reviewer):
    buyer(stranger, limit=100)
    held = order(stranger, 40_000)
    agent = make_staff("agent")
    pay.record_transfer(invoice=held.invoice, amount=5_000, reference="T1", by=agent, now=NOON)
    said = facts(CreditRequest.objects.get().pk, NOON).effects("reject", None)

    credit_requests.reject(request=CreditRequest.objects.get(), reason="No.", by=reviewer, now=LATER)

    held.refresh_from_db()
    assert held.state == "cancelled" and "$50.00 that came goes back" in said[0].words
    assert [note.total for note in CreditNote.objects.all()] == [40_000]
    task = MoneyTask.objects.get()
    assert (task.kind, task.payment.invoice) == ("transfer_back", held.invoice) and "$50.00" in task.words
    assert credit.exposure(Customer.objects.get()) == 0
    assert [one for one in violations(now=LATER) if one.invariant in ("I4", "I5")] == []


def test_what_is_paid_elsewhere_makes_room_by_a_timer_and_ends_the_orders_request(stranger):
    customer = buyer(stranger)
    debt, held = order(stranger, 40_000), order(stranger, 30_000, minutes=1)
    pay.record_transfer(
        invoice=debt.invoice, amount=40_000, reference="T1", by=make_staff("agent"), now=LATER
    )  # fmt: skip
    assert holds(held) == ["credit"], "the payment's own transaction does not wait for the customer's row"

    for _ in range(2):
        sweep(now=LATER + timedelta(minutes=1))

    assert holds(held) == [] and CreditRequest.objects.get().state == "withdrawn"
    assert JournalEntry.objects.filter(action="billing.credit_freed").count() == 1
    credit_holds.settle(customer_id=customer.pk, now=LATER)
    assert JournalEntry.objects.filter(action="billing.credit_freed").count() == 1


def test_a_plan_past_the_limit_starts_when_it_is_let_go_or_paid_and_not_before(client, stranger, reviewer):
    buyer(stranger, limit=10_000)
    plan = make_plan((5, 2_400, 24_000))
    held = order(stranger, price=plan.prices.get(period=Period.YEARLY))
    assert not held.shipments.exists() and not Subscription.objects.exists()
    asked = CreditRequest.objects.get()
    assert [one.order for one in credit.held_orders(asked.customer)] == [held]
    sign_in(client, stranger)
    page = client.get(f"/orders/{held.number}/").content.decode()
    assert "Your plan starts when your credit limit is approved" in page and "A person decides on" in page

    credit_requests.raise_limit(request=asked, limit=30_000, by=reviewer, now=LATER)

    assert Subscription.objects.get().started_at == LATER
    assert "Your plan has started" in client.get(f"/orders/{held.number}/").content.decode()
    assert credit.held_orders(asked.customer) == []


def test_the_form_takes_the_place_of_an_orders_request_and_withdrawing_takes_the_limit_back(stranger, reviewer):
    customer = buyer(stranger, limit=10_000)
    held = order(stranger, 30_000)
    by_order = CreditRequest.objects.get()

    asked = ask(customer)

    by_order.refresh_from_db()
    assert (by_order.state, asked.order, asked.limit_before) == ("withdrawn", held, 10_000)
    assert state(customer) == ("provisional", 10_000)
    with pytest.raises(CannotDecide, match="withdrawn"):
        credit_requests.raise_limit(request=by_order, limit=50_000, by=reviewer, now=LATER)
    credit_requests.withdraw(request=asked, by=stranger, now=LATER)
    assert state(customer) == ("provisional", 10_000), "what they had before, they keep"
    with pytest.raises(CannotDecide):
        credit_requests.withdraw(request=asked, by=stranger, now=LATER)

    new = make_customer(person=make_person())
    first = ask(new, key="form:of-another")
    assert state(new) == ("provisional", 50_000)
    credit_requests.withdraw(request=first, by=new.person, now=LATER)
    assert state(new) == ("none", 0), "a limit that nobody looked at goes with its application"

    Customer.objects.filter(pk=new.pk).update(credit_state=CreditState.CLOSED)
    again = ask(new, key="form:once-more")
    assert state(new) == ("closed", 0), "who was closed gets nothing at once"
    credit_requests.raise_limit(request=again, limit=20_000, by=reviewer, now=LATER)
    assert state(new) == ("approved", 20_000)


def test_S33_E7_nobody_decides_for_an_account_of_their_own(reviewer):
    school = make_organisation()
    school.memberships.create(person=reviewer)
    customer = make_customer(organisation=school)
    asked = ask(customer, by=make_person())

    for verb, more in (("raise_limit", {"limit": 90_000}), ("keep", {"reason": "x"}), ("close", {"reason": "x"}),
                       ("reject", {"reason": "x"})):  # fmt: skip
        with pytest.raises(CannotDecide, match="You belong to"):
            getattr(credit_requests, verb)(request=asked, by=reviewer, now=LATER, **more)

    asked.refresh_from_db()
    assert asked.state == "open" and state(customer) == ("provisional", 50_000)
    assert MoneyTask.objects.get().kind == "linked_account"
    mine = ask(make_customer(person=make_person()), key="form:mine", by=reviewer)
    with pytest.raises(CannotDecide, match="yourself"):
        credit_requests.keep(request=mine, reason="x", by=reviewer, now=LATER)


@pytest.mark.parametrize(
    ("verb", "more"),
    [("raise_limit", {"limit": 0}), ("raise_limit", {"limit": -1}), ("raise_limit", {"limit": 10**12}),
     ("keep", {"reason": "  \x00 "}), ("close", {"reason": ""}), ("reject", {"reason": "x" * 501})],
)  # fmt: skip
def test_a_decision_that_cannot_be_is_a_sentence_and_changes_nothing(stranger, reviewer, verb, more):
    customer = make_customer(person=stranger)
    asked = ask(customer)

    with pytest.raises(CannotDecide):
        getattr(credit_requests, verb)(request=asked, by=reviewer, now=LATER, **more)

    asked.refresh_from_db()
    assert asked.state == "open" and state(customer) == ("provisional", 50_000) and len(mails(stranger)) == 1


def test_an_order_that_staff_cancel_or_let_go_leaves_no_request_behind(stranger, agent):
    buyer(stranger, limit=10_000)
    held = order(stranger, 30_000)

    orders.cancel(order=held, reason="Bought twice", by=agent, now=LATER)
    sweep(now=LATER + timedelta(minutes=1))

    assert CreditRequest.objects.get().state == "withdrawn" and holds(held) == []
    other = order(stranger, 40_000, minutes=1)
    shipments.let_go(shipment=other.shipments.get(), reason="credit", by=make_staff("lead"), now=LATER)
    sweep(now=LATER + timedelta(minutes=2))
    assert set(CreditRequest.objects.values_list("state", flat=True)) == {"withdrawn"} and holds(other) == []


def test_the_reviewer_sees_how_they_bought_and_paid_and_what_policy_says(stranger, django_assert_num_queries):
    customer = buyer(stranger, created_at=NOON - timedelta(days=3 * 365 + 9))
    for number, days in enumerate((-16, -3, 5)):
        bill = issue.issue(
            draft=issue.Draft(
                key=f"old:{number}", customer=customer, currency="USD", lines=[issue.DraftLine("Kit", 400_050)]
            ),
            now=NOON - timedelta(days=200 - number),
        )
        due = Invoice.objects.get(pk=bill.pk).due_on
        paid_at = NOON.replace(year=due.year, month=due.month, day=due.day) + timedelta(days=days)
        pay.record_transfer(invoice=bill, amount=400_050, reference="T", by=make_staff("agent"), now=paid_at)
    held = order(stranger, 60_000)
    asked = ask(customer)

    with django_assert_num_queries(9):
        said = facts(asked.pk, NOON)
        effects = [
            said.effects(verdict, amount) for verdict in ("approve", "keep", "close", "reject") for amount in (1, None)
        ]

    assert [(one.value, one.small) for one in said.facts] == [
        ("$12,001.50", "3 invoices"), ("5 days early", "1 late"), ("0", "in 3 years"), (
            "$600.00", f"{held.number} held"),
    ]  # fmt: skip
    assert (said.suggested, said.amount_hint) == (500_000, "Policy suggests up to $6,000.00")
    assert [one.is_met for one in said.policy] == [True, True, True]
    assert [bar.days_early for bar in said.chart.bars] == [16, 3, -5] and "1 of 3 were late" in said.chart.summary
    assert [one.amount for one in said.choices] == [500_000, 600_000, 60_000]
    assert ("Reference 2", "company 2, contact 2, email 2, phone 2") in [(row.label, row.value) for row in said.sent]
    assert all(effects) and said.asked_by == stranger.shown_name

    said = facts(asked.pk, NOON + (held.invoice.due_on - NOON.date()) + timedelta(days=11))
    assert (said.suggested, said.amount_hint) == (
        50_000, "Policy suggests no more than the $500.00 of now: an invoice was 11 days late",
    )  # fmt: skip
    assert [one.is_met for one in said.policy] == [False, False, True] and "(11 days)" in said.policy[1].words


def test_the_database_itself_keeps_one_open_request_a_customer(stranger):
    customer = make_customer(person=stranger)
    asked = ask(customer)
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditRequest.objects.create(
            customer=customer, origin="form", key="x", asked_for=1, limit_before=0, opened_at=NOON, answers=ANSWERS
        )
    assert CreditRequest.objects.get() == asked


def test_what_costs_nothing_is_never_held(stranger):
    customer = buyer(stranger, limit=10_000)
    order(stranger, 30_000)
    free = order(stranger, 9_000, code=make_coupon("FREE").code, minutes=1)

    assert holds(free) == [] and free.invoice.state == "paid"
    assert CreditRequest.objects.get().order != free and credit.exposure(customer) == 30_000


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("update billing_creditrequest set limit_given = 5 where state = 'kept'", "says by whom"),
        ("update billing_creditrequest set reason = '' where state = 'kept'", "says by whom"),
        ("update billing_creditrequest set decided_by_id = null where state = 'kept'", "says by whom"),
        ("update billing_order set state = 'cancelled'", "waits for no limit"),
        ("update billing_invoice set state = 'void'", "waits for no limit"),
    ],
)
def test_I7_verify_invariants_names_a_request_or_a_hold_that_cannot_be(stranger, reviewer, sql, says):
    buyer(stranger, limit=10_000)
    order(stranger, 30_000)
    credit_requests.keep(request=CreditRequest.objects.get(), reason="Later.", by=reviewer, now=LATER)
    assert [one for one in violations(now=LATER) if one.invariant == "I7"] == []

    with connection.cursor() as cursor:
        cursor.execute(sql)

    found = [one.says for one in violations(now=LATER) if one.invariant == "I7"]
    assert len(found) == 1 and says in found[0]


def test_what_is_let_go_and_waits_for_something_else_is_not_said_to_leave(stranger, reviewer):
    buyer(stranger, limit=10_000)
    held = order(stranger, 30_000)
    ShipmentHold.objects.create(shipment=held.shipments.get(), reason="tax", placed_at=NOON)
    asked = CreditRequest.objects.get()
    said = facts(asked.pk, NOON).effects("approve", 30_000)

    credit_requests.raise_limit(request=asked, limit=30_000, by=reviewer, now=LATER)

    assert holds(held) == ["tax"] and "only for its other hold" in said[1].words
    told = mails(stranger)[-1].text
    assert "goes on now" not in told and f"another reason that the page of each names: {held.number}" in told
