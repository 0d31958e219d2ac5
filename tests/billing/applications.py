"""An application as it is signed, for tests of credit."""

from datetime import datetime

from billing.actions import credit_requests
from billing.models import CreditRequest, Customer
from tests.factories.billing import NOON, OHIO

FORM_KEY = "form:the-key-of-one-page-to-sign"
ANSWERS: dict[str, object] = {
    "legal_name": "Delta Makerspace Society", "trade_name": "", "entity": "nonprofit", "incorporated_in": "Ohio",
    "established": "2019", "tax_number": "12-3456789", "duns": "", "owners": "Ada Example, Chair", "limit": 500_000,
    "monthly": 40_000, "terms": "30", "purchase_orders": "no", "ap_name": "Accounts", "ap_email": "ap@delta.example",
    "ap_phone": "614 555 0100", "bank_name": "First Example Bank", "bank_branch": "Lakeview",
    "bank_contact": "Bo Banker", "signer_name": "Tomás Rivera", "signer_title": "Treasurer", "declares": True,
    "consents": True, "signature": "Tomás Rivera",
    **{name: text for name, text in OHIO.items() if name != "name"},
    **{
        f"reference{number}_{part}": f"{part} {number}"
        for number in (1, 2, 3)
        for part in ("company", "contact", "email", "phone")
    },
}  # fmt: skip


def ask(customer: Customer, *, key: str = FORM_KEY, now: datetime = NOON, **more) -> CreditRequest:
    """The signed form of the person behind `customer`."""
    by = more.pop("by", customer.person)
    return credit_requests.apply(
        customer=customer, answers=ANSWERS | more.pop("answers", {}), by=by, address_from="203.0.113.9", key=key,
        now=now, **more,
    )  # fmt: skip
