"""The cart: without a login, without script, at the server's prices (S30)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.actions import cart as carts
from billing.actions import catalogue
from billing.choices import Period
from billing.models import Cart, CartLine, Order
from selfservice.views.cart import NEW_CARTS
from supportdesk.lib.client_address import network_of
from supportdesk.lib.throttle import hit
from tests.factories.accounts import make_person, sign_in
from tests.factories.billing import NOON, make_coupon, make_goods, make_plan, make_seller
from tests.selfservice.shop import hidden, order, put

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seller(db):
    return make_seller(shipping_amount=1_800)


def lines() -> list[tuple[int, int]]:
    return list(CartLine.objects.order_by("pk").values_list("price_id", "quantity"))


def test_a_cart_is_filled_changed_and_emptied_without_a_login(client):
    kit, plan = make_goods(24_900, name="Starter robot kit"), make_plan().prices.get(period="yearly")

    assert put(client, kit, 2).status_code == 302
    put(client, plan)
    page = client.get("/cart/")
    text = page.content.decode()
    assert "$498.00" in text and "up to 5 displays, paid yearly" in text and "$756.00" in text
    client.post(f"/cart/lines/{kit.pk}/", {"quantity": "3", "version": hidden(page, "version")})
    page = client.get("/cart/")
    client.post(f"/cart/lines/{plan.pk}/", {"remove": "1", "quantity": "1", "version": hidden(page, "version")})

    assert lines() == [(kit.pk, 3)]
    cookie = client.cookies["cart"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert Cart.objects.get().key_hash != cookie.value


@pytest.mark.parametrize("quantity", ["0", "-1", "1000", "1e9", "1000000000", "9" * 40, "1.5", "", "\x00", "two"])
def test_S30_a_strange_number_is_a_sentence_and_stays_typed(client, quantity):
    kit = make_goods()

    answer = put(client, kit, quantity)

    assert answer.status_code == 422
    assert "Enter a number from 1 to 999" in answer.content.decode()
    assert not CartLine.objects.exists()


@pytest.mark.parametrize("price", ["", "0", "-5", "999999", "9" * 18, "9" * 40, "1 or 1=1", "\x00", "1e3"])
def test_S30_an_unknown_price_is_a_sentence(client, price):
    answer = client.post("/cart/add/", {"price": price, "quantity": "1"})

    assert answer.status_code == 422
    assert not Cart.objects.filter(lines__isnull=False).exists()


def test_S30_S26_what_a_browser_says_about_prices_is_not_read(client, stranger):
    """A price field, a currency, a total, a state: all are sent, none counts."""
    kit = make_goods(24_900)
    forged = {
        "amount": "1",
        "unit_amount": "1",
        "currency": "JPY",
        "total": "1",
        "discount": "24900",
        "seen_amount": "1",
    }

    put(client, kit, **forged, person="1", customer="1", paid="1", is_staff="1", credit_limit="999999")
    sign_in(client, stranger)
    done = order(
        client, **{**forged, "total": "1"}, state="completed", number="SO-1", paid="1", credit_state="approved"
    )

    placed = Order.objects.get()
    assert done.headers["Location"] == f"/orders/{placed.number}/"
    assert (placed.currency, placed.subtotal, placed.discount, placed.total) == ("USD", 24_900, 0, 26_700)
    assert (placed.state, placed.customer.credit_state) == ("placed", "none")


@pytest.mark.parametrize("change", ["withdrawn", "archived"])
def test_S30_what_is_no_longer_sold_is_not_put_in(client, admin, change):
    kit = make_goods()
    if change == "archived":
        catalogue.archive(product=kit.product, by=admin, now=NOON)
    else:
        catalogue.set_prices(product=kit.product, prices={(Period.ONCE, None): 100}, by=admin, now=NOON)

    assert put(client, kit).status_code == 422

    assert not CartLine.objects.exists()


def test_a_price_that_changed_is_said_and_the_new_one_counts(client, admin):
    kit = make_goods(24_900)
    put(client, kit)
    catalogue.set_prices(product=kit.product, prices={(Period.ONCE, None): 26_900}, by=admin, now=NOON)

    page = client.get("/cart/").content.decode()
    assert "A price has changed since you put it in." in page
    assert "Was $249.00" in page and "$269.00" in page
    client.post("/cart/prices/")

    page = client.get("/cart/").content.decode()
    assert "A price has changed" not in page and "$269.00" in page


def test_an_archived_product_in_a_cart_is_named_and_can_be_taken_out(client, admin, stranger):
    kit, other = make_goods(name="Old robot"), make_goods()
    put(client, kit)
    put(client, other)
    catalogue.archive(product=kit.product, by=admin, now=NOON)

    page = client.get("/cart/")
    assert "Old robot is no longer sold." in page.content.decode()
    assert "Go to the checkout" not in page.content.decode()
    client.post(f"/cart/lines/{kit.pk}/", {"remove": "1", "version": hidden(page, "version")})

    assert lines() == [(other.pk, 1)]


def test_a_double_click_puts_in_once_and_two_windows_lose_nothing(client):
    kit = make_goods()
    page = client.get(f"/store/{kit.product.slug}/")
    put(client, kit, 2, had=hidden(page, "had"))

    put(client, kit, 2, had=hidden(page, "had"))
    assert lines() == [(kit.pk, 2)]
    had = hidden(client.get(f"/store/{kit.product.slug}/"), "had")
    put(client, kit, 3, had=had)
    put(client, kit, 3, had=had)

    assert lines() == [(kit.pk, 5)]


def test_S30_a_stale_cart_is_a_sentence_with_what_was_typed(client):
    """Two tabs: the older one sees how it stands, and nothing is lost."""
    kit = make_goods()
    put(client, kit, 2)
    old = client.get("/cart/")
    client.post(f"/cart/lines/{kit.pk}/", {"quantity": "4", "version": hidden(old, "version")})

    answer = client.post(f"/cart/lines/{kit.pk}/", {"quantity": "7", "version": hidden(old, "version")})

    assert answer.status_code == 409
    assert "The cart was changed in another window." in answer.content.decode()
    assert 'value="7"' in answer.content.decode()
    assert lines() == [(kit.pk, 4)]


@pytest.mark.parametrize("version", ["", "-1", "x", "9" * 40, "\x00"])
def test_a_version_that_makes_no_sense_changes_nothing(client, version):
    kit = make_goods()
    put(client, kit, 2)

    assert client.post(f"/cart/lines/{kit.pk}/", {"quantity": "4", "version": version}).status_code in (409, 422)

    assert lines() == [(kit.pk, 2)]


def test_somebody_elses_cart_is_out_of_reach(client, django_client, stranger):
    """Neither a guessed cookie nor one that was left in a shared browser opens a cart of somebody who signed in."""
    kit = make_goods(name="Secret robot")
    put(client, kit)
    key = client.cookies["cart"].value
    sign_in(client, stranger)
    put(client, kit)

    thief = django_client()
    thief.cookies["cart"] = key

    assert "Secret robot" not in thief.get("/cart/").content.decode()
    put(thief, kit, 5)
    assert Cart.objects.get(person=stranger).lines.get().quantity == 2
    assert Cart.objects.get(person=None).lines.get().quantity == 5
    for broken in ("", "x", "a" * 43 + "!", "\x00", "'" * 43):
        thief.cookies["cart"] = broken
        assert thief.get("/cart/").status_code == 200


def test_a_cart_comes_along_when_somebody_signs_in_and_two_become_one(client, django_client, stranger):
    kit, board, plan = make_goods(), make_goods(), make_plan().prices.get(period="monthly")
    elsewhere = django_client()
    sign_in(elsewhere, stranger)
    put(elsewhere, kit, 2)
    put(elsewhere, board, 1)
    put(client, kit, 3)
    put(client, plan)
    coupon = make_coupon("WELCOME")
    client.post("/cart/coupon/", {"code": "welcome"})

    sign_in(client, stranger)
    shown = client.get("/cart/")
    assert Cart.objects.count() == 2, "looking changes nothing"
    assert all(name in shown.content.decode() for name in (kit.product.name, board.product.name, plan.product.name))
    client.post(f"/cart/lines/{board.pk}/", {"quantity": "4", "version": hidden(shown, "version")})

    cart = Cart.objects.get()
    assert sorted(cart.lines.values_list("price_id", "quantity")) == sorted([(kit.pk, 3), (board.pk, 4), (plan.pk, 1)])
    assert (cart.person, cart.coupon) == (stranger, coupon)
    assert elsewhere.get("/cart/").content.decode().count("$") > 3


def test_R23_R36_the_cart_leads_to_the_w8_and_says_what_cards_cost(client):
    put(client, make_goods())

    page = client.get("/cart/").content.decode()

    assert "/w8/?from=cart" in page
    assert "Your bank may add an international fee" in page and "We are a Canadian company" in page
    assert page.index("card-notes") > page.index('value="card" checked')


HOSTILE_CODES = [
    "",
    " ",
    "NOPE",
    "'; DROP TABLE billing_coupon;--",
    "<script>",
    "\x00",
    "é" * 10,
    "A" * 4000,
    "%",
    "ＷＥＬＣＯＭＥ",
]


@pytest.mark.parametrize("code", HOSTILE_CODES)
def test_a_hostile_coupon_code_is_a_sentence(client, code):
    make_coupon("WELCOME")
    put(client, make_goods())

    answer = client.post("/cart/coupon/", {"code": code})

    assert answer.status_code == 422
    assert "<script>" not in answer.content.decode().partition("<main")[2]
    assert Cart.objects.get().coupon is None


def test_guessing_coupon_codes_ends_after_a_while(client):
    put(client, make_goods())
    for _ in range(60):
        assert client.post("/cart/coupon/", {"code": "GUESS"}).status_code == 422

    assert client.post("/cart/coupon/", {"code": "GUESS"}).status_code == 429


@pytest.mark.parametrize("count", [1, 3])
def test_the_store_asks_the_database_little(client, django_assert_num_queries, count):
    """R40: literal, and the same for one thing and for three."""
    goods = [make_goods() for _ in range(count)]
    for price in goods:
        put(client, price)

    with django_assert_num_queries(3):  # the currency, the products, their prices
        client.get("/store/")
    with django_assert_num_queries(5):  # and what the cart holds of it
        client.get(f"/store/{goods[0].product.slug}/")
    with django_assert_num_queries(4):  # the cart, its lines, the seller for the sum, the seller for the notes
        client.get("/cart/")


def test_a_cart_that_nobody_opened_costs_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert client.get("/cart/").status_code == 200
    assert not Cart.objects.exists()


def test_carts_cannot_be_begun_without_end_and_old_ones_are_forgotten(django_client):
    kit = make_goods()
    for _ in range(300):
        Cart.objects.create(key_hash=str(_), created_at=NOON, updated_at=NOON)
        hit(NEW_CARTS, network_of("127.0.0.1"), now=timezone.now())

    refused = put(django_client(), kit)
    assert refused.status_code == 422 and "Many carts were begun from here" in refused.content.decode()
    assert django_client().post("/cart/coupon/", {"code": "X"}).status_code == 422
    assert Cart.objects.count() == 300
    person = Cart.objects.create(key_hash="p", person=make_person(), created_at=NOON, updated_at=NOON)

    assert carts.tidy(now=NOON + timedelta(days=60)) == 0
    assert carts.tidy(now=NOON + timedelta(days=61)) == 300
    assert carts.tidy(now=NOON + timedelta(days=61)) == 0
    assert Cart.objects.get() == person
