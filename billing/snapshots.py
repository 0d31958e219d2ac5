"""Who sold and who bought, in the words that an issued document keeps for ever."""

from collections.abc import Mapping

from billing import sandbox
from billing.choices import PaymentMethod
from billing.models import Customer, Product, Seller

COUNTRIES = {
    "AU": "Australia", "CA": "Canada", "DE": "Germany", "FR": "France", "GB": "United Kingdom", "IE": "Ireland",
    "JP": "Japan", "MX": "Mexico", "NZ": "New Zealand", "US": "USA",
}  # fmt: skip
PLACE = ("line1", "line2", "city", "region", "postal_code", "country")


def address_lines(place: Mapping[str, str]) -> list[str]:
    """An address as it stands on a letter, without a line that would be empty."""
    town = ", ".join(part for part in (place.get("city", ""), place.get("region", "")) if part)
    country = place.get("country", "")
    lines = [
        place.get("line1", ""),
        place.get("line2", ""),
        f"{town} {place.get('postal_code', '')}".strip(),
        COUNTRIES.get(country, country),
    ]
    return [line.strip() for line in lines if line.strip()]


def of_seller(seller: Seller) -> dict:
    """As it stands in the head and the foot of every document."""
    return {
        "name": seller.legal_name,
        "lines": address_lines({name: getattr(seller, name) for name in PLACE}),
        "country": COUNTRIES.get(seller.country, seller.country),
        "email": seller.email,
        "phone": seller.phone,
        "tax_number": seller.tax_number,
    }


def of_buyer(customer: Customer) -> dict:
    """Whom a document is addressed to."""
    return {"name": customer.name, "lines": address_lines({name: getattr(customer, name) for name in PLACE})}


def of_invoice(
    *, seller: Seller, customer: Customer, method: str, due_days: int, order: str, ship_to: Mapping[str, str]
) -> dict:
    """Everything on an invoice that is not a number, a line or a tax.

    The note about the bank's own fee stands on the invoices of those who pay by card (R36).
    """
    delivery = [ship_to.get("name", ""), *address_lines(ship_to)] if ship_to else []
    return {
        "seller": of_seller(seller),
        "buyer": of_buyer(customer),
        "method": method,
        "terms": f"Due in {due_days} days" if due_days else "Due at once",
        "order": order,
        "ship_to": [line for line in delivery if line],
        "invoice_note": seller.invoice_note,
        "bank_instructions": seller.bank_instructions,
        "international_fee_note": seller.international_fee_note if method == PaymentMethod.CARD else "",
        "is_sandbox": sandbox.is_on(),
    }


def more_info(product: Product | None) -> tuple[str, str]:
    """The words and the address that say more about a product: its own page, an article, or a page elsewhere (R24).

    What is no product, such as the rest of a period, leads to a person.
    """
    if product is None:
        return "Ask about this", "/help/"
    return product.info_label or "What is this?", product.more_url


def seller_now() -> dict:
    """The seller of today in the shape of a snapshot, for pages about no document; empty before there is one."""
    seller = Seller.objects.filter(pk=1).first()
    return of_seller(seller) if seller else {}
