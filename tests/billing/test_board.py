"""Boxes on the staff's pages: what is to be packed, what is held and why, who may let go."""

from datetime import timedelta

import pytest

from accounts.models import JournalEntry
from billing.actions import shipments
from billing.choices import HoldReason, ShipmentState
from billing.gateways import carriers
from billing.models import Customer, HoursEntry, MoneyTask, Order, Shipment, ShipmentHold
from selfservice.models import ReviewRules
from tests.billing.shop_verbs import act
from tests.factories.accounts import make_person
from tests.factories.billing import NOON, OHIO, make_customer, make_goods, make_seller
from timers.actions.sweep import sweep
from webhooks.models import Endpoint, Event

pytestmark = pytest.mark.django_db
NUMBER = "1Z999AA10123456784"


@pytest.fixture(autouse=True)
def seller(db):
    return make_seller()


def ordered(*, method: str = "transfer", **customer) -> Shipment:
    """A box of somebody who just ordered a robot."""
    person = make_person()
    make_customer(person=person, **customer)
    act("put_in", person.pk, make_goods(24_900).pk, now=NOON)
    number = act("buy", person.pk, method, f"the-page-of-person-{person.pk}", now=NOON)
    return Shipment.objects.get(order__number=number)


def left(agent, number: str = NUMBER) -> Shipment:
    """A box on its way."""
    box = ordered(method="on_account", credit_state="approved", credit_limit=99_999)
    shipments.pack(shipment=box, by=agent, now=NOON)
    return shipments.ship(shipment=box, carrier="ups", number=number, by=agent, now=NOON)


def test_the_board_says_what_is_to_be_packed_and_what_waits_and_why(client, agent):
    client.force_login(agent)
    box = ordered()

    assert box.order.number in client.get("/desk/orders/").content.decode()
    client.post(f"/desk/shipments/{box.pk}/pack/", {"tab": "pack"})
    held = client.get("/desk/orders/?tab=held").content.decode()

    assert box.order.number in held and "Until its invoice is paid" in held
    assert box.order.number not in client.get("/desk/orders/?tab=pack").content.decode()
    for words in (box.order.number.lower(), box.order.customer.name[:5]):
        assert box.order.number in client.get("/desk/orders/", {"q": words}).content.decode()
    for strange in (
        "?tab=x&after=%00",
        "?after=99999999999999999999",
        "?q=%00",
        "?q=" + "x" * 500,
        "?tab=all&after=-1",
    ):
        assert client.get(f"/desk/orders/{strange}").status_code == 200


def test_a_box_is_packed_held_let_go_sent_and_followed(client, agent):
    client.force_login(agent)
    box = ordered(method="on_account", credit_state="approved", credit_limit=99_999)

    client.post(f"/desk/shipments/{box.pk}/pack/")
    assert client.post(f"/desk/shipments/{box.pk}/hold/", {"words": " "}).status_code == 422
    client.post(f"/desk/shipments/{box.pk}/hold/", {"words": "Wrong colour"})
    box.refresh_from_db()
    assert box.state == ShipmentState.HELD
    assert "Wrong colour" in client.get(f"/desk/orders/{box.order.number}/").content.decode()
    refused = client.post(f"/desk/shipments/{box.pk}/ship/", {"carrier": "ups", "number": NUMBER})
    assert refused.status_code == 422 and "It is held." in refused.content.decode()
    client.post(f"/desk/shipments/{box.pk}/let-go/", {"reason": "manual"})
    for wrong in (
        {"carrier": "x", "number": NUMBER},
        {"carrier": "ups", "number": "1"},
        {"carrier": "ups", "number": "\x00"},
    ):
        assert client.post(f"/desk/shipments/{box.pk}/ship/", wrong).status_code == 422
    client.post(f"/desk/shipments/{box.pk}/ship/", {"carrier": "ups", "number": NUMBER})
    client.post(f"/desk/shipments/{box.pk}/deliver/")

    box.refresh_from_db()
    assert (box.state, box.tracking_number) == (ShipmentState.DELIVERED, NUMBER)
    deeds = JournalEntry.objects.filter(action__startswith="billing.", by=agent).order_by("number")
    assert list(deeds.values_list("action", flat=True)) == [
        "billing.pack", "billing.hold", "billing.let_go", "billing.ship", "billing.deliver",
    ]  # fmt: skip
    assert client.post(f"/desk/shipments/{box.pk}/pack/", follow=True).content.decode().count("cannot be done") == 1


@pytest.mark.parametrize(("role", "may"), [("agent", False), ("lead", True), ("reviewer", True)])
def test_R27_who_packs_does_not_decide_about_credit(client, request, agent, role, may):
    box = ordered(method="on_account", credit_state="provisional", credit_limit=100)
    shipments.pack(shipment=box, by=agent, now=NOON)
    client.force_login(request.getfixturevalue(role))

    client.post(f"/desk/shipments/{box.pk}/let-go/", {"reason": "credit"})

    box.refresh_from_db()
    assert box.state == (ShipmentState.READY if may else ShipmentState.HELD)
    assert client.post(f"/desk/shipments/{box.pk}/let-go/", {"reason": "x"}).status_code == 404


def test_S33_E8_a_held_box_is_let_go_by_no_way_around_the_review(client, lead):
    """Not of an account of one's own, nor above what two people decide about, nor with more than a reason (S26)."""
    own, large, small = (
        ordered(method="on_account", credit_state="provisional", credit_limit=limit) for limit in (100, 100, 24_899)
    )
    ReviewRules.objects.update_or_create(pk=1, defaults={"second_credit_above": 24_899, "updated_at": NOON})
    client.force_login(lead)

    def said(box: Shipment, **typed: str) -> str:
        done = client.post(f"/desk/shipments/{box.pk}/let-go/", {"reason": "credit", **typed}, follow=True)
        return done.content.decode()

    assert "They owe $249.00 on account with it. Above $248.99 two people decide" in said(large)
    assert client.post(f"/desk/shipments/{small.pk}/let-go/", {"reason": "credit", "state": "x"}).status_code == 404
    assert ShipmentHold.objects.filter(released_at__isnull=False).count() == 0
    ReviewRules.objects.update(second_credit_above=24_900)
    assert "no longer waits for that" in said(small)
    Customer.objects.filter(pk=own.order.customer_id).update(person=lead)
    assert "This is your own account. Let a colleague do this." in said(own)
    assert "This account shares an address with your own account." in said(large)
    assert ShipmentHold.objects.filter(released_at__isnull=False).count() == 1
    assert set(MoneyTask.objects.values_list("kind", flat=True)) == {"linked_account"}


def test_two_reasons_to_wait_are_two_and_the_last_one_lets_it_leave(lead):
    box = ordered()
    shipments.pack(shipment=box, by=lead, now=NOON)
    for _ in range(2):
        shipments.hold(shipment=box, words="Fragile", by=lead, now=NOON)
    assert box.holds.count() == 2

    shipments.let_go(shipment=box, reason=HoldReason.UNPAID, by=lead, now=NOON)
    box.refresh_from_db()
    assert box.state == ShipmentState.HELD
    shipments.let_go(shipment=box, reason=HoldReason.MANUAL, by=lead, now=NOON)
    with pytest.raises(shipments.CannotMove, match="does not wait for that"):
        shipments.let_go(shipment=box, reason=HoldReason.MANUAL, by=lead, now=NOON)

    box.refresh_from_db()
    assert box.state == ShipmentState.READY


def test_a_parcel_is_followed_by_itself_until_it_arrives(agent):
    box = left(agent)

    for hour in range(2, 120, 4):
        sweep(now=NOON + timedelta(hours=hour))
        shipments.ask_carrier(shipment_id=box.pk, now=NOON + timedelta(hours=hour))

    box.refresh_from_db()
    assert (box.state, box.last_scan) == (ShipmentState.DELIVERED, "Delivered, left at the front desk")
    assert box.delivered_at == box.last_scan_at < NOON + timedelta(hours=120)
    assert shipments.ask_next(shipment_id=box.pk, now=NOON + timedelta(hours=121)) is None


@pytest.mark.parametrize(
    ("number", "words"), [("ABCD000000", ""), ("ABCD000088", ""), ("ABCD000099", "Crossed the border")]
)
def test_a_silent_carrier_changes_nothing_and_is_asked_again(agent, number, words):
    box, later = left(agent, number), NOON + timedelta(days=9)

    shipments.ask_carrier(shipment_id=box.pk, now=later)

    box.refresh_from_db()
    assert box.state == ShipmentState.SHIPPED and box.last_scan.startswith(words)
    assert (box.asked_at is None) == number.endswith("88")
    assert shipments.ask_next(shipment_id=box.pk, now=later) == later + shipments.ASK_EVERY
    assert shipments.ask_next(shipment_id=box.pk, now=NOON + timedelta(days=61)) is None


def test_a_real_carrier_is_asked_by_its_own_gateway(agent, monkeypatch):
    class Post:
        def where_is(self, number, *, shipped_at, now):
            return carriers.Scan(f"{number} seen", now)

    monkeypatch.setitem(carriers._gateways, "ups", Post())
    box = left(agent)

    assert shipments.ask_carrier(shipment_id=box.pk, now=NOON).last_scan == f"{NUMBER} seen"
    with pytest.raises(KeyError):
        carriers.register("pigeon", Post())


def test_other_programs_hear_that_a_box_left(agent):
    Endpoint.objects.create(
        url="https://example.com/hook", events=["shipment.shipped", "order.placed"], secret="whsec_x", created_at=NOON
    )

    box = left(agent)

    told = {event.type: event.body for event in Event.objects.all()}
    assert set(told) == {"shipment.shipped", "order.placed"}
    assert NUMBER in str(told["shipment.shipped"]) and box.order.number in str(told["order.placed"])
    assert OHIO["line1"] not in str(told)


def test_hours_are_booked_by_hand_once_a_click_and_never_below_nothing(client, agent, lead, observer):
    """Minutes are worth money: agents book what was used, leads add, and nobody to an account of their own (E3, E8)."""
    customer = make_customer()
    client.force_login(agent)
    sent = {"key": "k" * 24, "kind": "more", "minutes": "90", "words": "Agreed on the phone"}

    assert 'value="more"' not in client.get(f"/desk/customers/{customer.pk}/hours/").content.decode()
    assert client.post(f"/desk/customers/{customer.pk}/hours/", sent).status_code == 403
    assert JournalEntry.objects.get(action="accounts.refused").data == {"tried": "money.look_after"}
    client.force_login(lead)
    for _ in range(2):
        assert client.post(f"/desk/customers/{customer.pk}/hours/", sent).status_code == 302
    own = make_customer(person=lead)
    gift = client.post(f"/desk/customers/{own.pk}/hours/", {**sent, "key": "g" * 24})
    assert gift.status_code == 422 and "This is your own account. Let a colleague do this." in gift.content.decode()
    assert client.post(f"/desk/customers/{customer.pk}/hours/", {**sent, "balance": "9"}).status_code == 422, "S26"
    client.force_login(agent)
    used = {**sent, "key": "u" * 24, "kind": "used", "minutes": "91"}
    refused = client.post(f"/desk/customers/{customer.pk}/hours/", used)
    assert refused.status_code == 422
    assert "There are 90 minutes left, so 91 cannot be taken." in refused.content.decode()
    client.post(f"/desk/customers/{customer.pk}/hours/", {**used, "minutes": "30"})
    for wrong in (
        {"minutes": "-1"},
        {"minutes": "9" * 30},
        {"minutes": "\x00"},
        {"words": ""},
        {"key": "x"},
        {"kind": "y"},
    ):
        assert client.post(f"/desk/customers/{customer.pk}/hours/", {**sent, **wrong}).status_code == 422

    assert list(HoursEntry.objects.order_by("pk").values_list("minutes", "reason")) == [
        (90, "correction"),
        (-30, "used"),
    ]
    assert "1 hour left" in client.get(f"/desk/customers/{customer.pk}/hours/").content.decode()
    client.force_login(observer)
    assert client.post(f"/desk/customers/{customer.pk}/hours/", {**sent, "key": "o" * 24}).status_code == 403


def test_only_what_is_neither_paid_nor_sent_is_cancelled(client, agent):
    client.force_login(agent)
    first, second = ordered(), left(agent)

    assert client.post(f"/desk/orders/{second.order.number}/cancel/", {"reason": "No"}).status_code == 422
    assert client.post(f"/desk/orders/{first.order.number}/cancel/", {"reason": " "}).status_code == 422
    assert client.post(f"/desk/orders/{first.order.number}/cancel/", {"reason": "Twice"}).status_code == 302

    states = dict(Order.objects.values_list("number", "state"))
    assert states == {first.order.number: "cancelled", second.order.number: "placed"}


@pytest.mark.parametrize("count", [1, 3])
def test_the_board_asks_the_database_little(client, agent, django_assert_num_queries, count):
    client.force_login(agent)
    for _ in range(count):
        ordered()
    client.get("/desk/orders/")

    with django_assert_num_queries(8):
        client.get("/desk/orders/")
