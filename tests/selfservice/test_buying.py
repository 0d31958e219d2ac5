"""From the cart to an order with its invoice, as plain forms: once, at the sum that was agreed to."""

from datetime import timedelta

import pytest

from accounts.models import JournalEntry, Membership
from billing.actions import catalogue, orders, pay, shipments
from billing.choices import CreditState, PaymentMethod, Period, ShipmentState
from billing.models import Cart, Customer, HoursEntry, Invoice, Order, Recipient, Shipment
from mail.models import OutgoingMail
from tests.factories.accounts import make_person, sign_in
from tests.factories.billing import NOON, make_coupon, make_customer, make_goods, make_plan, make_seller, make_tax
from tests.selfservice.shop import agreed, answers, hidden, order, put

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def seller(db):
    return make_seller()


@pytest.fixture
def buyer(client, stranger):
    """Somebody signed in, with a robot for $249.00 in the cart."""
    sign_in(client, stranger)
    put(client, make_goods(24_900, name="Starter robot kit"))
    return stranger


def test_a_robot_is_bought_by_bank_transfer(client, stranger):
    """Product, cart, sign in, checkout, order with invoice: the whole way, the cart filled before signing in."""
    kit = make_goods(24_900, name="Starter robot kit")
    make_tax(57_500)
    assert b"Starter robot kit" in client.get("/store/").content
    assert b"$249.00" in client.get(f"/store/{kit.product.slug}/").content
    assert put(client, kit, 2).headers["Location"] == "/cart/"
    assert b"$498.00" in client.get("/cart/").content
    assert client.get("/checkout/").headers["Location"].startswith("/sign-in/?next=%2Fcheckout%2F")

    sign_in(client, stranger)
    done = order(client, po_number="PO 77", invoice_emails="ap@lakeview.example\nAP@lakeview.example")

    placed, invoice = Order.objects.get(), Invoice.objects.get()
    assert done.headers["Location"] == f"/orders/{placed.number}/"
    assert (placed.subtotal, placed.tax, placed.total) == (49_800, 2_864, 52_664)
    assert (invoice.total, invoice.po_number, invoice.order) == (52_664, "PO 77", placed)
    assert [(tax.name, tax.rate_ppm, tax.amount) for tax in invoice.taxes.all()] == [("Sales tax", 57_500, 2_864)]
    assert (placed.method, placed.customer.person) == (PaymentMethod.TRANSFER, stranger)
    shipment = Shipment.objects.get()
    assert (shipment.state, [hold.reason for hold in shipment.holds.all()]) == (ShipmentState.WAITING, ["unpaid"])
    assert list(Recipient.objects.values_list("email", flat=True)) == ["ap@lakeview.example"]
    assert JournalEntry.objects.filter(action="billing.place_order", by=stranger).count() == 1
    assert Cart.objects.get().ordered_at is not None


def test_U28_the_order_page_says_the_number_and_what_happens_next_and_by_when(client, buyer, django_client):
    order(client)
    placed = Order.objects.get()

    page = client.get(f"/orders/{placed.number}/").content.decode()

    assert placed.number in page and placed.invoice.number in page
    assert "It leaves on the working day on which the invoice is paid." in page
    assert f"{placed.invoice.due_on.day} {placed.invoice.due_on:%B %Y}" in page
    other = django_client()
    sign_in(other, make_person())
    assert other.get(f"/orders/{placed.number}/").status_code == 404
    assert placed.number not in other.get("/orders/").content.decode()
    assert placed.number in client.get("/orders/").content.decode()
    for broken in ("SO-2026-99999", "x" * 300, "%00", "../settings"):
        assert client.get(f"/orders/{broken}/").status_code == 404


def test_a_card_payer_is_led_to_the_pay_form(client, buyer):
    page = client.get(order(client, method="card").headers["Location"]).content.decode()

    assert "Pay $249.00" in page and "card number" in page.lower()


def test_taxes_are_seen_before_anything_is_ordered(client, buyer):
    make_tax(57_500)

    review = client.post("/checkout/", answers(client.get("/checkout/")))

    assert review.status_code == 200
    assert "With shipping and taxes it comes to $263.32." in review.content.decode()
    assert not Order.objects.exists() and not Customer.objects.exists()


def test_a_double_click_is_one_order(client, buyer):
    sent = agreed(client)

    first, second = client.post("/checkout/", sent), client.post("/checkout/", sent)

    assert first.headers["Location"] == second.headers["Location"]
    assert (Order.objects.count(), Invoice.objects.count(), Shipment.objects.count()) == (1, 1, 1)
    again = client.post("/checkout/", {**sent, "key": "another-page-that-was-open"})
    assert again.status_code == 409
    assert "There is nothing in the cart any more" in again.content.decode()
    assert Order.objects.count() == 1


CHANGES = {
    "a price": lambda kit, admin: catalogue.set_prices(
        product=kit.product, prices={(Period.ONCE, None): 26_900}, by=admin, now=NOON
    ),
    "a tax": lambda kit, admin: make_tax(80_321),
    "shipping": lambda kit, admin: make_seller(shipping_amount=2_000),
}


@pytest.mark.parametrize(("change", "now_it_is"), [(change, "$269.00") for change in CHANGES])
def test_S30_a_sum_that_changed_is_not_ordered_and_both_sums_are_said(client, buyer, admin, change, now_it_is):
    sent = agreed(client)
    CHANGES[change](Cart.objects.get().lines.get().price, admin)

    stale = client.post("/checkout/", sent)

    assert stale.status_code == 409
    assert f"The sum has changed from $249.00 to {now_it_is}." in stale.content.decode()
    assert not Order.objects.exists()
    assert client.post("/checkout/", answers(stale)).status_code == 302
    assert Order.objects.get().total == 26_900


def test_S30_a_coupon_that_ended_while_the_page_stood_open_orders_nothing(client, buyer):
    coupon = make_coupon("WELCOME")
    client.post("/cart/coupon/", {"code": "WELCOME"})
    sent = agreed(client)
    coupon.is_active = False
    coupon.save()

    stale = client.post("/checkout/", sent)

    assert stale.status_code == 409
    assert "from $149.00 to $249.00" in stale.content.decode()
    assert "The coupon WELCOME is no longer used." in stale.content.decode()
    assert not Order.objects.exists()


WRONG = {
    "name": "Enter a name", "line1": "Enter the street", "city": "Enter the town", "postal_code": "Enter the ZIP",
    "country": "Choose a country", "method": "Choose how you will pay", "region": "Enter the state",
}  # fmt: skip


@pytest.mark.parametrize("field", WRONG)
def test_U27_what_is_missing_is_said_beside_it_and_what_was_typed_stays(client, buyer, field):
    answer = client.post("/checkout/", agreed(client, **{field: "", "po_number": "KEEP-ME-77"}))

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in text and WRONG[field] in text and 'aria-invalid="true"' in text
    assert "KEEP-ME-77" in text
    assert not Order.objects.exists()


HOSTILE = {
    "region": ["Atlantis", "\x00", "OHOHOH" * 50], "country": ["XX", "us", "\x00", "US'"], "name": ["x" * 300],
    "method": ["on_account", "cash", "\x00"], "buyer": ["0", "1", "all", "\x00"], "po_number": ["9" * 61],
    "invoice_emails": ["nobody", "a@b\nc d@e.example", "x@" + "y" * 400, "a@b.example," * 11, "\x00@x.example"],
    "key": ["", "short", "'; drop table--aaaaaaaaaaaaaa", "x" * 500, "\x00" * 24], "version": ["0", "x" * 64, "\x00"],
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, some in HOSTILE.items() for value in some])
def test_S30_a_hostile_answer_orders_nothing(client, buyer, field, value):
    sent = agreed(client)

    assert client.post("/checkout/", {**sent, field: value}).status_code in (409, 422)

    assert not Order.objects.exists() and not Recipient.objects.exists()


def test_names_that_try_to_break_the_page_are_shown_as_they_are(client, buyer):
    hostile = "<script>alert(1)</script>\u202e{{ 7*7 }}"

    order(client, name=hostile, line2="=HYPERLINK(1)", po_number="<b>")

    page = client.get(f"/orders/{Order.objects.get().number}/").content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in Order.objects.get().ship_to["name"]


def test_the_region_may_be_written_in_full_and_foreign_ones_as_they_are(client, buyer):
    make_tax(57_500)
    order(client, region=" ohio ")
    put(client, make_goods(100))
    there = {"region": "Bayern", "country": "DE", "postal_code": "80331"}
    untaxed = client.post("/checkout/", agreed(client, **there))
    assert (untaxed.status_code, hidden(untaxed, "total")) == (409, "100")
    client.post("/checkout/", answers(untaxed, **there))

    first, second = Order.objects.order_by("pk")
    assert (first.ship_to["region"], first.tax) == ("OH", 1_432)
    assert (second.ship_to["region"], second.tax) == ("Bayern", 0)


def test_an_organisation_buys_with_its_number_and_its_colleagues_see_it(client, customer, colleague, organisation):
    make_customer(organisation=organisation, name=organisation.name, is_po_required=True)
    sign_in(client, customer)
    put(client, make_goods(24_900))

    refused = client.post("/checkout/", agreed(client, buyer=str(organisation.pk), po_number=""))
    assert refused.status_code == 422
    assert f"{organisation.name} orders with a purchase order number. Enter yours." in refused.content.decode()
    order(client, buyer=str(organisation.pk), po_number="PO-9")

    placed = Order.objects.get()
    assert (placed.customer.organisation, placed.po_number) == (organisation, "PO-9")
    sign_in(client, colleague)
    assert client.get(f"/orders/{placed.number}/").status_code == 200
    Membership.objects.filter(person=colleague).delete()
    assert client.get(f"/orders/{placed.number}/").status_code == 404


# R27: on account.


@pytest.mark.parametrize(
    ("state", "limit", "owed", "holds"),
    [("provisional", 50_000, 0, []), ("provisional", 24_900, 0, []), ("approved", 24_899, 0, ["credit"]),
     ("provisional", 50_000, 25_101, ["credit"]), ("approved", 50_000, 25_100, [])],
)  # fmt: skip
def test_R27_over_the_limit_an_order_passes_and_its_shipment_waits(client, stranger, state, limit, owed, holds):
    account = make_customer(person=stranger, credit_state=state, credit_limit=limit)
    if owed:
        put_on_account(client, stranger, owed)
    sign_in(client, stranger)
    put(client, make_goods(24_900))

    done = client.post("/checkout/", agreed(client, method="on_account"))

    placed = Order.objects.filter(customer=account).latest("pk")
    assert done.status_code == 302
    assert [hold.reason for hold in placed.shipments.get().holds.all()] == holds
    page = client.get(done.headers["Location"]).content.decode()
    assert ("Held until your credit limit is approved" in page) == bool(holds)


def put_on_account(client, person, amount: int) -> None:
    """An open order on account of that sum."""
    sign_in(client, person)
    put(client, make_goods(amount))
    client.post("/checkout/", agreed(client, method="on_account"))


@pytest.mark.parametrize("state", [CreditState.NONE, CreditState.CLOSED])
def test_R26_without_credit_nothing_is_bought_on_account(client, stranger, state):
    make_customer(person=stranger, credit_state=state, credit_limit=100_000)
    sign_in(client, stranger)
    put(client, make_goods(24_900))
    sent = agreed(client)

    assert client.post("/checkout/", {**sent, "method": "on_account"}).status_code == 422

    assert not Order.objects.exists()
    assert 'value="on_account"' not in client.get("/checkout/").content.decode()


def test_what_is_paid_goes_on_hours_are_booked_and_the_box_may_leave(client, stranger, agent):
    sign_in(client, stranger)
    put(client, make_goods(24_900))
    put(client, make_goods(11_900, kind="hours"), 2)
    order(client)
    placed = Order.objects.get()
    box = shipments.pack(shipment=placed.shipments.get(), by=agent, now=NOON)
    assert box.state == ShipmentState.HELD
    with pytest.raises(shipments.CannotMove, match="It is held"):
        shipments.ship(shipment=box, carrier="ups", number="1Z999AA10123456784", by=agent, now=NOON)

    pay.record_transfer(invoice=placed.invoice, amount=placed.total, reference="T1", by=agent, now=NOON)
    orders.invoice_paid(invoice=placed.invoice, now=NOON)

    box.refresh_from_db()
    assert box.state == ShipmentState.READY
    assert [(entry.minutes, entry.reason) for entry in HoursEntry.objects.all()] == [(720, "purchase")]
    left = shipments.ship(shipment=box, carrier="ups", number="1z 999-aa1 0123456784", by=agent, now=NOON)
    assert (left.state, left.tracking_number) == (ShipmentState.SHIPPED, "1Z999AA10123456784")
    assert OutgoingMail.objects.filter(subject=f"Order {placed.number} is on its way").count() == 1
    found = shipments.ask_carrier(shipment_id=box.pk, now=NOON + timedelta(days=5))
    placed.refresh_from_db()
    assert (found.state, found.last_scan) == (ShipmentState.DELIVERED, "Delivered, left at the front desk")
    assert placed.state == "completed"
    page = client.get(f"/orders/{placed.number}/").content.decode()
    assert "1Z999AA10123456784" in page and "Delivered, left at the front desk" in page
    assert "We asked the carrier" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_checkout_and_the_order_ask_the_database_little(client, stranger, django_assert_num_queries, count):
    """R40: literal, and the same for one line and for three."""
    make_customer(person=stranger)
    sign_in(client, stranger)
    for _ in range(count):
        put(client, make_goods(24_900))
    make_plan()
    client.get("/checkout/")

    with django_assert_num_queries(10):
        client.get("/checkout/")
    order(client)
    with django_assert_num_queries(7):
        client.get(f"/orders/{Order.objects.get().number}/")


def test_the_front_page_leads_to_the_store_once_something_is_sold(client):
    assert "/store/" not in client.get("/").content.decode()
    make_goods()

    assert 'href="/store/"' in client.get("/").content.decode()
