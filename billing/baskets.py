"""What somebody has chosen so far. Reads only: `actions.cart` changes it.

A browser that signs in may bring a cart of its own beside the one its person left before. Until somebody changes
something, the two are shown as one; the next change makes them one.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from accounts.models import Person
from billing.models import Cart, CartLine, Coupon, Price


@dataclass(frozen=True)
class Choice:
    """So many of one price, and what it cost when it was put in."""

    price: Price
    quantity: int
    seen_amount: int


@dataclass(frozen=True)
class Basket:
    """Choices in the order in which they were made. `version` is that of the page which shows them."""

    choices: list[Choice] = field(default_factory=list)
    coupon: Coupon | None = None
    currency: str = "USD"
    po_number: str = ""
    version: int = 0

    def quantity_of(self, price: Price) -> int:
        """How many of it stand in the basket."""
        return next((choice.quantity for choice in self.choices if choice.price.pk == price.pk), 0)


EMPTY = Basket()


def hash_of(key: str) -> str:
    """What is kept of a browser's key."""
    return hashlib.sha256(key.encode()).hexdigest()


def open_carts(*, person: Person | None, key: str) -> list[Cart]:
    """The person's own cart first, then the one of the browser where it belongs to nobody yet. One query."""
    wanted = Q(key_hash=hash_of(key), person__isnull=True) if key else Q(pk__isnull=True)
    if person:
        wanted |= Q(person=person)
    rows = Cart.objects.filter(wanted, ordered_at__isnull=True).select_related("coupon")
    return sorted(rows, key=lambda cart: (cart.person_id is None, cart.pk))


def basket_of(*, person: Person | None, key: str) -> Basket:
    """What this visitor has chosen. One query for nobody and nothing, two for a cart."""
    if person is None and not key:
        return EMPTY
    return basket_in(open_carts(person=person, key=key))


def basket_in(carts: Iterable[Cart]) -> Basket:
    """Several carts as one: of the same thing in two, the larger number; the first coupon and order number count."""
    carts = list(carts)
    if not carts:
        return EMPTY
    chosen: dict[int, Choice] = {}
    lines = CartLine.objects.filter(cart__in=carts).select_related("price__product__info_article__space").order_by("pk")
    for line in lines:
        known = chosen.get(line.price_id)
        if known is None or known.quantity < line.quantity:
            chosen[line.price_id] = Choice(line.price, line.quantity, known.seen_amount if known else line.seen_amount)
    return Basket(
        choices=list(chosen.values()),
        coupon=next((cart.coupon for cart in carts if cart.coupon), None),
        currency=carts[0].currency,
        po_number=next((cart.po_number for cart in carts if cart.po_number), ""),
        version=sum(cart.version for cart in carts),
    )
