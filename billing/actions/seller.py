"""Who sells, as it stands on every document that is issued from now on."""

from collections.abc import Mapping
from datetime import datetime

from accounts import journal
from accounts.models import Person
from accounts.permitted import permitted
from billing.models import Seller

FIELDS = (
    "legal_name", "line1", "line2", "city", "region", "postal_code", "country", "email", "phone", "tax_number",
    "currency", "time_zone", "due_days", "bank_instructions", "invoice_note", "canada_note", "international_fee_note",
    "starter_credit_limit",
)  # fmt: skip


@permitted("store.set_up")
def save_seller(*, values: Mapping[str, object], by: Person, now: datetime) -> Seller:
    """Enter who sells, or change it. What was issued before says what it said. The journal names what changed."""
    seller = Seller.objects.select_for_update().filter(pk=1).first() or Seller(pk=1)
    changed = [name for name in FIELDS if name in values and getattr(seller, name) != values[name]]
    for name in changed:
        setattr(seller, name, values[name])
    seller.updated_at = now
    seller.save()
    journal.record(by=by, action="billing.save_seller", subject=seller, data={"changed": changed}, now=now)
    return seller
