"""Put things into a cart, change them, take them out. A cart holds choices; what they cost is read elsewhere (S30)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import Person
from billing import coupon_terms
from billing.baskets import hash_of, open_carts
from billing.choices import ProductState
from billing.models import Cart, CartLine, Price
from billing.models.carts import MOST_OF_ONE
from billing.refusals import Refused

MOST_LINES = 50
# A cart of a browser lives as long as its cookie, one of a person a year; what was ordered stands in the order.
KEEP_NOBODYS = timedelta(days=60)
KEEP_SOMEBODYS = timedelta(days=365)
TIDIED_AT_ONCE = 1000


class CannotChangeCart(Refused):
    """The cart stays as it is."""


class StaleCart(Refused):
    """The cart was changed since the page was shown."""


@dataclass(frozen=True)
class Visitor:
    """Whose cart it is: somebody signed in, a browser that holds `key`, or both."""

    person: Person | None
    key: str
    is_new: bool = False  # the key was made for this request: there cannot be a cart yet

    @classmethod
    def new_key(cls) -> str:
        """For a browser that has none."""
        return secrets.token_urlsafe(32)


def put_in(*, visitor: Visitor, price_id: int, quantity: int, now: datetime, had: int | None = None) -> CartLine:
    """Put so many of a price into the cart. Raises CannotChangeCart.

    `had` is how many stood there when the page was shown. With it the same click sent twice is one: where the cart
    holds `had + quantity` already, nothing happens.
    """
    with transaction.atomic():
        price = _price_for_sale(price_id)
        cart = _own_cart(visitor, now=now, currency=price.currency)
        line = cart.lines.filter(price=price).first()
        stands = line.quantity if line else 0
        if line and had is not None and had != stands and stands == had + quantity:
            return line
        _within_bounds(stands + quantity)
        if line is None:
            if cart.lines.count() >= MOST_LINES:
                raise CannotChangeCart(f"A cart holds {MOST_LINES} different things. Order these first.")
            line = CartLine(cart=cart, price=price, seen_amount=price.amount)
        line.quantity = stands + quantity
        line.save()
        _changed(cart, now)
    return line


def set_quantity(*, visitor: Visitor, price_id: int, quantity: int, version: int, now: datetime) -> None:
    """So many of it, from now on; 0 takes it out. Raises StaleCart, CannotChangeCart."""
    with transaction.atomic():
        cart = _seen_cart(visitor, version, now)
        line = cart.lines.filter(price_id=price_id).first()
        if line is None:
            raise StaleCart("That was taken out of the cart in another window. This is how it stands now.")
        if quantity == 0:
            line.delete()
        else:
            _within_bounds(quantity)
            line.quantity = quantity
            line.save(update_fields=["quantity"])
        _changed(cart, now)


def use_coupon(*, visitor: Visitor, code: str, now: datetime) -> None:
    """Remember a coupon; whether it works is looked at whenever the cart is priced. Raises CannotChangeCart."""
    coupon = coupon_terms.find(code)
    if coupon is None:
        raise CannotChangeCart("We know no coupon of that name. Look at the letters and try again.")
    with transaction.atomic():
        cart = _own_cart(visitor, now=now)
        if cart.coupon_id != coupon.pk:
            cart.coupon = coupon
            _changed(cart, now)


def drop_coupon(*, visitor: Visitor, now: datetime) -> None:
    """Buy without the coupon."""
    with transaction.atomic():
        cart = claim(visitor=visitor, now=now)
        if cart is not None and cart.coupon_id is not None:
            cart.coupon = None
            _changed(cart, now)


def accept_prices(*, visitor: Visitor, now: datetime) -> None:
    """ "I have seen the new prices": lines go over to the prices of now."""
    with transaction.atomic():
        cart = claim(visitor=visitor, now=now)
        if cart is None:
            return
        for line in cart.lines.select_related("price").filter(price__withdrawn_at__isnull=False):
            _go_over(cart, line)
        _changed(cart, now)


def claim(*, visitor: Visitor, now: datetime) -> Cart | None:
    """The person's one open cart, locked until the transaction ends, with what their browser brought; None: no cart.

    Belongs inside a transaction. A cart that belongs to somebody is reached by signing in and no longer by a browser.
    """
    try:
        with transaction.atomic():
            return _claimed(visitor, now)
    except IntegrityError:  # their cart was begun in another window between looking and locking
        return _claimed(visitor, now)


def _claimed(visitor: Visitor, now: datetime) -> Cart | None:
    keys = [cart.pk for cart in open_carts(person=visitor.person, key=visitor.key)]
    rows = Cart.objects.select_for_update(of=("self",)).filter(pk__in=keys, ordered_at__isnull=True)
    locked = sorted(rows.order_by("pk"), key=lambda cart: (cart.person_id is None, cart.pk))
    if not locked:
        return None
    first, *others = locked
    if visitor.person and first.person_id is None:
        first.person, first.key_hash = visitor.person, hash_of(Visitor.new_key())
        first.save(update_fields=["person", "key_hash"])
    for other in others:
        _pour(other, into=first, now=now)
    return first


def _pour(cart: Cart, *, into: Cart, now: datetime) -> None:
    """Two carts become one, in the way in which `baskets.basket_in` shows them as one."""
    held = {line.price_id: line for line in into.lines.all()}
    for line in cart.lines.all():
        known = held.get(line.price_id)
        if known is None:
            line.cart = into
            line.save(update_fields=["cart"])
        elif known.quantity < line.quantity:
            known.quantity = line.quantity
            known.save(update_fields=["quantity"])
    into.coupon_id = into.coupon_id or cart.coupon_id
    into.po_number = into.po_number or cart.po_number
    into.version += cart.version
    into.updated_at = now
    into.save(update_fields=["coupon", "po_number", "version", "updated_at"])
    cart.delete()


def _own_cart(visitor: Visitor, *, now: datetime, currency: str = "USD") -> Cart:
    """The visitor's cart, locked; made when there is none."""
    cart = claim(visitor=visitor, now=now)
    if cart is None:
        try:
            with transaction.atomic():
                key = Visitor.new_key() if visitor.person else visitor.key
                Cart.objects.create(
                    key_hash=hash_of(key), person=visitor.person, currency=currency, created_at=now, updated_at=now
                )
        except IntegrityError:
            pass  # another window of the same visitor made one at the same moment
        cart = claim(visitor=visitor, now=now)
    if cart is None:
        raise CannotChangeCart("This cart was ordered a moment ago. Put it in again to order more.")
    return cart


def _seen_cart(visitor: Visitor, version: int, now: datetime) -> Cart:
    cart = claim(visitor=visitor, now=now)
    if cart is None:
        raise StaleCart("This cart was ordered or emptied in another window.")
    if cart.version != version:
        raise StaleCart("The cart was changed in another window. This is how it stands now; nothing is lost.")
    return cart


def _price_for_sale(price_id: int) -> Price:
    price = Price.objects.select_related("product").filter(pk=price_id).first()
    if price is None or price.product.state != ProductState.PUBLISHED:
        raise CannotChangeCart("This is not sold. Look into the store for what is.")
    if price.withdrawn_at is not None:
        raise CannotChangeCart(f"The price of {price.product.name} has changed. Look at its page and choose again.")
    return price


def _within_bounds(quantity: int) -> None:
    if not 1 <= quantity <= MOST_OF_ONE:
        raise CannotChangeCart(f"Enter a number from 1 to {MOST_OF_ONE}. For more, ask a person: we make you an offer.")


def _go_over(cart: Cart, line: CartLine) -> None:
    old = line.price
    new = Price.objects.filter(
        product=old.product_id, period=old.period, currency=old.currency, displays=old.displays,
        withdrawn_at__isnull=True,
    ).first()  # fmt: skip
    if new is None:
        return
    same = cart.lines.filter(price=new).first()
    if same:
        same.quantity = max(same.quantity, line.quantity)
        same.save(update_fields=["quantity"])
        line.delete()
    else:
        line.price, line.seen_amount = new, new.amount
        line.save(update_fields=["price", "seen_amount"])


def _changed(cart: Cart, now: datetime) -> None:
    cart.version += 1
    cart.updated_at = now
    cart.save(update_fields=["version", "updated_at", "coupon"])


def close(*, cart: Cart, now: datetime) -> None:
    """The cart was ordered: it stays as a record, and its browser may begin another."""
    cart.ordered_at, cart.updated_at, cart.key_hash = now, now, hash_of(Visitor.new_key())
    cart.save(update_fields=["ordered_at", "updated_at", "key_hash"])


def tidy(*, now: datetime) -> int:
    """Forget carts that nobody comes back to, at most TIDIED_AT_ONCE; how many. Safe beside anything and itself."""
    nobodys = Q(person__isnull=True) | Q(ordered_at__isnull=False)
    old = (nobodys & Q(updated_at__lt=now - KEEP_NOBODYS)) | Q(updated_at__lt=now - KEEP_SOMEBODYS)
    with transaction.atomic():
        rows = Cart.objects.select_for_update(skip_locked=True, of=("self",)).filter(old).order_by("updated_at")
        keys = list(rows.values_list("pk", flat=True)[:TIDIED_AT_ONCE])
        Cart.objects.filter(pk__in=keys).delete()
    return len(keys)
