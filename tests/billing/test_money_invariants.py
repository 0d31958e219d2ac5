"""`verify_invariants` of money (I4, I5): silent on sound books, and each check names the broken row."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from billing.actions import pay, refund_requests
from billing.models import Invoice, Payment, Refund
from supportdesk.faults.invariants import violations
from tests.billing.money import ASKS_ALWAYS, DECLINED, make_open_invoice, pay_with, queue, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def refund() -> Refund:
    """Sound books: one invoice paid and refunded in part, one declined, one that waits for its bank."""
    pay_with(make_open_invoice(), DECLINED)
    pay_with(make_open_invoice(), ASKS_ALWAYS)
    one = queue(pay_with(make_open_invoice()), 4_000)
    work()
    one.refresh_from_db()
    assert found() == set()
    return one


def found(minutes: int = 0) -> set[tuple[str, str]]:
    rows = violations(now=timezone.now() + timedelta(minutes=minutes))
    return {(each.invariant, each.says) for each in rows if each.invariant in ("I4", "I5")}


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("update billing_refund set amount = amount + 1", {("I4", "no more is refunded than was paid")}),
        ("update billing_payment set refunded = 0", {
            ("I4", "no more is refunded than was paid"), ("I5", "an invoice knows what was refunded of it"),
            ("I4", "the provider sent back what we say that it sent back")}),
        ("update billing_refund set payment_id = (select min(id) from billing_payment)", {
            ("I4", "no more is refunded than was paid"), ("I4", "only a payment that went through is refunded")}),
        ("update billing_invoice set paid = paid + 1 where paid > 0", {
            ("I5", "an invoice knows what was paid for it")}),
        ("update billing_invoice set refunded = 3 where paid > 0", {
            ("I5", "an invoice knows what was refunded of it")}),
        ("update billing_payment set state = 'cancelled' where state = 'succeeded'", {
            ("I4", "only a payment that went through is refunded"), ("I5", "an invoice knows what was paid for it"),
            ("I5", "a payment that went through has its receipt, and no other has one")}),
    ],
)  # fmt: skip
def test_a_broken_sum_is_named(refund, sql, says):
    with connection.cursor() as cursor:
        cursor.execute(sql)

    assert found() == says


def test_what_nobody_looks_after_is_named(refund):
    Refund.objects.update(state="sending")
    Payment.objects.filter(state="action_needed").update(try_at=timezone.now())

    assert found(minutes=11) == {
        ("I4", "a refund is sent in time or says why not"),
        ("I5", "a payment is asked about in time or says why not"),
    }  # fmt: skip


GIVEN = ("I4", "a refund request gave back what was decided")
BY_TRANSFER = ("I4", "what goes back by transfer was decided")
EFFECTS = ("I7", "a decided refund request has its effects, and no other has any")


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("update billing_refund set request_id = null where request_id is not null", {GIVEN}),
        ("update billing_refundrequest set amount_given = amount_given + 1", {GIVEN}),
        ("update billing_refundrequest set by_transfer = 0", {GIVEN, BY_TRANSFER, EFFECTS}),
        ("update billing_payment set refunded = 1 where method = 'transfer'", {
            BY_TRANSFER, ("I5", "an invoice knows what was refunded of it")}),
        ("delete from billing_moneytask", {EFFECTS}),
        ("update billing_refundrequest set amount_given = 1, by_transfer = 0",
         {GIVEN, BY_TRANSFER, EFFECTS}),
        ("update billing_refundrequest set state = 'rejected', amount_given = null, by_transfer = 0, reason = ''",
         {GIVEN, BY_TRANSFER, EFFECTS}),
    ],
)  # fmt: skip
def test_I7_a_decision_without_its_effects_and_effects_without_a_decision_are_named(reviewer, lead, sql, says):
    invoice = make_open_invoice(amount=10_000)
    pay.record_transfer(invoice=invoice, amount=3_000, reference="W", by=lead, now=timezone.now())
    pay_with(Invoice.objects.get(pk=invoice.pk))
    asked = refund_requests.ask(
        invoice=invoice, why="twice", words="", by=None, key="form", now=timezone.now(), amount=8_000
    )
    refund_requests.approve(request=asked, amount=8_000, by=reviewer, now=timezone.now())
    assert _all() == set()

    with connection.cursor() as cursor:
        cursor.execute(sql)

    assert _all() == says


def _all() -> set[tuple[str, str]]:
    """Of I4 to I7, without what is late."""
    return {(one.invariant, one.says) for one in violations(now=timezone.now()) if one.invariant in ("I4", "I5", "I7")}
