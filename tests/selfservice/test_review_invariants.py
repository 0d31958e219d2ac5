"""`verify_invariants` of decisions (I7): silent on a sound day, and each check names the broken row."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from selfservice.actions import review
from selfservice.models import Decision
from supportdesk.faults.invariants import violations
from tests.factories.billing import make_seller
from tests.selfservice.reviews import let_pass, make_certificate, make_credit, make_refund

pytestmark = pytest.mark.django_db


def found(minutes: int = 0) -> set[str]:
    rows = violations(now=timezone.now() + timedelta(minutes=minutes))
    return {each.says for each in rows if each.invariant == "I7"}


@pytest.fixture
def day(reviewer) -> Decision:
    """Seven decisions of every kind that were carried out, and one that can still be undone."""
    make_seller()
    made = (
        ("credit", make_credit(), "approve", 100_000), ("credit", make_credit(), "keep", None),
        ("credit", make_credit(), "close", None), ("credit", make_credit(), "reject", None),
        ("tax", make_certificate(), "approve", None), ("tax", make_certificate(), "reject", None),
        ("refund", make_refund(), "approve", 4_000), ("refund", make_refund(), "reject", None),
    )  # fmt: skip
    for number, (kind, row, verdict, amount) in enumerate(made):
        if number == len(made) - 1:
            let_pass()
        one = review.decide(
            kind=kind, subject=row.pk, verdict=verdict, amount=amount, valid_until=None,
            reason="" if verdict == "approve" else "We need more time.", by=reviewer, key=f"page{number}",
            now=timezone.now(),
        )  # fmt: skip
    assert Decision.objects.filter(state="done").count() == len(made) - 1
    assert found() == set()
    return one


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("update billing_refundrequest set amount_given = 3999 where state = 'approved'", {
            "a decision that was carried out is what became of its request",
            "a decided refund request has its effects, and no other has any"}),
        ("update billing_creditrequest set reason = 'Because.' where state = 'kept'", {
            "a decision that was carried out is what became of its request"}),
        ("update selfservice_decision set subject = 999999 where kind = 'tax' and verdict = 'approve'", {
            "a decision that was carried out is what became of its request"}),
        ("update selfservice_decision set state = 'waiting' where kind = 'tax' and verdict = 'reject'", {
            "what can still be undone did nothing"}),
        ("update billing_refundrequest set by_id = (select min(by_id) from selfservice_decision)"
         " where state = 'open'", {"nobody decides for themselves"}),
    ],
)  # fmt: skip
def test_I7_each_broken_decision_is_named(day, sql, says):
    with connection.cursor() as cursor:
        cursor.execute(sql)

    assert found() == says


def test_I7_a_decision_that_is_not_carried_out_in_time_is_named(day):
    assert found(minutes=11) == {"a decision takes effect in time"}
