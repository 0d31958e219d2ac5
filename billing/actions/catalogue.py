"""The catalogue: what is sold, what it costs, and whether people see it.

A product is published when it says more about itself and has its prices; the database holds it to both (R24, R39).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.text import slugify

from accounts import journal
from accounts.models import Person
from accounts.permitted import permitted
from billing.choices import Period, ProductKind, ProductState
from billing.models import Price, Product, Seller
from billing.refusals import Refused
from knowledgebase.models import Article
from supportdesk.lib import money


class CannotChangeProduct(Refused):
    """The product stays as it is."""


@dataclass(frozen=True)
class Words:
    """What a product says of itself."""

    name: str
    summary: str = ""
    description: str = ""
    info_label: str = "What is this?"
    info_text: str = ""
    info_url: str = ""
    info_article: Article | None = None
    minutes: int = 0
    is_taxable: bool = True
    position: int = 0


# What something costs: for each period and size (displays; None for any number) an amount in minor units.
Prices = Mapping[tuple[Period, int | None], int]


@permitted("store.set_up")
def create_product(*, kind: ProductKind, words: Words, by: Person, now: datetime) -> Product:
    """A draft. Raises CannotChangeProduct."""
    product = Product(kind=kind, slug=_free_slug(words.name), created_at=now)
    _take(product, words, now)
    journal.record(by=by, action="billing.create_product", subject=product, now=now)
    return product


@permitted("store.set_up")
def change_product(*, product: Product, words: Words, by: Person, now: datetime) -> Product:
    """Other words. Its address stays: invoices lead there. Raises CannotChangeProduct."""
    product = _locked(product)
    _take(product, words, now)
    journal.record(by=by, action="billing.change_product", subject=product, now=now)
    return product


@permitted("store.set_up")
def set_prices(*, product: Product, prices: Prices, by: Person, now: datetime) -> list[Price]:
    """What it costs from now on. A price that changes is withdrawn and another one begins; who has one keeps it.

    Raises CannotChangeProduct for what its kind does not allow, and, once it is published, for what is missing.
    """
    product = _locked(product)
    _check_shape(product, prices)
    if product.state == ProductState.PUBLISHED and (words := _lack_of_prices(product, prices)):
        raise CannotChangeProduct(words)
    currency = Seller.objects.filter(pk=1).values_list("currency", flat=True).first() or "USD"
    standing = {
        (price.period, price.displays): price
        for price in product.prices.filter(withdrawn_at__isnull=True, currency=currency)
    }
    gone = [price.pk for key, price in standing.items() if prices.get(_key(key)) != price.amount]
    Price.objects.filter(pk__in=gone).update(withdrawn_at=now)
    fresh = [
        Price(product=product, period=period, currency=currency, displays=displays, amount=amount, created_at=now)
        for (period, displays), amount in prices.items()
        if (period, displays) not in standing or standing[period, displays].amount != amount
    ]
    Price.objects.bulk_create(fresh)
    if gone or fresh:
        journal.record(by=by, action="billing.set_prices", subject=product, data={"prices": len(prices)}, now=now)
    return fresh


@permitted("store.set_up")
def publish(*, product: Product, by: Person, now: datetime) -> Product:
    """Let people see and buy it. Raises CannotChangeProduct with everything that is missing."""
    product = _locked(product)
    missing = lacks(product)
    if missing:
        raise CannotChangeProduct(" ".join(missing))
    _move(product, ProductState.PUBLISHED, now)
    journal.record(by=by, action="billing.publish_product", subject=product, now=now)
    return product


@permitted("store.set_up")
def archive(*, product: Product, by: Person, now: datetime) -> Product:
    """Sell it no longer. What was bought of it stays, and so does the page that says more."""
    product = _locked(product)
    _move(product, ProductState.ARCHIVED, now)
    journal.record(by=by, action="billing.archive_product", subject=product, now=now)
    return product


@permitted("store.set_up")
def set_shipping(*, amount: int, by: Person, now: datetime) -> Seller:
    """What shipping costs from now on, for an order with goods. Raises CannotChangeProduct before there is a seller."""
    if not 0 <= amount <= money.MOST:
        raise CannotChangeProduct("Enter a sum of at least nothing.")
    seller = Seller.objects.select_for_update().filter(pk=1).first()
    if seller is None:
        raise CannotChangeProduct("Enter first who sells.")
    seller.shipping_amount, seller.updated_at = amount, now
    seller.save(update_fields=["shipping_amount", "updated_at"])
    journal.record(by=by, action="billing.set_shipping", subject=seller, data={"amount": amount}, now=now)
    return seller


def lacks(product: Product) -> list[str]:
    """What keeps a product from being published, each as a sentence; empty when nothing does."""
    standing = product.prices.filter(withdrawn_at__isnull=True)
    prices = {(Period(price.period), price.displays): price.amount for price in standing}
    found = []
    if not _says_more(product):
        found.append("It says no more about itself: write its “more info” page, or choose an article.")
    if words := _lack_of_prices(product, prices):
        found.append(words)
    return found


def _lack_of_prices(product: Product, prices: Prices) -> str:
    if product.kind != ProductKind.PLAN:
        return "" if prices else "It has no price."
    if not prices:
        return "It has no prices: a plan has a monthly and a yearly one."
    sizes = sorted({displays for _, displays in prices}, key=lambda size: (size is None, size or 0))
    for period in (Period.MONTHLY, Period.YEARLY):
        without = [_size_words(size) for size in sizes if (period, size) not in prices]
        if without:
            return f"It lacks a {period.label.lower()} price for {' and '.join(without)}."
    return ""


def _check_shape(product: Product, prices: Prices) -> None:
    periods = {period for period, _ in prices}
    if product.kind == ProductKind.PLAN and Period.ONCE in periods:
        raise CannotChangeProduct("A plan is paid by the month or by the year.")
    if product.kind != ProductKind.PLAN and (periods - {Period.ONCE} or len(prices) > 1):
        raise CannotChangeProduct("Only a plan is paid by the month or by the year; anything else has one price.")
    for (_, displays), amount in prices.items():
        if not 0 < amount <= money.MOST:
            raise CannotChangeProduct("A price is above zero and has eight digits at most.")
        if displays is not None and not 0 < displays < 2**31:
            raise CannotChangeProduct("A size is one display or more.")


def _size_words(size: int | None) -> str:
    return f"up to {size} displays" if size else "any number of displays"


def _key(key: tuple[str, int | None]) -> tuple[Period, int | None]:
    return Period(key[0]), key[1]


def _locked(product: Product) -> Product:
    return Product.objects.select_for_update(no_key=True).get(pk=product.pk)


def _take(product: Product, words: Words, now: datetime) -> None:
    if product.kind == ProductKind.HOURS and not words.minutes:
        raise CannotChangeProduct("Say how many minutes of help a package has.")
    if product.kind != ProductKind.HOURS and words.minutes:
        raise CannotChangeProduct("Only a package of hours has minutes.")
    if product.state == ProductState.PUBLISHED and not _says_more(words):
        raise CannotChangeProduct("What is sold says more about itself. Keep its page, or choose an article instead.")
    if words.info_article and words.info_article.pk != product.info_article_id and not words.info_article.is_public:
        raise CannotChangeProduct("Choose an article that everybody can read.")
    for name, value in vars(words).items():
        setattr(product, name, value)
    product.updated_at = now
    product.save()


def _says_more(product: Product | Words) -> bool:
    return bool(product.info_text.strip() or product.info_url or product.info_article)


def _move(product: Product, state: ProductState, now: datetime) -> None:
    if product.state == state:
        raise CannotChangeProduct(f"{product.name} is {product.get_state_display().lower()} already.")
    product.state, product.updated_at = state, now
    product.save(update_fields=["state", "updated_at"])


def _free_slug(name: str) -> str:
    """An address from the name: starter-robot-kit, starter-robot-kit-2."""
    base = slugify(name)[:70] or "product"
    taken = set(Product.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(
        slug for slug in (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))) if slug not in taken
    )
