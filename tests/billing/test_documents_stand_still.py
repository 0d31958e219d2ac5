"""What was issued never changes: the database itself refuses (E2)."""

import pytest
from django.db import DatabaseError, connection, transaction

from billing.actions.credit_note import issue_credit_note
from billing.actions.issue import apply_payment
from billing.models import CreditNoteLine, Invoice, InvoiceLine, TaxLine
from tests.factories.invoices import NOON, make_invoice, make_payment

pytestmark = pytest.mark.django_db


@pytest.fixture
def issued():
    """An invoice with a tax, a receipt and a credit note."""
    invoice = make_invoice(amount=100_000, tax=5_000)
    apply_payment(payment=make_payment(invoice=invoice, amount=50_000), now=NOON)
    issue_credit_note(invoice=invoice, amount=10_000, reason="Broken", key="one", by=None, now=NOON)
    return Invoice.objects.get()


def refused(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError as error:
        return "does not change" in str(error) or "Cannot" in str(error)
    return False


@pytest.mark.parametrize(
    "change",
    [
        "update billing_invoice set total = total + 1, subtotal = subtotal + 1",
        "update billing_invoice set number = 'INV-2026-0009'",
        "update billing_invoice set snapshot = '{}'",
        "update billing_invoice set due_on = due_on + 1",
        "update billing_invoice set po_number = 'x'",
        "update billing_invoice set customer_id = customer_id + 1",
        "update billing_invoice set state = 'draft', number = null, issued_at = null",
        "delete from billing_invoice",
        "update billing_invoiceline set name = 'x'",
        "update billing_invoiceline set info_url = ''",
        "delete from billing_invoiceline",
        "update billing_taxline set amount = 0",
        "delete from billing_taxline",
        "update billing_creditnote set reason = 'x'",
        "delete from billing_creditnote",
        "update billing_creditnoteline set amount = 0",
        "delete from billing_creditnoteline",
        "update billing_receipt set number = 'RC-2026-0009'",
        "delete from billing_receipt",
    ],
)
def test_E2_an_issued_document_is_neither_changed_nor_removed(issued, change):
    assert refused(change)


def test_nothing_is_added_to_an_issued_invoice(issued):
    for row in (InvoiceLine.objects.get(), TaxLine.objects.get()):
        row.pk, row.position = None, 9
        with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
            row.save(force_insert=True)
    assert CreditNoteLine.objects.count() == 1


def test_where_an_issued_invoice_stands_may_move(issued):
    moved = {"state": "paid", "paid": 95_000, "refunded": 100, "credited": 10_000, "paid_at": NOON, "voided_at": None}

    assert Invoice.objects.update(**moved) == 1
