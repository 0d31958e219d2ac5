"""What the store shows of the catalogue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, Q

from billing.choices import Period, ProductKind, ProductState
from billing.models import Coupon, Price, Product, Seller

A_PAGE = 50


@dataclass(frozen=True)
class Size:
    """A plan for up to so many displays: by the month and by the year. `displays` None: any number."""

    displays: int | None
    monthly: Price
    yearly: Price

    @property
    def saving(self) -> int:
        """What twelve months cost more than a year at once, in minor units; never below nothing."""
        return max(0, 12 * self.monthly.amount - self.yearly.amount)


@dataclass(frozen=True)
class Offer:
    """A product with the prices that hold now: `sizes` of a plan, or the one price of anything else."""

    product: Product
    sizes: list[Size]
    price: Price | None

    @property
    def first_price(self) -> Price | None:
        """The smallest step into it, for a list."""
        return self.sizes[0].monthly if self.sizes else self.price

    @property
    def prices(self) -> list[Price]:
        """All of them."""
        return [price for size in self.sizes for price in (size.monthly, size.yearly)] + [
            price for price in (self.price,) if price
        ]

    @property
    def largest_saving(self) -> int:
        return max((size.saving for size in self.sizes), default=0)


def offers(*, currency: str) -> list[Offer]:
    """Everything that is sold, in the order of the catalogue. Two queries."""
    rows = Product.objects.filter(state=ProductState.PUBLISHED).order_by("position", "pk")
    return [found for product in _with_prices(rows, currency) if (found := offer_of(product))]


def offer_by_slug(slug: str, *, currency: str) -> Offer | None:
    """One product that is sold. Two queries."""
    rows = Product.objects.filter(state=ProductState.PUBLISHED, slug=slug)
    return next((offer_of(product) for product in _with_prices(rows, currency)), None)


def product_with_info(slug: str) -> Product | None:
    """A product that says more: also one that is sold no longer, since invoices lead there."""
    rows = Product.objects.filter(slug=slug).select_related("info_article__space")
    return rows.exclude(state=ProductState.DRAFT).first()


def sizes_in(prices: Iterable[Price]) -> list[Size]:
    """Monthly and yearly prices of the same size side by side, the smallest first; a size needs both."""
    by_size: dict[int | None, dict[str, Price]] = {}
    for price in prices:
        by_size.setdefault(price.displays, {})[price.period] = price
    found = [
        Size(displays, pair[Period.MONTHLY], pair[Period.YEARLY])
        for displays, pair in by_size.items()
        if Period.MONTHLY in pair and Period.YEARLY in pair
    ]
    return sorted(found, key=lambda size: (size.displays is None, size.displays or 0))


def offer_of(product: Product) -> Offer | None:
    """What is to be had of a product whose prices of now are prefetched as `current_prices`; None: nothing."""
    prices: list[Price] = product.current_prices  # type: ignore[attr-defined]  # set by the prefetch below
    if product.kind == ProductKind.PLAN:
        sizes = sizes_in(prices)
        return Offer(product, sizes, None) if sizes else None
    price = next((price for price in prices if price.period == Period.ONCE), None)
    return Offer(product, [], price) if price else None


def _with_prices(rows, currency: str):
    prices = Price.objects.filter(withdrawn_at__isnull=True, currency=currency)
    return rows.select_related("info_article__space").prefetch_related(
        Prefetch("prices", prices, to_attr="current_prices")
    )


def is_open() -> bool:
    """Whether anything is sold here."""
    return Product.objects.filter(state=ProductState.PUBLISHED).exists()


def store_currency() -> str:
    """The currency of the store's prices."""
    return Seller.objects.filter(pk=1).values_list("currency", flat=True).first() or "USD"


def catalogue_page(*, after: str) -> tuple[Sequence[Product], str]:
    """A page of the whole catalogue by state and place, and where the next one begins; "" on the last."""
    rows = Product.objects.order_by("position", "pk")
    place, _, key = after.partition("-")
    if all(part.isascii() and part.isdigit() and len(part) < 10 for part in (place, key)):
        rows = rows.filter(Q(position__gt=int(place)) | Q(position=int(place), pk__gt=int(key)))
    prices = Price.objects.filter(withdrawn_at__isnull=True).order_by("pk")
    found = list(rows.prefetch_related(Prefetch("prices", prices, to_attr="current_prices"))[: A_PAGE + 1])
    last = found[A_PAGE - 1] if len(found) > A_PAGE else None
    return found[:A_PAGE], f"{last.position}-{last.pk}" if last else ""


def coupon_page(*, before: str) -> tuple[list[Coupon], str]:
    """A page of the catalogue's coupons, the newest first, and where the next one begins; "" on the last.

    Those that were given to one customer as goodwill are no part of it.
    """
    rows = Coupon.objects.filter(is_personal=False).order_by("-pk")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: A_PAGE + 1])
    return found[:A_PAGE], str(found[A_PAGE - 1].pk) if len(found) > A_PAGE else ""
