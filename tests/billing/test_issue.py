"""Issued once, without a gap, and never changed (E2, I6, R24)."""

import re

import pytest

from billing import access
from billing.actions.issue import apply_payment
from billing.models import Invoice, Receipt
from mail.models import OutgoingMail
from tests.factories.invoices import NOON, make_buyer, make_invoice, make_payment

pytestmark = pytest.mark.django_db


def links_in(mail: OutgoingMail) -> list[str]:
    return re.findall(r"/i/([A-Za-z0-9_-]{43})/", mail.text)


def test_an_invoice_is_numbered_snapshotted_mailed_and_opens_by_its_link(client):
    invoice = make_invoice(customer=make_buyer("ap@school.example", "boss@school.example"))

    assert (invoice.number, invoice.state, invoice.due) == ("INV-2026-0001", "open", 100_000)
    mails = OutgoingMail.objects.order_by("to_address")
    assert [mail.to_address for mail in mails] == ["ap@school.example", "boss@school.example"]
    [token] = links_in(mails[0])
    assert access.link_for(token, NOON).email == "ap@school.example"
    page = client.get(f"/i/{token}/")
    assert page.status_code == 200
    assert "INV-2026-0001" in page.content.decode()
    pdf = client.get(f"/i/{token}/pdf/")
    assert b"".join(pdf.streaming_content).startswith(b"%PDF-")


def test_a_payment_is_booked_once():
    invoice = make_invoice()
    payment = make_payment(invoice=invoice)

    first, second = apply_payment(payment=payment, now=NOON), apply_payment(payment=payment, now=NOON)

    assert first == second
    assert Receipt.objects.get().number == "RC-2026-0001"
    invoice = Invoice.objects.get()
    assert (invoice.paid, invoice.state, invoice.due) == (100_000, "paid", 0)
