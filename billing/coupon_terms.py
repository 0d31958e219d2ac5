"""Whether a coupon works for a cart, and what it takes off. Reads only: `actions.coupons` redeems."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from billing.choices import CouponUse, OrderState
from billing.models import Coupon, CouponGrant, Customer, Order, Redemption
from supportdesk.lib import money


@dataclass(frozen=True)
class Offered:
    """A line as a coupon sees it: which product, and what it comes to in minor units."""

    product_id: int
    gross: int


CODE = re.compile(r"[A-Z0-9-]{1,40}")


def is_code(text: str) -> bool:
    """Whether `text` can be the code of a coupon."""
    return CODE.fullmatch(text) is not None


def find(code: str) -> Coupon | None:
    """The coupon of that name, however it was typed."""
    bare = "".join(code.split()).upper()
    return Coupon.objects.filter(code=bare).first() if is_code(bare) else None


def refusal(
    coupon: Coupon, *, customer: Customer | None, lines: Sequence[Offered], currency: str, now: datetime
) -> str:
    """Why it does not work here and now, as a sentence; "" when it does.

    Nobody knows yet who a visitor is: what depends on the customer is looked at when they have signed in.
    """
    return (
        _by_itself(coupon, currency, now)
        or _by_cart(coupon, lines, currency)
        or (_by_customer(coupon, customer) if customer else "")
    )


def refusal_to_give(coupon: Coupon, customer: Customer, now: datetime) -> str:
    """Why it would be no use to `customer`, whatever their cart; "" when it would."""
    return _by_itself(coupon, customer.currency, now) or _by_customer(coupon, customer)


def discount(coupon: Coupon, lines: Sequence[Offered]) -> list[int]:
    """What it takes off each line: never more than they cost, and in parts that sum to it exactly (B10)."""
    weights = [line.gross if worth else 0 for line, worth in zip(lines, _applies(coupon, lines), strict=True)]
    base = sum(weights)
    off = coupon.amount_off or money.share(base, coupon.percent_off * 10_000)
    return money.split(min(off, base), weights)


def _by_itself(coupon: Coupon, currency: str, now: datetime) -> str:
    if not coupon.is_active:
        return f"The coupon {coupon.code} is no longer used."
    if coupon.starts_at > now:
        return f"The coupon {coupon.code} works from {_day(coupon.starts_at)} on."
    if coupon.ends_at and coupon.ends_at <= now:
        return f"The coupon {coupon.code} ended on {_day(coupon.ends_at)}."
    if coupon.currency != currency:
        return f"The coupon {coupon.code} is for prices in {coupon.currency}."
    most = 1 if coupon.use == CouponUse.SINGLE else coupon.most_uses
    if most is not None and coupon.used >= most:
        return f"The coupon {coupon.code} has been used as often as it works."
    return ""


def _by_cart(coupon: Coupon, lines: Sequence[Offered], currency: str) -> str:
    whole = sum(line.gross for line in lines)
    if lines and not any(_applies(coupon, lines)):
        return f"The coupon {coupon.code} is for other products than those in the cart."
    if whole < coupon.minimum:
        return (
            f"The coupon {coupon.code} works from {money.shown(coupon.minimum, currency)} on; "
            f"the cart comes to {money.shown(whole, currency)}."
        )
    return ""


def _by_customer(coupon: Coupon, customer: Customer) -> str:
    if coupon.is_personal and not CouponGrant.objects.filter(coupon=coupon, customer=customer).exists():
        return f"The coupon {coupon.code} was given to somebody else."
    if coupon.use == CouponUse.ONCE_A_CUSTOMER and Redemption.objects.filter(coupon=coupon, once_key=customer.pk):
        return f"You have used the coupon {coupon.code} already."
    if coupon.is_first_order_only and has_ordered(customer):
        return f"The coupon {coupon.code} is for a first order."
    fallen = CouponGrant.objects.filter(coupon=coupon, customer=customer, fell_back_at__isnull=False)
    if coupon.fallback_minutes and fallen.exists():
        return f"The time of the coupon {coupon.code} is over; you got complimentary help instead."
    return ""


def has_ordered(customer: Customer) -> bool:
    """Whether they ever ordered something that was not cancelled."""
    return Order.objects.filter(customer=customer).exclude(state=OrderState.CANCELLED).exists()


def is_first(order: Order) -> bool:
    """Whether it is the customer's first order that was not cancelled."""
    return (
        not Order.objects.filter(customer=order.customer_id, pk__lt=order.pk)
        .exclude(state=OrderState.CANCELLED)
        .exists()
    )


def _applies(coupon: Coupon, lines: Sequence[Offered]) -> list[bool]:
    # Read once for a coupon object; a page shows one coupon.
    wanted = _products_of(coupon)
    return [not wanted or line.product_id in wanted for line in lines]


def _products_of(coupon: Coupon) -> frozenset[int]:
    known = coupon.__dict__.get("_product_ids")
    if known is None:
        known = frozenset(coupon.products.values_list("pk", flat=True))
        coupon.__dict__["_product_ids"] = known
    return known


def _day(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local.day} {local:%B %Y}"
