"""Mail about payments that need somebody. No opt-out holds it back: money waits for the reader."""

from datetime import datetime

from billing.actions import refund_mail
from billing.actions.letters import send_letter
from billing.actions.new_links import make_link
from billing.actions.notices import recipients_of, source_key
from billing.models import Invoice, Payment, Refund
from mail.addresses import Address
from supportdesk.lib import money


def bank_wants_owner(*, payment: Payment, now: datetime) -> int:
    """A renewal waits for its owner: a link to the invoice, where the bank's question can be answered (B9)."""
    subject = f"Your bank wants you to confirm {money.shown(payment.amount, payment.currency)} for {_number(payment)}"
    return _mail(payment.invoice, subject, "bank_wants_owner", {"payment": payment}, now)


def refund_came_back(*, refund: Refund, why: str, was_sent: bool, now: datetime) -> int:
    """The bank sent a refund back, or never took it: what happened, and that we look for another way."""
    amount = money.shown(refund.amount, refund.currency)
    what = "came back to us" if was_sent else "could not be sent"
    subject = f"Your refund of {amount} for {_number(refund.payment)} {what}"
    more = {"refund": refund, "why": why, "was_sent": was_sent}
    to = refund_mail.told(refund.request) if refund.request else None
    return _mail(refund.payment.invoice, subject, "refund_came_back", more, now, to=to)


def refund_sent(*, refund: Refund, now: datetime) -> int:
    """A refund is on its way: how much, to which card, and when it is seen."""
    subject = f"{money.shown(refund.amount, refund.currency)} is on its way back to you for {_number(refund.payment)}"
    return _mail(refund.payment.invoice, subject, "refund_sent", {"refund": refund}, now)


def _mail(
    invoice: Invoice, subject: str, words: str, more: dict, now: datetime, *, to: list[Address] | None = None
) -> int:
    if to is None:
        links = invoice.links.exclude(email="").order_by("pk").values_list("email", flat=True)
        to = recipients_of(invoice.customer, fallback=links)
    for one in to:
        context = {
            "invoice": invoice,
            "seller": invoice.snapshot.get("seller", {}).get("name", ""),
            "address": make_link(invoice=invoice, email=one.email, name=one.name, now=now),
            **more,
        }
        send_letter(to=one, subject=subject, words=words, context=context, source_key=source_key(invoice), now=now)
    return len(to)


def _number(payment: Payment) -> str:
    return payment.invoice.number or ""
