"""Mail about a refund request: what was decided, in the reviewer's words. No opt-out holds it back (B6, U36)."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from billing.actions.letters import send_letter
from billing.actions.new_links import make_link
from billing.actions.notices import recipients_of
from billing.choices import RefundOrigin
from billing.models import CreditNote, RefundRequest
from billing.refundable import Source
from mail.addresses import Address
from supportdesk.lib import money


def approved(
    *, request: RefundRequest, parts: Sequence[tuple[Source, int]], note: CreditNote | None, now: datetime
) -> int:
    """How much goes back, of how much, to where, and when it is seen there. Answers how many were told."""
    amount = money.shown(request.amount_given or 0, request.currency)
    subject = f"{amount} goes back to you for {request.invoice.number}"
    ways = [{"where": source.words, "is_transfer": source.is_transfer, "amount": part} for source, part in parts]
    more = {"ways": ways, "note": note, "is_part": request.amount_given != request.amount_asked}
    return _tell(request, subject, "refund_approved", more, now)


def rejected(*, request: RefundRequest, now: datetime) -> int:
    """That nothing goes back, and why, word for word as the reviewer wrote it (U36)."""
    subject = f"Your refund request {request.number} for {request.invoice.number} was turned down"
    return _tell(request, subject, "refund_rejected", {}, now)


def told(request: RefundRequest) -> list[Address]:
    """Who reads about it: whoever gets the invoices, and the customer's person who asked."""
    invoice = request.invoice
    links = invoice.links.exclude(email="").order_by("pk").values_list("email", flat=True)
    to = recipients_of(invoice.customer, fallback=links)
    asker = request.by if request.origin == RefundOrigin.CUSTOMER else None
    if asker and asker.is_active and asker.has_mail and asker.email.lower() not in {one.email.lower() for one in to}:
        to.append(Address(asker.email, asker.shown_name))
    return to


def _tell(request: RefundRequest, subject: str, words: str, more: dict, now: datetime) -> int:
    to, invoice = told(request), request.invoice
    for one in to:
        context = {
            "request": request,
            "invoice": invoice,
            "seller": invoice.snapshot.get("seller", {}).get("name", ""),
            "site_url": settings.SITE_URL,
            "address": make_link(invoice=invoice, email=one.email, name=one.name, now=now),
            **more,
        }
        key = f"refund_request:{request.pk}"
        send_letter(to=one, subject=subject, words=words, context=context, source_key=key, now=now)
    return len(to)
