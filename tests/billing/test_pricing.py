"""Taxes and sums of a basket: half up on each line, by where it goes, and exactly what the invoice says (B10)."""

from datetime import date, timedelta

import pytest

from billing import pricing
from billing.baskets import Basket, Choice
from billing.models import Order
from tests.billing.shop_verbs import act
from tests.factories.accounts import make_person
from tests.factories.billing import NOON, OHIO, make_customer, make_goods, make_seller, make_tax

pytestmark = pytest.mark.django_db
VANCOUVER = {**OHIO, "region": "BC", "country": "CA", "postal_code": "V5K 0A1"}


@pytest.fixture(autouse=True)
def seller(db):
    return make_seller(shipping_amount=1_000)


def quote(*prices, ship_to=OHIO, now=NOON):
    basket = Basket([Choice(price, 1, price.amount) for price in prices])
    return pricing.priced(basket, customer=None, ship_to=ship_to, now=now)


def test_a_tax_is_rounded_half_up_on_each_line_and_sums_to_its_lines():
    make_tax(50_000)
    asked = quote(make_goods(1_010), make_goods(1_010), make_goods(1_009, kind="training"))

    assert [line.tax for line in asked.lines] == [51, 51, 50]  # 50.5, 50.5, 50.45
    assert [(tax.amount, tax.base) for tax in asked.taxes] == [(51 + 51 + 50 + 50, 3_029 + 1_000)]
    assert asked.total == 3_029 + 1_000 + 202


def test_taxes_of_the_country_and_of_the_region_stand_one_below_the_other():
    make_tax(50_000, "GST", country="CA", region="")
    make_tax(70_000, "PST", country="CA", region="BC")
    make_tax(80_000, "Elsewhere", country="CA", region="QC")

    asked = quote(make_goods(10_000), ship_to=VANCOUVER)

    assert [(tax.name, tax.amount) for tax in asked.taxes] == [("GST", 550), ("PST", 770)]
    assert quote(make_goods(10_000), ship_to={**VANCOUVER, "country": "DE", "region": ""}).taxes == []
    assert quote(make_goods(10_000), ship_to={}).taxes is None


def test_the_rate_of_the_day_counts_in_the_sellers_own_zone():
    make_seller(time_zone="America/Toronto")
    make_tax(50_000, ends_on=date(2026, 12, 31))
    make_tax(60_000, starts_on=date(2027, 1, 1))
    midnight = NOON.replace(month=12, day=31, hour=12) + timedelta(hours=17)  # 05:00 UTC, midnight in Toronto

    rates = [quote(make_goods(10_000), now=at).taxes[0].rate_ppm for at in (midnight - timedelta(seconds=1), midnight)]

    assert rates == [50_000, 60_000]


def test_what_is_not_taxed_brings_no_tax_for_itself_nor_for_its_shipping():
    make_tax(50_000)

    asked = quote(make_goods(10_000, is_taxable=False), make_goods(2_000, kind="training"))

    assert [line.tax for line in asked.lines] == [0, 100]
    assert (asked.taxes[0].base, asked.tax) == (2_000, 100)


def test_the_invoice_says_the_sums_and_taxes_of_the_order_line_by_line():
    make_tax(57_500)
    person = make_person()
    make_customer(person=person)
    for amount in (1_999, 24_900, 777):
        act("put_in", person.pk, make_goods(amount).pk, now=NOON)
    act("buy", person.pk, "transfer", "a-key-of-twenty-signs", now=NOON)

    order = Order.objects.get()
    fields = ("name", "detail", "quantity", "unit_amount", "discount", "tax", "amount")
    assert list(order.lines.order_by("position").values(*fields)) == list(
        order.invoice.lines.order_by("position").values(*fields)
    )
    assert [tax.amount for tax in order.invoice.taxes.all()] == [order.tax]
    sums = ("subtotal", "discount", "shipping", "tax", "total")
    assert [getattr(order, name) for name in sums] == [getattr(order.invoice, name) for name in sums]
