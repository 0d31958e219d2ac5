"""Private links: one recipient's way to one invoice. A link signs nobody in and shows nothing else (S36, S37)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from accounts import journal
from accounts.models import Person
from billing.actions import notices
from billing.actions.new_links import make_link
from billing.models import Invoice, InvoiceLink
from billing.refusals import Refused

SEEN_EVERY = timedelta(minutes=1)
MOST_COPIES = 20


class TooManyCopies(Refused):
    """An invoice is shared with a handful of people, not with a crowd."""


def note_opened(*, link: InvoiceLink, now: datetime) -> None:
    """Remember that the invoice was looked at: all that opening it changes, and at most once a minute."""
    if link.last_opened_at and now - link.last_opened_at < SEEN_EVERY:
        return
    InvoiceLink.objects.filter(pk=link.pk).update(
        first_opened_at=Coalesce(F("first_opened_at"), now), last_opened_at=now
    )


@transaction.atomic
def copy_for_colleague(*, invoice: Invoice, by: Person | None, via: InvoiceLink | None, now: datetime) -> str:
    """A link without a recipient, to pass on. Raises TooManyCopies.

    `by` is who is signed in, or None with the link `via` which it was asked for.
    """
    Invoice.objects.select_for_update(of=("self",), no_key=True).get(pk=invoice.pk)
    if invoice.links.filter(email="", revoked_at__isnull=True).count() >= MOST_COPIES:
        raise TooManyCopies(f"This invoice has {MOST_COPIES} copies of its link already. End one of them first.")
    address = make_link(invoice=invoice, email="", now=now)
    _journal(invoice, "billing.copy_link", by, {"via": via.pk if via else None}, now)
    return address


@transaction.atomic
def revoke_link(*, link: InvoiceLink, by: Person | None, now: datetime) -> bool:
    """End one link; True when it still worked. `by` is None when its own holder ends it."""
    ended = InvoiceLink.objects.filter(pk=link.pk, revoked_at__isnull=True).update(revoked_at=now)
    if ended:
        _journal(link.invoice, "billing.revoke_link", by, {"link": link.pk}, now)
    return bool(ended)


@transaction.atomic
def revoke_all(*, invoice: Invoice, by: Person, now: datetime) -> int:
    """End every link to `invoice`; how many still worked."""
    ended = invoice.links.filter(revoked_at__isnull=True).update(revoked_at=now)
    if ended:
        _journal(invoice, "billing.revoke_links", by, {"ended": ended}, now)
    return ended


@transaction.atomic
def rotate_link(*, link: InvoiceLink, by: Person | None, now: datetime) -> bool:
    """End every link of one recipient and mail a fresh one to their address; True when a mail went out.

    A copy for a colleague has no address: it only ends.
    """
    mates = InvoiceLink.objects.filter(invoice=link.invoice, revoked_at__isnull=True)
    mates = mates.filter(email=link.email) if link.email else mates.filter(pk=link.pk)
    ended = mates.update(revoked_at=now)
    if link.email and ended:
        notices.mail_fresh_links(email=link.email, name=link.name, invoices=[link.invoice], now=now)
    if ended:
        _journal(link.invoice, "billing.rotate_link", by, {"link": link.pk, "ended": ended}, now)
    return bool(link.email and ended)


@transaction.atomic
def send_again(*, invoice: Invoice, email: str, by: Person, now: datetime) -> None:
    """Mail the invoice once more, with a link of its own, to one of its recipients: staff were asked to."""
    notices.mail_fresh_links(email=email, name="", invoices=[invoice], now=now)
    _journal(invoice, "billing.send_link", by, {}, now)


def _journal(invoice: Invoice, action: str, by: Person | None, data: dict, now: datetime) -> None:
    journal.record(by=by, action=action, subject=f"billing.invoice:{invoice.pk}", data=data, now=now)
