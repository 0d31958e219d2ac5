"""Fresh links for whoever lost theirs. A worker mails them, so that asking takes as long whoever asks (S45)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.own_addresses import is_own_mailbox
from billing.actions import notices
from billing.choices import InvoiceState
from billing.models import Invoice, InvoiceLink, Recipient
from mail.addresses import BadAddress, normalise
from supportdesk.lib.background import wake
from supportdesk.lib.throttle import Limit, hit

TO_ONE_ADDRESS = Limit("fresh invoice links mailed to an address", times=1, seconds=600)
REACHES_BACK = timedelta(days=400)


def ask(*, which: str, now: datetime) -> None:
    """Have links mailed for `which`, a number of an invoice or an address, soon."""
    if not wake("billing.mail_fresh_links", which=which):
        mail_fresh_links(which=which, now=now)


def mail_fresh_links(*, which: str, now: datetime) -> int:
    """Mail fresh links to addresses on file, and to no other; how many mails. Unknown: none.

    A number: to everybody who gets that invoice. An address: links to what is open there, else to the newest few.
    An address gets one such mail in ten minutes.
    """
    if "@" in which:
        return _to_address(which, now)
    invoice = Invoice.objects.filter(number=which.upper().strip()).select_related("customer__person").first()
    if invoice is None:
        return 0
    mailed_to = invoice.links.exclude(email="").order_by("pk").values_list("email", flat=True)
    people = notices.recipients_of(invoice.customer, fallback=mailed_to)
    return sum(_mail(one.email, one.name, [invoice], now) for one in people)


def _to_address(typed: str, now: datetime) -> int:
    try:
        email = normalise(typed)
    except BadAddress:
        return 0
    customers = Recipient.objects.filter(email=email, removed_at__isnull=True).values("customer")
    mailed = InvoiceLink.objects.filter(email=email, invoice__issued_at__gt=now - REACHES_BACK).values("invoice")
    mine = Invoice.objects.filter(
        Q(customer__in=customers) | Q(customer__person__email=email, customer__person__email_verified_at__isnull=False)
        | Q(pk__in=mailed, customer__recipients__isnull=True),
        number__isnull=False,
    )  # fmt: skip
    found = list(mine.filter(state=InvoiceState.OPEN).order_by("due_on", "pk")[: notices.MOST_LINKS])
    if not found:
        found = list(mine.filter(issued_at__gt=now - REACHES_BACK).order_by("-issued_at", "-pk")[:3])
    return _mail(email, "", found, now) if found else 0


def _mail(email: str, name: str, invoices: list[Invoice], now: datetime) -> int:
    if is_own_mailbox(email) or hit(TO_ONE_ADDRESS, email, now=now):
        return 0
    with transaction.atomic():
        return int(notices.mail_fresh_links(email=email, name=name, invoices=invoices, now=now) is not None)
