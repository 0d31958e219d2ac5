"""What a basket costs, here and now: the only place where prices, coupons and taxes meet (S30). Reads only."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from billing import coupon_terms, taxes
from billing.baskets import Basket, Choice
from billing.choices import Period, ProductKind, ProductState
from billing.models import Coupon, Customer, Price, Product, Seller
from supportdesk.lib import money


@dataclass(frozen=True)
class QuoteLine:
    """One product at its price of now. `amount` is before tax, after the discount; all sums in minor units."""

    price: Price
    quantity: int
    seen_amount: int
    chosen_price_id: int
    discount: int = 0
    tax: int = 0

    @property
    def product(self) -> Product:
        return self.price.product

    @property
    def unit_amount(self) -> int:
        return self.price.amount

    @property
    def gross(self) -> int:
        return self.quantity * self.price.amount

    @property
    def amount(self) -> int:
        return self.gross - self.discount

    @property
    def has_changed(self) -> bool:
        """It costs something else than when it was put in."""
        return self.seen_amount != self.price.amount

    @property
    def detail(self) -> str:
        """ "for up to 10 displays, yearly" """
        return detail_of(self.price)


@dataclass(frozen=True)
class TaxAmount:
    """A tax over a whole basket or invoice, the sum of what it is on each line; or why there is none."""

    name: str
    rate_ppm: int
    base: int
    amount: int
    exemption: str = ""


@dataclass(frozen=True)
class Refusal:
    """Something in the basket that cannot be bought any more, and why."""

    price: Price
    words: str


@dataclass(frozen=True)
class Quote:
    """What is to be paid. `taxes` is None until it is known where the goods go."""

    currency: str
    lines: list[QuoteLine] = field(default_factory=list)
    shipping: int = 0
    taxes: list[TaxAmount] | None = None
    coupon: Coupon | None = None
    coupon_refusal: str = ""
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def subtotal(self) -> int:
        return sum(line.gross for line in self.lines)

    @property
    def discount(self) -> int:
        return sum(line.discount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(tax.amount for tax in self.taxes or ())

    @property
    def total(self) -> int:
        return self.subtotal - self.discount + self.shipping + self.tax

    @property
    def ships(self) -> bool:
        """Something of it goes into a box."""
        return any(line.product.kind == ProductKind.GOODS for line in self.lines)

    @property
    def version(self) -> str:
        """Whoever agreed to this agreed to these lines and these sums: any change gives another version."""
        seen = [
            self.currency,
            [[line.price.pk, line.quantity, line.unit_amount, line.discount] for line in self.lines],
            [[tax.name, tax.rate_ppm, tax.amount] for tax in self.taxes or ()],
            [self.shipping, self.total],
        ]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]


def priced(
    basket: Basket, *, customer: Customer | None, now: datetime, ship_to: Mapping[str, str] | None = None
) -> Quote:
    """Lines, discount, shipping, taxes and totals at the server's prices.

    Without `ship_to` the customer's own address counts; without that either, taxes are not known yet.
    """
    current = _current_prices(basket)
    refusals, lines = [], []
    for choice in basket.choices:
        price = current.get(choice.price.pk)
        words = _why_not(choice, price, basket.currency)
        if price is None or words:
            refusals.append(Refusal(choice.price, words))
        else:
            lines.append(QuoteLine(price, choice.quantity, choice.seen_amount, choice.price.pk))
    offered = [coupon_terms.Offered(line.price.product_id, line.gross) for line in lines]
    why = ""
    if basket.coupon and offered:
        why = coupon_terms.refusal(basket.coupon, customer=customer, lines=offered, currency=basket.currency, now=now)
    off = coupon_terms.discount(basket.coupon, offered) if basket.coupon and not why else [0] * len(lines)
    lines = [replace(line, discount=part) for line, part in zip(lines, off, strict=True)]
    seller = Seller.objects.filter(pk=1).first()
    shipping = _shipping(lines, seller)
    known = _taxed(lines, shipping, customer=customer, ship_to=ship_to or address_of(customer), on=_day_of(seller, now))
    return Quote(
        currency=basket.currency,
        lines=known[0],
        shipping=shipping,
        taxes=known[1],
        coupon=basket.coupon if sum(off) else None,
        coupon_refusal=why,
        refusals=refusals,
    )


def address_of(customer: Customer | None) -> dict[str, str]:
    """Where a customer is, in the shape of `Order.ship_to`; empty for somebody without an address."""
    if customer is None or not customer.line1:
        return {}
    names = ("name", "line1", "line2", "city", "region", "postal_code", "country")
    return {name: getattr(customer, name) for name in names}


def detail_of(price: Price) -> str:
    """For how many displays, and how often it is paid."""
    size = f"up to {price.displays} display{'' if price.displays == 1 else 's'}" if price.displays else ""
    often = "" if price.period == Period.ONCE else f"paid {price.get_period_display().lower()}"
    return ", ".join(part for part in (size, often) if part)


def _current_prices(basket: Basket) -> dict[int, Price]:
    """For each chosen price the one that holds now: itself, or what replaced it for the same size and period."""
    found = {choice.price.pk: choice.price for choice in basket.choices if choice.price.withdrawn_at is None}
    gone = [choice.price for choice in basket.choices if choice.price.withdrawn_at is not None]
    if gone:
        rows = Price.objects.filter(product__in={price.product_id for price in gone}, withdrawn_at__isnull=True)
        by_size = {_size(price): price for price in rows.select_related("product")}
        found |= {price.pk: by_size[_size(price)] for price in gone if _size(price) in by_size}
    return found


def _size(price: Price) -> tuple:
    return price.product_id, price.period, price.currency, price.displays


def _why_not(choice: Choice, price: Price | None, currency: str) -> str:
    name = choice.price.product.name
    if choice.price.product.state != ProductState.PUBLISHED:
        return f"{name} is no longer sold. Take it out to go on."
    if price is None:
        return f"{name} is no longer sold in this size and period. Take it out, or choose another one on its page."
    if price.currency != currency:
        return f"{name} is priced in {price.currency}, and this cart in {currency}. Take it out to go on."
    return ""


def _shipping(lines: list[QuoteLine], seller: Seller | None) -> int:
    """A fixed sum where something goes into a box."""
    return seller.shipping_amount if seller and any(_is_goods(line) for line in lines) else 0


def _day_of(seller: Seller | None, now: datetime) -> date:
    """The day in the seller's books."""
    return now.astimezone(ZoneInfo(seller.time_zone if seller else "UTC")).date()


def _taxed(
    lines: list[QuoteLine],
    shipping: int,
    *,
    customer: Customer | None,
    ship_to: Mapping[str, str],
    on: date,
) -> tuple[list[QuoteLine], list[TaxAmount] | None]:
    """Each line with its tax, and each tax over all lines. Shipping is taxed as the goods that it brings are."""
    if not ship_to.get("country"):
        return lines, None
    rates = taxes.rates_for(customer=customer, ship_to=ship_to, on=on)
    taxable = [line.amount if line.product.is_taxable else 0 for line in lines]
    freight = shipping if any(line.product.is_taxable for line in lines if _is_goods(line)) else 0
    found, on_lines = [], [0] * len(lines)
    for rate in rates:
        parts = [0 if rate.exemption else money.share(base, rate.rate_ppm) for base in [*taxable, freight]]
        on_lines = [sum(pair) for pair in zip(on_lines, parts[:-1], strict=True)]
        found.append(TaxAmount(rate.name, rate.rate_ppm, sum(taxable) + freight, sum(parts), rate.exemption))
    return [replace(line, tax=tax) for line, tax in zip(lines, on_lines, strict=True)], found


def _is_goods(line: QuoteLine) -> bool:
    return line.product.kind == ProductKind.GOODS
