"""Money that came: booked on its invoice once, with a receipt of its own."""

from datetime import datetime

from django.db import transaction

from billing import sandbox, snapshots, webhook_payloads
from billing.actions import customers, notices, numbering, paid, reminders
from billing.announce import announce
from billing.choices import InvoiceState, PaymentMethod, Series
from billing.models import Invoice, Payment, Receipt, Seller
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint

METHODS = {PaymentMethod.TRANSFER: "Bank transfer", PaymentMethod.CARD: "Card"}


@transaction.atomic
def apply_payment(*, payment: Payment, now: datetime) -> Receipt:
    """Book a payment that succeeded: what is paid grows, and an invoice with nothing due is paid.

    Once, however often it is asked for, by whoever and at the same time: the receipt is what says that it was done.
    Payments may cover a part. What comes beyond what is due is kept and stands on the invoice as paid too much, since
    a bank does not ask us; whoever records a transfer by hand is refused instead (`pay.record_transfer`).
    """
    rows = Invoice.objects.select_for_update(of=("self",)).select_related("customer__person")
    invoice = rows.get(pk=payment.invoice_id)
    customers.lock(invoice.customer_id)
    known = Receipt.objects.filter(payment=payment).first()
    if known:
        return known
    invoice.paid += payment.amount
    is_settled = invoice.state == InvoiceState.OPEN and invoice.due == 0
    if is_settled:
        invoice.state, invoice.paid_at = InvoiceState.PAID, now
    invoice.save(update_fields=["paid", "state", "paid_at"])
    receipt = _write(payment, invoice, now)
    failpoint("billing.receipt.written")
    notices.mail_receipt(receipt=receipt, invoice=invoice, payment=payment, now=now)
    enqueue_on_commit("billing.make_document", kind="receipt", pk=receipt.pk)
    if is_settled:
        settle(invoice=invoice, now=now)
    return receipt


def settle(*, invoice: Invoice, now: datetime) -> None:
    """What follows when nothing is due any more; the caller holds the invoice's lock and has moved its state."""
    reminders.cancel(invoice=invoice)
    told = webhook_payloads.invoice(invoice)
    announce(type="invoice.paid", subject_key=f"invoice:{invoice.pk}", data=told, now=now)
    paid.when_paid(invoice, now)


def _write(payment: Payment, invoice: Invoice, now: datetime) -> Receipt:
    seller = Seller.objects.filter(pk=1).first()
    number = numbering.next_number(series=Series.RECEIPT, on=now)
    return Receipt.objects.create(
        number=str(number),
        year=number.year,
        sequence=number.sequence,
        payment=payment,
        issued_at=now,
        snapshot={
            "seller": snapshots.of_seller(seller) if seller else invoice.snapshot["seller"],
            "buyer": invoice.snapshot["buyer"],
            "invoice": invoice.number,
            "total": invoice.total,
            "due": invoice.due,
            "amount": payment.amount,
            "currency": payment.currency,
            "method": payment.card_words or METHODS.get(PaymentMethod(payment.method), payment.get_method_display()),
            "reference": payment.reference or (payment.charge_id[-8:] if payment.charge_id else ""),
            "is_sandbox": sandbox.is_on(),
        },
    )
