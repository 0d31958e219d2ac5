"""Numbers without a gap: 50 at once, rolled back, killed; and each document once (E2, I6)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from billing.actions import numbering
from billing.actions.credit_note import issue_credit_note
from billing.actions.issue import apply_payment
from billing.choices import Series
from billing.models import CreditNote, Invoice, InvoiceLink, NumberSeries, Receipt
from mail.models import OutgoingMail
from tests.billing.money import killed_at
from tests.factories.invoices import NOON, make_buyer, make_invoice, make_line, make_payment, make_seller

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(act, *rows) -> list[str]:
    """What `act` says for each row, in a thread and on a connection of its own, ten at a time."""
    gate = threading.Barrier(min(10, len(rows)))

    def run(place_and_row):
        place, row = place_and_row
        try:
            if place < 10:
                gate.wait(30)
            return str(act(row))
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        return sorted(pool.map(run, enumerate(rows)))


def sequences() -> list[int]:
    return sorted(Invoice.objects.filter(number__isnull=False).values_list("sequence", flat=True))


def test_E2_fifty_invoices_at_once_leave_no_gap():
    make_seller()
    customers = [make_buyer() for _ in range(50)]

    numbers = at_once(lambda customer: make_invoice(customer=customer).number, *customers)

    assert numbers == [f"INV-2026-{number:04}" for number in range(1, 51)]
    assert sequences() == list(range(1, 51))
    assert NumberSeries.objects.get(series="INV").next_number == 51


def test_a_rollback_leaves_no_gap():
    make_invoice()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert make_invoice().number == "INV-2026-0002"
        1 / 0  # noqa: B018 - the failure

    assert make_invoice().number == "INV-2026-0002"


@pytest.mark.parametrize("place", ["numbered", "before_commit"])
def test_an_issue_that_is_killed_leaves_no_invoice_no_mail_and_no_gap(place):
    make_seller()
    customer = make_buyer()

    line = make_line()

    def issue():
        return make_invoice(customer=customer, lines=[line], key="order:1")

    assert killed_at(f"billing.issue.{place}", issue)
    counts = (Invoice.objects.count(), OutgoingMail.objects.count(), InvoiceLink.objects.count())
    assert counts == (0, 0, 0)
    assert issue().number == "INV-2026-0001"


def test_the_same_invoice_at_once_is_issued_once():
    make_seller()
    customer = make_buyer()

    assert at_once(lambda key: make_invoice(customer=customer, key=key), *["order:1"] * 5) == ["INV-2026-0001"] * 5

    assert (Invoice.objects.count(), OutgoingMail.objects.count()) == (1, 1)
    assert NumberSeries.objects.get(series="INV").next_number == 2


def test_a_payment_applied_at_once_and_killed_before_is_booked_once():
    invoice = make_invoice()
    payment = make_payment(invoice=invoice)
    assert killed_at("billing.receipt.written", lambda: apply_payment(payment=payment, now=NOON))

    said = at_once(lambda row: apply_payment(payment=row, now=NOON), *[payment] * 5)

    assert said == ["RC-2026-0001"] * 5
    invoice.refresh_from_db()
    assert (invoice.paid, invoice.state, Receipt.objects.count()) == (invoice.total, "paid", 1)


def test_a_credit_note_at_once_and_killed_before_is_written_once():
    invoice = make_invoice()

    def credit(row):
        return issue_credit_note(invoice=row, reason="Broken", key="once", by=None, now=NOON)

    assert killed_at("billing.credit_note.written", lambda: credit(invoice))
    assert at_once(credit, *[invoice] * 5) == ["CN-2026-0001"] * 5
    invoice.refresh_from_db()
    assert (invoice.credited, invoice.due, CreditNote.objects.count()) == (invoice.total, 0, 1)


def test_each_series_counts_by_itself_and_anew_in_the_year_of_the_seller():
    make_seller(time_zone="America/Edmonton")
    # Still 2026 in Calgary, where the books are kept.
    new_year = datetime(2027, 1, 1, 3, 0, tzinfo=UTC)
    with transaction.atomic():
        asked = [
            (Series.INVOICE, NOON), (Series.INVOICE, new_year), (Series.INVOICE, new_year + timedelta(hours=5)),
            (Series.ORDER, NOON), (Series.CREDIT_NOTE, NOON.date()),
        ]  # fmt: skip
        numbers = [str(numbering.next_number(series=series, on=on)) for series, on in asked]

    assert numbers == ["INV-2026-0001", "INV-2026-0002", "INV-2027-0001", "SO-2026-0001", "CN-2026-0001"]


def test_a_number_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        numbering.next_number(series=Series.INVOICE, on=NOON)
