"""Mail about invoices: to everybody who gets a customer's invoices, each with a private link of their own.

A mail is a row, written in the transaction of what it tells. Whoever stopped a sort gets none of it (RFC 8058); the
invoice stands on the account all the same.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.conf import settings

from billing.actions.letters import send_letter
from billing.actions.new_links import make_link
from billing.choices import Notice
from billing.models import CreditNote, Customer, Dispute, Invoice, Payment, Receipt, Recipient
from mail.actions.reach import opted_out
from mail.addresses import Address
from mail.models import OutgoingMail
from supportdesk.lib import money

MOST_LINKS = 10


def recipients_of(customer: Customer, *, fallback: Iterable[str] = ()) -> list[Address]:
    """Who gets the invoices of `customer`; the addresses of `fallback`, or the customer's person, where nobody does."""
    rows = Recipient.objects.filter(customer=customer, removed_at__isnull=True).order_by("added_at", "pk")
    found = [Address(row.email, row.name) for row in rows]
    if found:
        return found
    people = [customer.person.email] if customer.person and customer.person.has_mail else []
    return [Address(email) for email in dict.fromkeys([*fallback, *people]) if email]


def source_key(invoice: Invoice) -> str:
    """Under which the mails of an invoice are found."""
    return f"invoice:{invoice.pk}"


def mail_invoice(*, invoice: Invoice, to: Iterable[Address], now: datetime) -> list[OutgoingMail]:
    """Tell everybody in `to` about a new invoice. Belongs in the transaction that issues it."""
    seller = invoice.snapshot["seller"]["name"]
    subject = f"Invoice {invoice.number} from {seller}: {money.shown(invoice.total, invoice.currency)}"
    if invoice.due:
        subject += f", due {invoice.due_on:%-d %B}"
    return [
        _queue(invoice, one, Notice.INVOICE, subject, "invoice", {"site": settings.SITE_URL}, now)
        for one in _wanting(to, Notice.INVOICE)
    ]


def mail_reminder(*, invoice: Invoice, on: date, now: datetime) -> list[OutgoingMail]:
    """Remind of what is due, in words that know how long before or after its day `on` is."""
    days = (on - invoice.due_on).days if invoice.due_on else 0
    when = f"is due on {invoice.due_on:%-d %B}" if days < 0 else "is due today" if days == 0 else "is overdue"
    subject = f"Invoice {invoice.number} {when}: {money.shown(invoice.due, invoice.currency)}"
    taken_back = Dispute.objects.filter(payment__invoice=invoice, status="lost").order_by("-closed_at", "-pk").first()
    more = {"days": days, "taken_back": taken_back}
    return [
        _queue(invoice, one, Notice.REMINDER, subject, "reminder", more, now)
        for one in _wanting(_reached(invoice), Notice.REMINDER)
    ]


def mail_receipt(*, receipt: Receipt, invoice: Invoice, payment: Payment, now: datetime) -> list[OutgoingMail]:
    """Say that money came: to everybody who gets the invoices, and to whoever paid and asked for the receipt."""
    to = _reached(invoice)
    if payment.receipt_email and payment.receipt_email.lower() not in {one.email.lower() for one in to}:
        to.append(Address(payment.receipt_email))
    subject = f"Receipt {receipt.number}: {money.shown(payment.amount, payment.currency)} for {invoice.number}"
    more = {"receipt": receipt, "payment": payment, "words": payment.card_words or payment.reference}
    return [_queue(invoice, one, Notice.INVOICE, subject, "receipt", more, now) for one in _wanting(to, Notice.INVOICE)]


def mail_credit_note(*, note: CreditNote, invoice: Invoice, now: datetime) -> list[OutgoingMail]:
    """Say what was credited, and what is still due."""
    subject = f"Credit note {note.number}: {money.shown(note.total, note.currency)} of {invoice.number}"
    return [
        _queue(invoice, one, Notice.INVOICE, subject, "credit_note", {"note": note}, now)
        for one in _wanting(_reached(invoice), Notice.INVOICE)
    ]


def mail_fresh_links(*, email: str, name: str, invoices: Sequence[Invoice], now: datetime) -> OutgoingMail | None:
    """One mail with a link to each of `invoices`. It was asked for just now, so no opt-out holds it back."""
    shown = list(invoices)[:MOST_LINKS]
    if not shown:
        return None
    links = [(invoice, make_link(invoice=invoice, email=email, name=name, now=now)) for invoice in shown]
    seller = shown[0].snapshot["seller"]["name"]
    subject = f"Invoice {shown[0].number}: a fresh link" if len(shown) == 1 else "Fresh links to your invoices"
    return send_letter(
        to=Address(email, name),
        subject=subject,
        words="links",
        context={"links": links, "seller": seller},
        source_key=source_key(shown[0]) if len(shown) == 1 else "",
        now=now,
    )


def is_last_one(*, address: str, scope: str) -> bool:
    """Whether, without `address`, nobody would get the mails of `scope` of some customer any more."""
    mine = Recipient.objects.filter(email=address.lower(), removed_at__isnull=True).values("customer")
    others = Recipient.objects.filter(customer__in=mine, removed_at__isnull=True).exclude(email=address.lower())
    by_customer: dict[int, set[str]] = {row["customer"]: set() for row in mine}
    for customer, email in others.values_list("customer", "email"):
        by_customer[customer].add(email)
    stopped = opted_out({email for emails in by_customer.values() for email in emails}, scope)
    return any(not emails - stopped for emails in by_customer.values())


def warning_for(scope: str):
    """What the stop page of `scope` says to the last address that still gets such mail (R37)."""
    what = "new invoices" if scope == Notice.INVOICE else "reminders"

    def words(address: str) -> str:
        if not is_last_one(address=address, scope=scope):
            return ""
        return (
            f"This is the last address that gets {what}. Without it nobody is told by mail: invoices then stand on "
            "your account only, and still fall due."
        )

    return words


def _reached(invoice: Invoice) -> list[Address]:
    """Who gets mail about an issued invoice: the recipients of now, or those whom it was mailed to."""
    links = invoice.links.exclude(email="").order_by("pk").values_list("email", flat=True)
    return recipients_of(invoice.customer, fallback=links)


def _wanting(to: Iterable[Address], notice: Notice) -> list[Address]:
    people = list(to)
    stopped = opted_out([one.email for one in people], notice)
    return [one for one in people if one.email.lower() not in stopped]


def _queue(
    invoice: Invoice, to: Address, notice: Notice, subject: str, words: str, more: dict, now: datetime
) -> OutgoingMail:
    context = {
        "invoice": invoice,
        "due": invoice.due,
        "seller": invoice.snapshot["seller"]["name"],
        "address": make_link(invoice=invoice, email=to.email, name=to.name, now=now),
        **more,
    }
    return send_letter(
        to=to,
        subject=subject,
        words=words,
        context=context,
        source_key=source_key(invoice),
        opt_out_scope=notice,
        now=now,
    )
