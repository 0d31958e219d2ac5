"""What other programs are told of orders, invoices and money: less than the API shows, and never a name or an address.

Each answers plain JSON from rows that the caller holds already; docs/api.md lists the fields. Amounts are minor units.
"""

from datetime import datetime

from billing.models import Certificate, CreditRequest, Invoice, Order, Payment, Refund, RefundRequest, Shipment


def order(placed: Order, billed: Invoice) -> dict:
    """Of `order.placed`."""
    return {
        "order": {
            "id": placed.pk, "number": placed.number, "customer": placed.customer_id, "invoice": billed.pk,
            "invoice_number": billed.number, "method": placed.method, "currency": placed.currency,
            "total": placed.total, "placed_at": _at(placed.placed_at),
        }
    }  # fmt: skip


def shipment(sent: Shipment) -> dict:
    """Of `shipment.shipped`."""
    return {
        "shipment": {
            "id": sent.pk, "order": sent.order_id, "order_number": sent.order.number, "number": sent.number,
            "carrier": sent.carrier, "tracking_number": sent.tracking_number, "shipped_at": _at(sent.shipped_at),
        }
    }  # fmt: skip


def invoice(told: Invoice) -> dict:
    """Of `invoice.issued`, `invoice.paid` and `invoice.voided`."""
    return {
        "invoice": {
            "id": told.pk, "number": told.number, "customer": told.customer_id, "order": told.order_id,
            "subscription": told.subscription_id, "state": told.state, "currency": told.currency,
            "total": told.total, "paid": told.paid, "refunded": told.refunded, "credited": told.credited,
            "due": told.due, "due_on": told.due_on.isoformat() if told.due_on else None,
            "issued_at": _at(told.issued_at),
        }
    }  # fmt: skip


def payment(made: Payment, *, code: str = "", reason: str = "") -> dict:
    """Of `payment.succeeded` and `payment.failed`; the latter with the provider's `code` and our `reason` in words."""
    said = {"code": code, "reason": reason} if code else {}
    return {
        "payment": {
            "id": made.pk, "invoice": made.invoice_id, "invoice_number": made.invoice.number,
            "customer": made.invoice.customer_id, "method": made.method, "state": made.state,
            "currency": made.currency, "amount": made.amount, "last4": made.last4, **said,
        }
    }  # fmt: skip


def refund(sent: Refund) -> dict:
    """Of `refund.succeeded` and `refund.failed`. Wants the payment and its invoice beside it."""
    return {
        "refund": {
            "id": sent.pk, "payment": sent.payment_id, "invoice": sent.payment.invoice_id,
            "invoice_number": sent.payment.invoice.number, "customer": sent.payment.invoice.customer_id,
            "state": sent.state, "currency": sent.currency, "amount": sent.amount, "failure": sent.failure,
        }
    }  # fmt: skip


def credit_request(asked: CreditRequest) -> dict:
    """Of `credit_request.opened` and `credit_request.decided`; no word that was written."""
    return {
        "credit_request": {
            "id": asked.pk, "number": asked.number, "customer": asked.customer_id, "order": asked.order_id,
            "origin": asked.origin, "state": asked.state, "currency": asked.currency, "asked_for": asked.asked_for,
            "limit_given": asked.limit_given, "opened_at": _at(asked.opened_at), "decided_at": _at(asked.decided_at),
        }
    }  # fmt: skip


def refund_request(asked: RefundRequest) -> dict:
    """Of `refund_request.opened` and `refund_request.decided`, without what was said. Wants the invoice beside it."""
    return {
        "refund_request": {
            "id": asked.pk, "number": asked.number, "invoice": asked.invoice_id,
            "invoice_number": asked.invoice.number, "customer": asked.invoice.customer_id, "origin": asked.origin,
            "why": asked.why, "state": asked.state, "currency": asked.currency, "amount_asked": asked.amount_asked,
            "amount_given": asked.amount_given, "by_transfer": asked.by_transfer, "opened_at": _at(asked.opened_at),
            "decided_at": _at(asked.decided_at),
        }
    }  # fmt: skip


def certificate(told: Certificate) -> dict:
    """Of `certificate.uploaded`, `certificate.decided` and `certificate.ended`."""
    return {
        "certificate": {
            "id": told.pk, "reference": told.reference, "customer": told.customer_id, "kind": told.kind,
            "country": told.country, "region": told.region, "state": told.state, "reason": told.reason,
            "valid_until": told.valid_until.isoformat() if told.valid_until else None,
            "uploaded_at": _at(told.uploaded_at),
        }
    }  # fmt: skip


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
