"""From a cart to an order with its invoice, in one transaction: once, at the server's prices, within limits."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db import transaction

from accounts import journal
from accounts.models import Organisation, Person
from billing import announce, credit, exemptions, webhook_payloads
from billing.actions import cart as carts
from billing.actions import credit_requests, customers, issue, numbering, shipments, subscriptions
from billing.actions.coupons import redeem
from billing.baskets import basket_in
from billing.choices import HoldReason, PaymentMethod, Series
from billing.models import Cart, Customer, Order, OrderLine
from billing.pricing import Quote, priced
from billing.refusals import Refused
from supportdesk.lib import money
from supportdesk.lib.failpoints import failpoint

KEY = re.compile(r"[A-Za-z0-9_-]{20,64}")


class CannotOrder(Refused):
    """Nothing was ordered; the sentence says what to change."""


class NeedsPurchaseOrder(CannotOrder):
    """The customer's own rule: no order without a number of theirs."""


class StaleQuote(Refused):
    """The sum is another one than the person agreed to. `quote` is the sum of now."""

    def __init__(self, words: str, quote: Quote) -> None:
        super().__init__(words)
        self.quote = quote


@dataclass(frozen=True)
class Wish:
    """What a checkout page sends: how it is paid, where it goes, whom the invoice reaches."""

    method: PaymentMethod
    ship_to: Mapping[str, str]
    po_number: str = ""
    invoice_emails: Sequence[str] = field(default_factory=tuple)


def check_out(
    *,
    visitor: carts.Visitor,
    by: Person,
    organisation: Organisation | None,
    wish: Wish,
    key: str,
    version: str,
    now: datetime,
) -> Order:
    """Order what lies in the visitor's cart. `version` is that of the quote which the person saw.

    Sent twice with one `key`, it is ordered once and the same order is answered. Raises CannotOrder, StaleQuote,
    CouponGone; then nothing has changed.
    """
    with transaction.atomic():
        cart = carts.claim(visitor=visitor, now=now)
        customer = customers.customer_of(person=by, organisation=organisation, now=now)
        if cart is None:
            return _ordered_before(key, customer)
        order = place_order(
            cart=cart, key=key, customer=customer, method=wish.method, version=version, by=by, now=now,
            po_number=wish.po_number, ship_to=wish.ship_to, invoice_emails=wish.invoice_emails,
        )  # fmt: skip
    failpoint("billing.checkout.after_commit")
    return order


def place_order(
    *,
    cart: Cart,
    key: str,
    customer: Customer,
    method: PaymentMethod,
    version: str,
    by: Person | None,
    now: datetime,
    ship_to: Mapping[str, str],
    po_number: str = "",
    invoice_emails: Sequence[str] = (),
) -> Order:
    """The order of a cart, with its lines, shipments, coupon and invoice. Raises as `check_out` does."""
    if not KEY.fullmatch(key):
        raise CannotOrder("This page is not complete. Open the checkout again from the cart.")
    with transaction.atomic():
        cart = Cart.objects.select_for_update(of=("self",)).select_related("coupon").get(pk=cart.pk)
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
        if cart.ordered_at is not None or Order.objects.filter(key=key).exists():
            return _ordered_before(key, customer)
        quote = _agreed(cart, customer, ship_to, version, now)
        _check_terms(customer, method, po_number)
        customers.keep_address(customer=customer, address=ship_to)
        customers.add_recipients(customer=customer, emails=invoice_emails, by=by, now=now)
        is_held = method == PaymentMethod.ON_ACCOUNT and not credit.has_room(customer, quote.total)
        order = _write(quote, customer, method, by, now, key=key, po_number=po_number, ship_to=ship_to)
        failpoint("billing.checkout.written")
        if quote.coupon:
            redeem(coupon=quote.coupon, customer=customer, order=order, amount=quote.discount, now=now)
        if quote.ships:
            is_unchecked = exemptions.waits_for_check(order)
            holds = _holds(method, is_held, quote) + [HoldReason.TAX] * is_unchecked
            shipments.prepare(order=order, holds=holds, now=now)
        carts.close(cart=cart, now=now)
        invoice = issue.issue_for_order(order=order, by=by, now=now)
        if is_held:
            credit_requests.order_over_limit(order=order, now=now)
        elif method == PaymentMethod.ON_ACCOUNT:
            subscriptions.start_for_order(order=order, now=now)
        failpoint("billing.checkout.issued")
        announce.announce(
            type="order.placed", subject_key=f"order:{order.pk}", data=webhook_payloads.order(order, invoice), now=now
        )
        journal.record(by=by, action="billing.place_order", subject=order, data={"total": order.total}, now=now)
        failpoint("billing.checkout.before_commit")
    return order


def _ordered_before(key: str, customer: Customer) -> Order:
    """The order of this very page, sent again; else a sentence, since there is no cart to order."""
    order = Order.objects.filter(key=key, customer=customer).first() if KEY.fullmatch(key) else None
    if order is None:
        raise CannotOrder("There is nothing in the cart any more: it was ordered or emptied in another window.")
    return order


def _agreed(cart: Cart, customer: Customer, ship_to: Mapping[str, str], version: str, now: datetime) -> Quote:
    """The quote of now, if it is the one that the person saw and all of it can be sold."""
    basket = basket_in([cart])
    quote = priced(basket, customer=customer, ship_to=ship_to, now=now)
    if quote.refusals:
        raise CannotOrder(quote.refusals[0].words)
    if not quote.lines:
        raise CannotOrder("The cart is empty.")
    if quote.version != version:
        raise StaleQuote("The sum has changed since you saw it. Nothing was ordered yet.", quote)
    if quote.total > money.MOST:
        raise CannotOrder(
            f"One order comes to {money.shown(money.MOST, quote.currency)} at most. Split it, or ask a person."
        )
    return quote


def _check_terms(customer: Customer, method: PaymentMethod, po_number: str) -> None:
    if method == PaymentMethod.ON_ACCOUNT and not credit.may_buy_on_account(customer):
        raise CannotOrder("You cannot buy on account yet. Choose card or bank transfer, or ask a person about credit.")
    if customer.is_po_required and not po_number:
        raise NeedsPurchaseOrder(f"{customer.name} orders with a purchase order number. Enter yours.")


def _holds(method: PaymentMethod, is_held: bool, quote: Quote) -> list[HoldReason]:
    if method == PaymentMethod.ON_ACCOUNT:
        return [HoldReason.CREDIT] if is_held else []
    return [HoldReason.UNPAID] if quote.total else []


def _write(
    quote: Quote,
    customer: Customer,
    method: PaymentMethod,
    by: Person | None,
    now: datetime,
    *,
    key: str,
    po_number: str,
    ship_to: Mapping[str, str],
) -> Order:
    order = Order.objects.create(
        number=str(numbering.next_number(series=Series.ORDER, on=now)),
        key=key,
        customer=customer,
        placed_by=by,
        placed_at=now,
        method=method,
        currency=quote.currency,
        subtotal=quote.subtotal,
        discount=quote.discount,
        shipping=quote.shipping,
        tax=quote.tax,
        total=quote.total,
        coupon=quote.coupon,
        po_number=po_number,
        taxes=[asdict(tax) for tax in quote.taxes or ()],
        ship_to=dict(ship_to),
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order, position=position, product=line.product, price=line.price, name=line.product.name,
            detail=line.detail, period=line.price.period, displays=line.price.displays, minutes=line.product.minutes,
            quantity=line.quantity, unit_amount=line.unit_amount, discount=line.discount, tax=line.tax,
            amount=line.amount,
        )
        for position, line in enumerate(quote.lines, 1)
    )  # fmt: skip
    return order
