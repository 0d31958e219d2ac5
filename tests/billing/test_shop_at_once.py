"""Orders, coupons, credit and gifts: twice, at once, killed in the middle, each has one effect."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from accounts.models import JournalEntry
from billing.actions import cart as carts
from billing.actions import coupons, shipments
from billing.choices import CouponUse
from billing.models import Cart, Coupon, HoursEntry, Invoice, Order, Redemption, Shipment, ShipmentHold
from mail.models import OutgoingMail
from tests import nursery
from tests.billing.shop_verbs import act
from tests.factories.accounts import make_person, make_staff
from tests.factories.billing import NOON, make_coupon, make_customer, make_goods, make_seller
from webhooks.models import Event

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "the-key-of-one-checkout-page"


@pytest.fixture(autouse=True)
def seller(transactional_db):
    return make_seller()


def at_once(*calls, now=NOON) -> list[str]:
    """Let several act at the same time, each in a thread with a connection of its own; what they said, sorted."""
    barrier, said = threading.Barrier(len(calls)), []

    def run(call):
        barrier.wait()
        try:
            said.append(act(*call, now=now))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == len(calls)
    return sorted(said)


def killed_at(place: str, *call) -> None:
    """Let a process of its own do this, and die there as by kill -9."""
    database = connection.settings_dict["NAME"]
    process = nursery.start(database, "tests.billing.shop_process", *call, NOW=NOON.isoformat(), FAILPOINT=place)
    _, errors = process.communicate("go\n", timeout=120)
    assert process.returncode == -9, errors


def filled(price, *, code: str = "", **customer):
    """Somebody with an address and one of `price` in the cart."""
    person = make_person()
    make_customer(person=person, **customer)
    visitor = carts.Visitor(person, "")
    carts.put_in(visitor=visitor, price_id=price.pk, quantity=1, now=NOON)
    if code:
        carts.use_coupon(visitor=visitor, code=code, now=NOON)
    return person


@pytest.mark.parametrize(
    ("use", "limit"), [(CouponUse.MULTIPLE, 5), (CouponUse.SINGLE, None), (CouponUse.MULTIPLE, 19)]
)
def test_S32_twenty_checkouts_at_once_never_go_past_a_coupons_limit(use, limit):
    kit = make_goods(24_900)
    make_coupon("LIMITED", use, most_uses=limit)
    people = [filled(kit, code="LIMITED") for _ in range(20)]

    said = at_once(*[("buy", person.pk, "transfer", carts.Visitor.new_key()) for person in people])

    most = limit or 1
    placed = [one for one in said if one.startswith("SO-")]
    assert len(placed) == most
    assert {one for one in said if one not in placed} <= {"CouponGone", "StaleQuote"}
    assert (Coupon.objects.get().used, Redemption.objects.count(), Order.objects.count()) == (most, most, most)
    assert {order.total for order in Order.objects.all()} == {14_900}
    assert Cart.objects.filter(ordered_at__isnull=True).count() == 20 - most
    numbers = sorted(Invoice.objects.values_list("sequence", flat=True))
    assert numbers == list(range(1, most + 1)), "and no number of an invoice is lost"


def test_S32_one_customer_uses_a_coupon_once_from_two_windows():
    kit = make_goods(24_900)
    make_coupon("ONCE", CouponUse.ONCE_A_CUSTOMER)
    person = filled(kit, code="ONCE")

    said = at_once(("buy", person.pk, "transfer", KEY), ("buy", person.pk, "transfer", KEY.upper()))

    assert said[0] == "CannotOrder" and said[1].startswith("SO-")
    assert (Redemption.objects.count(), Order.objects.count()) == (1, 1)


def test_a_double_click_at_once_is_one_order_with_one_of_everything():
    person = filled(make_goods(24_900))

    said = at_once(*[("buy", person.pk, "transfer", KEY)] * 3)

    assert set(said) == {Order.objects.get().number}
    assert (Invoice.objects.count(), Shipment.objects.count(), ShipmentHold.objects.count()) == (1, 1, 1)
    assert JournalEntry.objects.filter(action="billing.place_order").count() == 1
    assert OutgoingMail.objects.filter(to_address=person.email).count() == 1


def test_R27_orders_at_once_share_one_credit_limit():
    """Exposure is summed under the customer's lock: $500 lets two orders of $249 leave, whoever is first."""
    person = filled(make_goods(24_900), credit_state="approved", credit_limit=50_000)
    for number in range(4):
        if number:
            carts.put_in(visitor=carts.Visitor(person, ""), price_id=make_goods(24_900).pk, quantity=1, now=NOON)
        cart = Cart.objects.get(person=person)
        Cart.objects.filter(pk=cart.pk).update(person=None)  # four carts of one customer, ordered at once
    carts_of_theirs = list(Cart.objects.order_by("pk"))
    assert len(carts_of_theirs) == 4

    at_once(*[("order_cart", cart.pk, person.pk, f"{KEY}-{cart.pk}") for cart in carts_of_theirs])

    held = [order.shipments.get().holds.count() for order in Order.objects.order_by("number")]
    assert held == [0, 0, 1, 1]


PLACES = ["written", "issued", "before_commit", "after_commit"]


@pytest.mark.parametrize("place", PLACES)
def test_an_order_killed_in_the_middle_is_whole_or_was_never_there(place):
    person = filled(make_goods(24_900), code=make_coupon("ONCE").code)
    killed_at(f"billing.checkout.{place}", "buy", person.pk, "transfer", KEY)
    there = place == "after_commit"
    assert (Order.objects.count(), Invoice.objects.count(), Coupon.objects.get().used) == (
        (1, 1, 1) if there else (0, 0, 0)
    )

    said = act("buy", person.pk, "transfer", KEY, now=NOON)

    assert said == Order.objects.get().number
    assert (Invoice.objects.get().sequence, Coupon.objects.get().used, Shipment.objects.count()) == (1, 1, 1)
    assert OutgoingMail.objects.filter(to_address=person.email).count() == 1
    assert Event.objects.count() == 0


def test_putting_in_from_two_windows_at_once_makes_one_cart_and_counts_a_click_once():
    person, kit, board = make_person(), make_goods(), make_goods()

    said = at_once(("put_in", person.pk, kit.pk), ("put_in", person.pk, kit.pk), ("put_in", person.pk, board.pk))

    assert said == ["done"] * 3
    assert sorted(Cart.objects.get().lines.values_list("price_id", "quantity")) == [(kit.pk, 1), (board.pk, 1)]


def test_D4_a_gift_is_given_once_by_any_number_of_sweeps():
    admin, person = make_staff("admin"), make_person()
    coupon = make_coupon("WELCOME", is_first_order_only=True, fallback_minutes=120, fallback_after_days=30)
    grant = coupons.grant(coupon=coupon, email=person.email, by=admin, now=NOON)
    late = NOON + timedelta(days=31)

    at_once(("sweep",), ("sweep",), ("fall_back", grant.pk), ("fall_back", grant.pk), now=late)

    assert [entry.minutes for entry in HoursEntry.objects.all()] == [120]
    assert OutgoingMail.objects.filter(subject__startswith="2 hours of help").count() == 1


def test_D4_a_gift_and_an_order_with_the_coupon_at_once_are_one_of_the_two():
    admin = make_staff("admin")
    coupon = make_coupon("WELCOME", is_first_order_only=True, fallback_minutes=120, fallback_after_days=30)
    for _ in range(3):
        person = filled(make_goods(24_900), code="WELCOME")
        grant = coupons.grant(coupon=coupon, email=person.email, by=admin, now=NOON)

        at_once(("buy", person.pk, "transfer", f"{KEY}-{person.pk}"), ("fall_back", grant.pk))

        grant.refresh_from_db()
        used = Redemption.objects.filter(customer=person.customer).count()
        given = HoursEntry.objects.filter(customer=person.customer).count()
        assert (used, given) in ((1, 0), (0, 1))
        assert (bool(grant.redeemed_at), bool(grant.fell_back_at)) == (bool(used), bool(given))


def test_two_people_packing_one_box_pack_it_once(agent, lead):
    person = filled(make_goods(24_900))
    at_once(("buy", person.pk, "transfer", KEY))
    box = Shipment.objects.get()

    said = at_once(("pack", agent.pk, box.pk), ("pack", lead.pk, box.pk))

    assert said == ["CannotMove", "held"]
    assert JournalEntry.objects.filter(action="billing.pack").count() == 1
    assert shipments.is_held(box)
