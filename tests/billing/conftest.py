"""The sandbox of payments, with its posts made when a test asks for them."""

import os

import pytest

from billing.choices import Period
from billing.models import Invoice
from tests.billing.money import make_open_invoice, pay_with
from tests.factories.billing import make_goods, make_plan, make_seller
from tests.selfservice.shop import order as place_order
from tests.selfservice.shop import put


@pytest.fixture
def invoice(db) -> Invoice:
    """$1,284.00, open."""
    return make_open_invoice()


@pytest.fixture
def ordered(client, stranger) -> Invoice:
    """A plan by the month and a kit that ships, ordered in the store and paid with a card."""
    make_seller(time_zone="UTC")
    client.force_login(stranger)
    put(client, make_plan(name="Classroom software").prices.get(period=Period.MONTHLY))
    put(client, make_goods())
    place_order(client, method="card")
    pay_with(Invoice.objects.get())
    return Invoice.objects.select_related("customer__person", "order").get()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests at Stripe itself take part only where there is a key for them; else they are left out, not skipped."""
    if os.environ.get("STRIPE_TEST_SECRET_KEY"):
        return
    left_out = [item for item in items if item.get_closest_marker("stripe_live")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
