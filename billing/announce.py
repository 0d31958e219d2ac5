"""Tell other programs what happened to orders, invoices and money, in the transaction in which it happened."""

from datetime import datetime

import webhooks.registry
from webhooks.actions.publish import publish

TYPES = {
    "order.placed": "An order was placed",
    "shipment.shipped": "A shipment left",
    "invoice.issued": "An invoice was issued",
    "invoice.paid": "An invoice was paid in full",
    "invoice.voided": "An invoice was withdrawn",
    "payment.succeeded": "A payment succeeded",
    "payment.failed": "A payment failed",
    "certificate.uploaded": "A tax certificate was uploaded",
    "certificate.decided": "A tax certificate was approved or rejected",
    "certificate.ended": "A tax certificate expired or was withdrawn",
    "refund.succeeded": "A refund succeeded",
    "refund.failed": "A refund came back",
    "credit_request.opened": "A customer asked for a credit limit, or an order went past it",
    "credit_request.decided": "A credit request was decided",
    "refund_request.opened": "Somebody asked for money back",
    "refund_request.decided": "A refund request was decided, or withdrawn",
}


def register() -> None:
    """Make the types known, so that an endpoint can choose them."""
    for name, words in TYPES.items():
        webhooks.registry.register(name, words)


def announce(*, type: str, subject_key: str, data: dict, now: datetime) -> None:
    """Publish `type` about `subject_key` ("invoice:12") with plain JSON; costs one query where nobody listens."""
    publish(type=type, subject_key=subject_key, data=data, now=now)
