"""A plan and a pack of the store that bring priority, and who bought them."""

from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone

from billing.actions import subscriptions
from billing.choices import Period, ProductKind
from billing.models import OrderLine, Price
from tests.factories.accounts import make_member, make_organisation, make_person
from tests.factories.billing import make_customer, make_goods, make_plan, make_seller
from tests.factories.shop import make_order
from tests.factories.tickets import make_mailbox, make_ticket
from tickets.actions.setup import entitlements
from tickets.models import BusinessCalendar, Entitlement, EntitlementContact, ServiceLevel, ServiceTarget

HOUR = timedelta(hours=1)
_numbers = count(1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def priority_level(db) -> ServiceLevel:
    """First reply within 30 minutes, whatever the priority; open day and night."""
    calendar = BusinessCalendar.objects.create(name="Always")
    for weekday in range(7):
        calendar.intervals.create(weekday=weekday, opens=0, closes=1440)
    level = ServiceLevel.objects.create(name="Priority", calendar=calendar)
    for priority in ("low", "normal", "high", "urgent"):
        ServiceTarget.objects.create(level=level, priority=priority, first_response_minutes=30)
    return level


@pytest.fixture
def plan(admin, priority_level, now):
    """A plan of the store that brings priority while it runs."""
    make_seller(time_zone="UTC")
    product = make_plan(name="Priority support", slug="priority-support")
    entitlements.offer(
        product=product, incidents=None, lasts_days=None, channels=[], level=priority_level, most_contacts=2,
        by=admin, now=now,
    )  # fmt: skip
    return product


@pytest.fixture
def pack(admin, now):
    """A pack of three incidents."""
    make_seller(time_zone="UTC")
    price = make_goods(9_900, ProductKind.SUPPORT, name="Three incidents", slug="three-incidents")
    entitlements.offer(
        product=price.product, incidents=3, lasts_days=365, channels=[], level=None, most_contacts=3, by=admin, now=now
    )
    return price


@pytest.fixture
def lakeview(db):
    """An organisation with two people; who orders is Olga."""
    organisation = make_organisation(name="Lakeview Schools", domain="lakeview.example")
    olga = make_member(organisation=organisation, name="Olga Orders", email="olga@lakeview.example")
    make_member(organisation=organisation, name="Colin Colleague", email="colin@lakeview.example")
    return make_customer(organisation=organisation), olga


def buy(product_price: Price, customer, person, now, *, quantity: int = 1) -> OrderLine:
    """An order of `person` on account, of which the plans start and the packs are paid."""
    order = make_order(customer, f"SO-{next(_numbers)}", placed_by=person)
    product = product_price.product
    return OrderLine.objects.create(
        order=order, position=1, product=product, price=product_price, name=product.name, period=product_price.period,
        quantity=quantity, unit_amount=12_000 // quantity, amount=12_000 // quantity * quantity,
    )  # fmt: skip


def subscribe(product, customer, person, now):
    """The plan of an order, started as a payment starts it."""
    line = buy(product.prices.get(period=Period.MONTHLY), customer, person, now)
    return subscriptions.start_for_order(order=line.order, now=now)[0]


def entitled(person=None, *, organisation=None, now, **fields) -> Entitlement:
    """Priority that was given by hand, with one contact."""
    known = {"name": "Priority by hand", "starts_at": now - 30 * 24 * HOUR, "created_at": now, **fields}
    owner = {"organisation": organisation} if organisation else {"person": person}
    made = Entitlement.objects.create(**owner, **known)
    if person:
        EntitlementContact.objects.create(entitlement=made, person=person, added_at=now)
    return made


@pytest.fixture
def asked(customer, now):
    """A ticket that a customer wrote by mail."""
    make_mailbox()
    return make_ticket(requester=customer, now=now)


def somebody(name: str = "Somebody Else"):
    return make_person(name=name)
