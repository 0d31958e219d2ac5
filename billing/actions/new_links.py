"""Making private links. Ending them and passing them on is `links`."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from billing.models import Invoice, InvoiceLink
from billing.tokens import digest, new_token
from mail.addresses import one_line


def make_link(*, invoice: Invoice, email: str, name: str = "", now: datetime) -> str:
    """A new address, with SITE_URL, that opens `invoice` to `email`; "" for a copy of a colleague.

    The token is in this answer only. Each mail carries a link of its own, so a mail that is sent, or sent again, later
    still opens; its words are forgotten a day after it was sent.
    """
    token = new_token()
    InvoiceLink.objects.create(
        invoice=invoice, email=email, name=one_line(name, 255), token_sha256=digest(token), created_at=now
    )
    return f"{settings.SITE_URL}{reverse('selfservice:invoice_link', args=[token])}"
