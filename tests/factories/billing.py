"""A store to test with: a seller, products with prices, customers. Every call makes something new."""

from datetime import UTC, datetime, timedelta
from itertools import count

from django.db import transaction

from billing.choices import CouponUse, Period, ProductKind, ProductState
from billing.models import Coupon, Customer, Price, Product, Seller, TaxRate
from tests.factories.accounts import make_person

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
OHIO = {
    "name": "Lakeview School", "line1": "1 Lake Street", "line2": "", "city": "Lakeview", "region": "OH",
    "postal_code": "43331", "country": "US",
}  # fmt: skip
_numbers = count(1)


def make_seller(**fields) -> Seller:
    """The company that sells; made again, the row is changed."""
    known = {
        "legal_name": "Example Robotics Ltd.", "line1": "120 Sample Street SW", "city": "Calgary", "region": "AB",
        "postal_code": "T2P 0A1", "country": "CA", "email": "billing@desk.example", "tax_number": "123456789 RT0001",
        "canada_note": "We are a Canadian company: ask your bank whether your card may pay abroad.",
        "international_fee_note": "Your bank may add an international fee of 1 to 3 %.",
        "updated_at": NOON,
    }  # fmt: skip
    return Seller.objects.update_or_create(pk=1, defaults=known | fields)[0]


def make_product(kind: ProductKind = ProductKind.GOODS, *, published: bool = True, **fields) -> Product:
    """A product without prices, so published only where `published` is set once they are there: see make_goods."""
    number = next(_numbers)
    known = {
        "slug": f"product-{number}", "name": f"Product {number}", "summary": "One line about it.",
        "info_text": "More about it.", "minutes": 360 if kind == ProductKind.HOURS else 0,
        "created_at": NOON, "updated_at": NOON,
        "state": ProductState.PUBLISHED if published else ProductState.DRAFT,
    }  # fmt: skip
    return Product.objects.create(kind=kind, **known | fields)


def make_price(product: Product, amount: int, period: Period = Period.ONCE, **fields) -> Price:
    """A price that holds from now on."""
    return Price.objects.create(product=product, amount=amount, period=period, **{"created_at": NOON, **fields})


def make_goods(amount: int = 24_900, kind: ProductKind = ProductKind.GOODS, **fields) -> Price:
    """Something that is sold, by its price: a starter robot kit for $249.00."""
    with transaction.atomic():  # the database looks at its end whether what is published has its price
        return make_price(make_product(kind, **fields), amount)


def make_plan(*sizes: tuple[int, int, int], **fields) -> Product:
    """A plan by (displays, monthly, yearly); $24 a month or $240 a year for up to 5 displays when nothing is said."""
    with transaction.atomic():
        product = make_product(ProductKind.PLAN, **fields)
        for displays, monthly, yearly in sizes or ((5, 2_400, 24_000),):
            make_price(product, monthly, Period.MONTHLY, displays=displays)
            make_price(product, yearly, Period.YEARLY, displays=displays)
    return product


def make_customer(**fields) -> Customer:
    """Somebody who bought before, or is about to."""
    if "person" not in fields and "organisation" not in fields:
        fields["person"] = make_person()
    owner = fields.get("organisation") or fields["person"]
    known = {**OHIO, "name": getattr(owner, "name", "") or "A customer", "created_at": NOON}
    return Customer.objects.create(**known | fields)


def make_tax(rate_ppm: int, name: str = "Sales tax", *, country: str = "US", region: str = "OH", **fields) -> TaxRate:
    """A tax of a region; 57,500 is 5.75 %."""
    known = {"starts_on": NOON.date().replace(month=1, day=1)}
    return TaxRate.objects.create(country=country, region=region, name=name, rate_ppm=rate_ppm, **known | fields)


def make_coupon(code: str, use: CouponUse = CouponUse.ONCE_A_CUSTOMER, **fields) -> Coupon:
    """A coupon that works: $100 off when nothing else is said."""
    known: dict = {"name": "$100 off", "starts_at": NOON - timedelta(days=400), "created_at": NOON}
    if "percent_off" not in fields:
        known["amount_off"] = 10_000
    products = fields.pop("products", ())
    coupon = Coupon.objects.create(code=code, use=use, **known | fields)
    coupon.products.set(products)
    return coupon
