"""Customers with a limit, and orders on account, for tests of credit."""

from datetime import datetime, timedelta

from accounts.models import Person
from billing.actions import cart as carts
from billing.models import Customer, Order
from tests.billing.shop_verbs import buy
from tests.factories.billing import NOON, make_customer, make_goods


def buyer(person: Person, state: str = "provisional", limit: int = 50_000, **more) -> Customer:
    """Somebody with a limit."""
    return make_customer(person=person, credit_state=state, credit_limit=limit, **more)


def order(
    person: Person, amount: int = 24_900, *, price=None, code: str = "", now: datetime = NOON, minutes: int = 0
) -> Order:
    """An order on account of one box of that price, or of one `price`, with the coupon `code`."""
    now += timedelta(minutes=minutes)
    wanted = price or make_goods(amount)
    carts.put_in(visitor=carts.Visitor(person, ""), price_id=wanted.pk, quantity=1, now=now)
    if code:
        carts.use_coupon(visitor=carts.Visitor(person, ""), code=code, now=now)
    number = buy(str(person.pk), "on_account", carts.Visitor.new_key(), now)
    return Order.objects.get(number=number)


def holds(one: Order) -> list[str]:
    """Why the boxes of an order wait now."""
    return [hold.reason for box in one.shipments.all() for hold in box.holds.filter(released_at__isnull=True)]
