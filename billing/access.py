"""The only doors to an invoice: a person's own, by its number, or a link, by its token."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import Q, QuerySet

from accounts.access import can
from accounts.models import Membership, Person
from billing.models import (
    Card,
    Certificate,
    CreditNote,
    CreditRequest,
    Customer,
    Invoice,
    InvoiceLink,
    PrivateFile,
    Receipt,
    Recipient,
    Subscription,
)
from billing.refusals import Refused
from billing.tokens import digest, is_token
from supportdesk.lib.compiled import CompiledRows, Gap

# A link works for ever while something is owed, and so long after that.
WORKS_AFTER = timedelta(days=730)
NUMBER_LENGTH = 20


class NoSuchInvoice(Refused):
    """Nobody issued it, or it is somebody else's: the answer is the same."""


class UnknownLink(Refused):
    """No such link was ever made."""


class SpentLink(Refused):
    """It was revoked, or its invoice was settled long ago. `link` is its row."""

    def __init__(self, link: InvoiceLink) -> None:
        super().__init__("This link no longer opens the invoice.")
        self.link = link


def customers_of(person: Person) -> QuerySet[Customer]:
    """For whom `person` may see what was bought and what is owed: themselves, and the organisations they belong to.

    Nobody whose address is not proven (S10), and nobody of the staff by their role: that is another door.
    """
    if not (person.is_authenticated and person.is_active and person.email_verified_at):
        return Customer.objects.none()
    return Customer.objects.filter(pk__in=accounts_of(person))


def accounts_of(person: Person) -> QuerySet[Customer, Any]:
    """The keys of the customers that are `person`, or an organisation that they belong to.

    Each half is found by its index; one condition with “or” would go through every customer there is.
    """
    belonging = Membership.objects.filter(person=person).values("organisation")
    own = Customer.objects.filter(person=person).values("pk")
    return own.union(Customer.objects.filter(organisation__in=belonging).values("pk"), all=True)


def invoices_of(person: Person) -> QuerySet[Invoice]:
    """The issued invoices that `person` may see, in no order."""
    return Invoice.objects.filter(customer__in=customers_of(person), number__isnull=False)


def invoice_for(person: Person, number: str) -> Invoice:
    """One of `person`'s own invoices, with its customer. Raises NoSuchInvoice."""
    invoice = None
    if len(number) <= NUMBER_LENGTH and number.isprintable():
        invoice = invoices_of(person).select_related("customer", "order").filter(number=number).first()
    if invoice is None:
        raise NoSuchInvoice("There is no such invoice.")
    return invoice


def link_for(token: str, now: datetime) -> InvoiceLink:
    """The link behind `token`, with its invoice and customer. Changes nothing. Raises UnknownLink or SpentLink."""
    if not is_token(token):
        raise UnknownLink("There is no such link.")
    found = _links().fetch({"hash": digest(token)})
    if not found:
        raise UnknownLink("There is no such link.")
    link = found[0]
    settled_at = link.invoice.paid_at or link.invoice.voided_at
    if link.revoked_at or (settled_at and not link.invoice.due and settled_at + WORKS_AFTER <= now):
        raise SpentLink(link)
    return link


@cache
def _links() -> CompiledRows[InvoiceLink]:
    """The page behind a link is the one that is opened most, and always by this query."""
    rows = InvoiceLink.objects.select_related("invoice__customer")
    return CompiledRows(
        rows.filter(
            token_sha256=Gap("hash", InvoiceLink._meta.get_field("token_sha256")), invoice__number__isnull=False
        )
    )


def paper_for(invoice: Invoice, number: str) -> tuple[str, CreditNote | Receipt] | None:
    """A receipt or a credit note of exactly this invoice, with its kind; None for any other number."""
    if len(number) > NUMBER_LENGTH or not number.isprintable():
        return None
    receipt = Receipt.objects.filter(number=number, payment__invoice=invoice).first()
    if receipt:
        return "receipt", receipt
    note = CreditNote.objects.filter(number=number, invoice=invoice).first()
    return ("credit_note", note) if note else None


def customer_for(person: Person, pk: int) -> Customer | None:
    """One of the customers for whom `person` may act, or None."""
    return customers_of(person).filter(pk=pk).first() if 0 < pk < 2**63 else None


def card_for(person: Person, pk: int) -> Card | None:
    """A card that is kept for one of those customers, or None."""
    if not 0 < pk < 2**63:
        return None
    rows = Card.objects.filter(removed_at__isnull=True, customer__in=customers_of(person))
    return rows.select_related("customer").filter(pk=pk).first()


def subscription_for(person: Person, pk: int) -> Subscription | None:
    """A plan of one of those customers, also one that has ended, or None."""
    if not 0 < pk < 2**63:
        return None
    rows = Subscription.objects.filter(customer__in=customers_of(person))
    return rows.select_related("customer", "product", "price").filter(pk=pk).first()


def recipient_for(person: Person, pk: int) -> Recipient | None:
    """Somebody who gets the invoices of one of those customers, or None."""
    if not 0 < pk < 2**63:
        return None
    rows = Recipient.objects.filter(removed_at__isnull=True, customer__in=customers_of(person))
    return rows.select_related("customer").filter(pk=pk).first()


def credit_request_for(person: Person, pk: int) -> CreditRequest | None:
    """A credit request of one of those customers, with its customer, or None."""
    if not 0 < pk < 2**63:
        return None
    rows = CreditRequest.objects.filter(customer__in=customers_of(person))
    return rows.select_related("customer", "by").filter(pk=pk).first()


def certificate_for(person: Person, pk: int) -> Certificate | None:
    """A tax certificate of one of those customers, with its customer and file, or None."""
    if not 0 < pk < 2**63:
        return None
    rows = Certificate.objects.filter(customer__in=customers_of(person))
    return rows.select_related("customer", "file", "by").filter(pk=pk).first()


def private_file_for(person: Person, pk: int) -> PrivateFile | None:
    """A private file of one of those customers, or any for somebody who decides in the review; else None."""
    if not 0 < pk < 2**63:
        return None
    rows = PrivateFile.objects.select_related("file")
    if not can(person, "reviews.decide"):
        own = customers_of(person)
        rows = rows.filter(
            Q(certificate__customer__in=own)
            | Q(credit_request__customer__in=own)
            | Q(refund_request__invoice__customer__in=own)
        )
    return rows.filter(pk=pk).first()
