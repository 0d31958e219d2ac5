"""I6: what must hold of issued documents, and each check names the row in which it does not."""

from datetime import timedelta

import pytest
from django.db import connection

from billing.actions import papers
from billing.actions.credit_note import issue_credit_note
from billing.actions.issue import apply_payment
from billing.models import Document
from supportdesk.faults.invariants import violations
from tests.factories.invoices import NOON, make_invoice, make_payment

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=11)


@pytest.fixture
def issued():
    """An invoice, a receipt and a credit note, each with its PDF."""
    invoice = make_invoice(amount=100_000, tax=5_000)
    apply_payment(payment=make_payment(invoice=invoice, amount=50_000), now=NOON)
    issue_credit_note(invoice=invoice, amount=10_000, reason="Broken", key="one", by=None, now=NOON)
    while left := papers.without_pdf(now=LATER, limit=1):
        papers.make_document(kind=left[0][0], pk=left[0][1], now=LATER)
    return invoice


def broken_by(*statements: str) -> list[tuple[str, str]]:
    """What is found after `statements`, which go around the triggers as an intruder would."""
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        for sql in statements:
            cursor.execute(sql)
        cursor.execute("set session_replication_role = origin")
    return [(each.invariant, each.says) for each in violations(now=LATER)]


def test_I6_documents_as_they_are_issued_break_nothing(issued):
    assert [each for each in violations(now=LATER) if each.invariant in ("I4", "I5", "I6")] == []
    assert Document.objects.count() == 3


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("update billing_numberseries set next_number = 5 where series = 'INV'", "numbers run from 1"),
        ("delete from billing_numberseries where series = 'CN'", "numbers run from 1"),
        ("update billing_receipt set sequence = 3", "numbers run from 1"),
        ("update billing_invoiceline set quantity = 2, amount = 200000", "an invoice adds up"),
        ("update billing_taxline set amount = 1", "an invoice adds up"),
        ("update billing_creditnoteline set amount = amount + 1", "a credit note adds up"),
        ("update billing_invoice set credited = 0", "an invoice knows what was credited"),
        ("update billing_invoice set credited = 55000", "an invoice with nothing due is not open"),
        ("delete from billing_document where invoice_id is not null", "an issued document has its PDF"),
    ],
)
def test_I6_what_was_tampered_with_is_named(issued, sql, says):
    assert any(invariant == "I6" and words.startswith(says) for invariant, words in broken_by(sql))
