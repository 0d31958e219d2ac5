"""Issued invoices and what belongs to them. Every call makes something new."""

from datetime import UTC, datetime
from itertools import count

from billing.actions.issue import Draft, DraftLine, issue
from billing.choices import PaymentMethod, PaymentState, ProductKind
from billing.models import Customer, Invoice, Payment, Recipient, Seller
from billing.pricing import TaxAmount
from tests.factories.accounts import make_organisation
from tests.factories.billing import make_customer, make_product
from tests.factories.billing import make_seller as make_bare_seller

# A Tuesday, noon in Ohio.
NOON = datetime(2026, 11, 10, 17, 0, tzinfo=UTC)
_numbers = count(1)


def make_seller(**fields) -> Seller:
    """Who sells, with a bank account and books in Calgary."""
    bank = {"time_zone": "America/Edmonton", "bank_instructions": "Account 000123456789\nRouting 110000000"}
    return make_bare_seller(**bank | fields)


def make_buyer(*recipients: str, **fields) -> Customer:
    """A school district, and who gets its invoices."""
    if "person" not in fields and "organisation" not in fields:
        fields["organisation"] = make_organisation(name=f"Lakeview School District {next(_numbers)}")
    customer = make_customer(**{"time_zone": "America/New_York", **fields})
    for email in recipients or (f"ap{next(_numbers)}@school.example",):
        Recipient.objects.create(customer=customer, email=email, added_at=NOON)
    return customer


def make_line(amount: int = 100_000, *, name: str = "Starter robot kit", **fields) -> DraftLine:
    """One thing to be invoiced, with a product that says more about it."""
    fields.setdefault("detail", "Controller, six motors, battery")
    fields.setdefault("product", make_product(ProductKind.GOODS, published=False))
    return DraftLine(name=name, unit_amount=amount, **fields)


def make_invoice(
    *, customer: Customer | None = None, amount: int = 100_000, tax: int = 0, now: datetime = NOON, lines=None, **fields
) -> Invoice:
    """An issued invoice over `amount` and `tax`, due after 30 days."""
    if not Seller.objects.filter(pk=1).exists():
        make_seller()
    values = {
        "key": f"test:{next(_numbers)}",
        "customer": customer or make_buyer(),
        "currency": "USD",
        "lines": lines or [make_line(amount, tax=tax)],
        "taxes": [TaxAmount("GST", 50_000, amount, tax)] if tax else [],
        "method": PaymentMethod.TRANSFER,
    }
    return issue(draft=Draft(**values | fields), now=now)


def make_payment(*, invoice: Invoice, amount: int | None = None, now: datetime = NOON, **fields) -> Payment:
    """A payment that succeeded and is not booked yet: give it to `apply_payment`."""
    values = {
        "method": PaymentMethod.CARD, "state": PaymentState.SUCCEEDED, "card_words": "Visa credit ending 4242",
        "last4": "4242", "key": f"pay:test:{next(_numbers)}", "created_at": now, "finished_at": now,
    }  # fmt: skip
    return Payment.objects.create(
        invoice=invoice, amount=invoice.due if amount is None else amount, currency=invoice.currency, **values | fields
    )
