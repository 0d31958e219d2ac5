"""Coupons: what they take off, when they do not work, and that no race goes past a limit (S32, D4)."""

from datetime import timedelta

import pytest

from billing import pricing
from billing.actions import cart as carts
from billing.actions import checkout, coupons, hours, orders, pay
from billing.baskets import basket_of
from billing.choices import CouponUse, PaymentMethod
from billing.models import Coupon, CouponGrant, Customer, HoursEntry, Order, Redemption
from mail.models import OutgoingMail
from supportdesk.lib import money
from tests.billing.money import pay_with, queue, work
from tests.factories.accounts import make_person
from tests.factories.billing import NOON, OHIO, make_coupon, make_customer, make_goods, make_seller
from timers.actions.sweep import sweep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seller(db):
    return make_seller()


def quoted(person, *prices, code="", now=NOON):
    """The quote of a cart with these prices, one of each."""
    visitor = carts.Visitor(person, "")
    for price in prices:
        carts.put_in(visitor=visitor, price_id=price.pk, quantity=1, now=now)
    if code:
        carts.use_coupon(visitor=visitor, code=code, now=now)
    customer = Customer.objects.filter(person=person).first()
    return pricing.priced(basket_of(person=person, key=""), customer=customer, ship_to=OHIO, now=now)


def buy(person, *prices, code="", now=NOON, method=PaymentMethod.TRANSFER) -> Order:
    """An order of one of each."""
    quote = quoted(person, *prices, code=code, now=now)
    wish = checkout.Wish(method=method, ship_to=OHIO)
    return checkout.check_out(
        visitor=carts.Visitor(person, ""), by=person, organisation=None, wish=wish, key=carts.Visitor.new_key(),
        version=quote.version, now=now,
    )  # fmt: skip


def paid(order: Order, by, now=NOON) -> Order:
    pay.record_transfer(invoice=order.invoice, amount=order.total, reference=order.number, by=by, now=now)
    return order


def test_a_discount_is_split_over_lines_to_the_cent():
    """Largest remainder: $100 over three lines of $33.34, $33.33 and $100.01."""
    person, prices = make_person(), [make_goods(3_334), make_goods(3_333), make_goods(10_001)]
    make_coupon("HUNDRED")

    quote = quoted(person, *prices, code="hundred")

    parts = [line.discount for line in quote.lines]
    assert sum(parts) == 10_000 == quote.discount
    assert parts == money.split(10_000, [3_334, 3_333, 10_001])
    assert quote.total == 6_668


def test_a_discount_is_never_more_than_the_price():
    order = buy(make_person(), make_goods(4_000), code=make_coupon("HUNDRED").code)

    assert (order.discount, order.total, order.invoice.state) == (4_000, 0, "paid")
    assert Redemption.objects.get().amount == 4_000
    assert not order.shipments.get().holds.exists()


def test_a_share_and_only_some_products():
    person, kit, board = make_person(), make_goods(24_999), make_goods(6_400)
    make_coupon("SPARES", percent_off=15, products=[board.product])

    quote = quoted(person, kit, board, code="SPARES")

    assert [line.discount for line in quote.lines] == [0, 960]


TERMS = {
    "is no longer used": {"is_active": False},
    "works from": {"starts_at": NOON + timedelta(days=1)},
    "ended on": {"ends_at": NOON - timedelta(seconds=1)},
    "is for prices in CAD": {"currency": "CAD"},
    "has been used as often as it works": {"most_uses": 3, "used": 3},
    "works from $500.00 on; the cart comes to $249.00": {"minimum": 50_000},
}


@pytest.mark.parametrize("words", TERMS)
def test_a_coupon_that_does_not_work_says_why_and_takes_nothing_off(words):
    person = make_person()
    make_coupon("HUNDRED", CouponUse.MULTIPLE, **TERMS[words])

    quote = quoted(person, make_goods(24_900), code="HUNDRED")

    assert words in quote.coupon_refusal
    assert (quote.discount, quote.coupon) == (0, None)
    order = buy(person)
    assert (order.total, Redemption.objects.count()) == (24_900, 0)


def test_other_products_a_first_order_and_once_for_each_customer():
    person, kit = make_person(), make_goods(24_900)
    make_coupon("OTHERS", products=[make_goods().product])
    make_coupon("FIRST", is_first_order_only=True, use=CouponUse.MULTIPLE)
    make_coupon("ONCE", is_first_order_only=False)
    assert "is for other products" in quoted(person, kit, code="OTHERS").coupon_refusal

    buy(person, code="FIRST")
    assert "is for a first order" in quoted(person, kit, code="FIRST").coupon_refusal
    buy(person, code="ONCE")
    assert "You have used the coupon ONCE already" in quoted(person, kit, code="ONCE").coupon_refusal

    assert list(Redemption.objects.order_by("pk").values_list("coupon__code", flat=True)) == ["FIRST", "ONCE"]


def test_a_cancelled_order_gives_its_coupon_back(agent):
    person, kit = make_person(), make_goods(24_900)
    make_coupon("ONCE", is_first_order_only=True)
    order = buy(person, kit, code="ONCE")

    orders.cancel(order=order, reason="Ordered twice", by=agent, now=NOON)

    assert Coupon.objects.get().used == 0
    order.invoice.refresh_from_db()
    assert (order.invoice.state, order.shipments.get().state) == ("void", "cancelled")
    assert buy(person, kit, code="ONCE").discount == 10_000


# D4: the $119 package, the $100 coupon, six hours, and two more for whoever did not use it.


@pytest.fixture
def package(admin):
    price = make_goods(11_900, kind="hours", name="Six hours of help")
    coupon = make_coupon("WELCOME100", is_first_order_only=True, fallback_minutes=120, fallback_after_days=30)
    return price, coupon


def minutes(person) -> list[tuple[str, int]]:
    return list(HoursEntry.objects.filter(customer__person=person).order_by("pk").values_list("reason", "minutes"))


def test_D4_R53_with_the_coupon_the_package_costs_19_dollars_and_brings_no_gift(package, admin):
    price, coupon = package
    person = make_person()
    coupons.grant(coupon=coupon, email=person.email, by=admin, now=NOON)

    order = paid(buy(person, price, code="WELCOME100"), admin)
    sweep(now=NOON + timedelta(days=60))

    assert (order.total, minutes(person)) == (1_900, [("purchase", 360)])
    assert CouponGrant.objects.get().redeemed_at == NOON


def test_D4_R54_without_it_two_hours_more_once_and_not_for_a_second_order(package, admin):
    price, coupon = package
    person = make_person()
    coupons.grant(coupon=coupon, email=person.email, by=admin, now=NOON)
    order = buy(person, price)
    assert order.total == 11_900

    paid(order, admin)
    for _ in range(5):
        orders.invoice_paid(invoice=order.invoice, now=NOON)
    paid(buy(person, price), admin)
    sweep(now=NOON + timedelta(days=60))

    assert minutes(person) == [("purchase", 360), ("complimentary", 120), ("purchase", 360)]
    assert OutgoingMail.objects.filter(subject__startswith="2 hours of help").count() == 1


def test_D4_a_refund_of_the_order_takes_back_what_is_unused_of_the_gift(package, admin):
    price, coupon = package
    person = make_person()
    coupons.grant(coupon=coupon, email=person.email, by=admin, now=NOON)
    order = buy(person, price, method=PaymentMethod.CARD)
    payment = pay_with(order.invoice)
    hours.use(customer=order.customer, minutes=30, key="help-1", words="Set up", by=admin, now=NOON)
    assert hours.balance(order.customer) == 450

    queue(payment, 1_900)
    work()
    assert hours.balance(order.customer) == 450, "a part of the price takes no hours back"
    queue(payment, 10_000)
    work()
    orders.invoice_given_back(invoice=order.invoice, now=NOON)

    assert minutes(person)[-2:] == [("correction", -90), ("correction", -360)]
    assert hours.balance(order.customer) == 0


def test_D4_unused_by_its_date_it_becomes_two_hours_and_a_mail(package, admin):
    _, coupon = package
    person = make_person()
    given = coupons.grant(coupon=coupon, email=person.email, by=admin, now=NOON)
    assert coupons.grant(coupon=coupon, email=person.email, by=admin, now=NOON) == given

    sweep(now=given.fallback_at - timedelta(seconds=1))
    assert minutes(person) == []
    for _ in range(3):
        sweep(now=given.fallback_at)
        coupons.fall_back(grant_id=given.pk, now=given.fallback_at)

    assert minutes(person) == [("complimentary", 120)]
    assert OutgoingMail.objects.filter(to_address=person.email).count() == 2, "given, and fallen back"
    refused = quoted(person, make_goods(24_900), code="WELCOME100", now=given.fallback_at)
    assert "you got complimentary help instead" in refused.coupon_refusal


def test_complimentary_minutes_end_and_bought_ones_stay(package, admin):

    customer = make_customer()
    bought = hours.book(customer=customer, minutes=360, reason="purchase", key="b", words="", now=NOON)
    gift = hours.give(customer=customer, minutes=120, key="g", words="A gift", now=NOON)
    hours.use(customer=customer, minutes=50, key="u", words="Helped", by=admin, now=NOON)

    sweep(now=NOON + timedelta(days=365))
    assert hours.balance(customer) == 430, "the last day counts"
    for _ in range(2):
        sweep(now=NOON + timedelta(days=367))
        hours.expire(entry_id=gift.pk, now=NOON + timedelta(days=367))

    assert bought.expires_on is None
    assert hours.balance(customer) == 360
    with pytest.raises(hours.CannotBook, match="There are 360 minutes left"):
        hours.use(customer=customer, minutes=361, key="v", words="Helped", by=admin, now=NOON)


def test_coupons_are_made_given_and_switched_off_on_the_staff_pages(client, admin):
    client.force_login(admin)
    terms = {
        "code": "welcome-100", "name": "$100 off", "amount_off": "100.00", "use": "once_a_customer",
        "starts_on": "2026-01-01", "ends_on": "2027-12-31", "fallback_minutes": "120", "fallback_after_days": "30",
        "is_first_order_only": "on", "used": "0", "most_uses": "",
    }  # fmt: skip

    assert client.post("/settings/coupons/new/", terms).status_code == 302
    coupon = Coupon.objects.get()
    assert (coupon.code, coupon.amount_off, coupon.is_first_order_only) == ("WELCOME-100", 10_000, True)
    for wrong in (
        {"code": "welcome-100"}, {"code": "é"}, {"percent_off": "5", "code": "B"}, {"amount_off": "", "code": "C"},
        {"code": "D", "ends_on": "2025-01-01"}, {"code": "E", "fallback_after_days": ""}, {"code": "F", "use": "x"},
        {"code": "G", "percent_off": "101", "amount_off": ""}, {"code": "H", "most_uses": "0"}, {"code": "\x00"},
    ):  # fmt: skip
        assert client.post("/settings/coupons/new/", {**terms, **wrong}).status_code == 422, wrong
    person = make_person()
    assert client.post(f"/settings/coupons/{coupon.pk}/give/", {"email": "nobody@x.example"}).status_code == 422
    assert client.post(f"/settings/coupons/{coupon.pk}/give/", {"email": person.email.upper()}).status_code == 302
    assert client.post(f"/settings/coupons/{coupon.pk}/terms/", {**terms, "most_uses": "9"}).status_code == 302
    client.post(f"/settings/coupons/{coupon.pk}/switch/", {"on": "no"})

    coupon.refresh_from_db()
    assert (coupon.most_uses, coupon.is_active, coupon.grants.get().customer.person) == (9, False, person)
    assert person.email in OutgoingMail.objects.get().to_address
    assert client.get(f"/settings/coupons/{coupon.pk}/").status_code == 200
