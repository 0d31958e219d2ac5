"""Mail about certificates, to the people of the customer. No opt-out holds it back: what they pay depends on it."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from billing import exemptions
from billing.access import customers_of
from billing.actions import customers
from billing.actions.letters import send_letter
from billing.models import Certificate, Order, Seller
from mail.addresses import Address


def received(*, certificate: Certificate, now: datetime) -> int:
    """It counts already: where, and what happens next."""
    subject = f"You pay no tax in {_place(certificate)} from now on: certificate {certificate.reference}"
    return _mail(certificate, subject, "certificate_received", {}, now)


def approved(*, certificate: Certificate, orders: Sequence[Order], now: datetime) -> int:
    """It was checked: until when it is good, and which orders go on."""
    subject = f"Your certificate {certificate.reference} for {_place(certificate)} is approved"
    return _mail(certificate, subject, "certificate_approved", {"orders": orders}, now)


def rejected(
    *, certificate: Certificate, orders: Sequence[Order], still: Certificate | None, now: datetime
) -> int:  # fmt: skip
    """It does not count any more: why, in the reviewer's words, and how to send another one (U36)."""
    subject = f"Your certificate {certificate.reference} for {_place(certificate)} was not accepted"
    return _mail(certificate, subject, "certificate_rejected", {"orders": orders, "still": still}, now)


def ends_soon(*, certificate: Certificate, days: int, now: datetime) -> int:
    """Its last day comes, and there is no other one yet."""
    subject = f"Your certificate {certificate.reference} for {_place(certificate)} ends in {days} days"
    return _mail(certificate, subject, "certificate_ends_soon", {"days": days}, now)


def expired(*, certificate: Certificate, still: Certificate | None, now: datetime) -> int:
    """Its last day is over."""
    subject = f"Your certificate {certificate.reference} for {_place(certificate)} has ended"
    return _mail(certificate, subject, "certificate_expired", {"still": still}, now)


def _mail(certificate: Certificate, subject: str, words: str, more: dict, now: datetime) -> int:
    seller = Seller.objects.filter(pk=1).values_list("legal_name", flat=True).first() or settings.SITE_NAME
    to = readers(certificate)
    context = {
        "certificate": certificate,
        "place": _place(certificate),
        "seller": seller,
        "address": f"{settings.SITE_URL}/account/certificates/{certificate.pk}/",
        "again": f"{settings.SITE_URL}/account/certificates/new/?for={certificate.customer_id}",
        **more,
    }
    for one in to:
        key = f"certificate:{certificate.pk}"
        send_letter(to=one, subject=subject, words=words, context=context, source_key=key, now=now)
    return len(to)


def readers(certificate: Certificate) -> list[Address]:
    """Whoever uploaded it, while they still belong to the customer, and those we write to about what was bought."""
    by = certificate.by
    emails = customers.contacts_of(certificate.customer)
    if by and by.is_active and by.has_mail and customers_of(by).filter(pk=certificate.customer_id).exists():
        emails = [by.email, *emails]
    return [Address(email) for email in dict.fromkeys(emails)]


def _place(certificate: Certificate) -> str:
    return exemptions.place_of(certificate.country, certificate.region)
