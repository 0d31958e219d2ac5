"""Other programs hear of orders, invoices and money once, in the transaction in which it happened, without a name."""

import json

import pytest
from django.db import transaction
from django.utils import timezone

from billing.actions import cart, checkout, credit_note, issue, pay, refund, refund_requests, shipments
from billing.announce import TYPES
from billing.baskets import basket_of
from billing.choices import PaymentMethod
from billing.gateways.facts import RefundFacts
from billing.models import Invoice, Payment
from billing.pricing import priced
from tests.billing.money import DECLINED, make_open_invoice, pay_with
from tests.factories.accounts import make_organisation, make_person, make_staff
from tests.factories.billing import OHIO, make_goods, make_seller
from tests.factories.invoices import make_buyer
from webhooks.actions import endpoints
from webhooks.models import Endpoint, Event

CANARIES = ("Canary", "canary", "1 Lake Street", "43331")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def listener():
    """Somebody's program that wants everything; nothing is sent in these tests."""
    endpoints.make_endpoint(url="https://erp.example/hook", description="", events=list(TYPES), now=timezone.now())


@pytest.fixture
def buyer():
    return make_buyer("canary.ap@school.example", organisation=make_organisation(name="Canary School"))


def told(kind: str) -> list[dict]:
    """The data of every event of a type; no event of any type holds a name or an address."""
    bodies = list(Event.objects.order_by("pk").values_list("body", flat=True))
    assert not [body for body in bodies if any(canary in body for canary in CANARIES)]
    return [body["data"] for body in map(json.loads, bodies) if body["type"] == kind]


def events() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("type", flat=True))


def test_an_order_its_invoice_and_its_parcel_are_told():
    make_seller()
    person, now = make_person(name="Cara Canary", email="canary@school.example"), timezone.now()
    visitor = cart.Visitor(person, "")
    cart.put_in(visitor=visitor, price_id=make_goods(24_900).pk, quantity=1, now=now)
    version = priced(basket_of(person=person, key=""), customer=None, ship_to=OHIO, now=now).version
    wish = checkout.Wish(method=PaymentMethod.TRANSFER, ship_to=OHIO)
    order = checkout.check_out(
        visitor=visitor, by=person, organisation=None, wish=wish, key="k" * 43, version=version, now=now
    )
    assert events() == ["invoice.issued", "order.placed"]
    [placed], [issued] = told("order.placed"), told("invoice.issued")
    invoice = order.invoice
    assert placed["order"] == {
        "id": order.pk, "number": order.number, "customer": order.customer_id, "invoice": invoice.pk,
        "invoice_number": invoice.number, "method": "transfer", "currency": "USD", "total": order.total,
        "placed_at": placed["order"]["placed_at"],
    }  # fmt: skip
    assert (issued["invoice"]["number"], issued["invoice"]["due"], issued["invoice"]["order"]) == (
        invoice.number, order.total, order.pk
    )  # fmt: skip

    agent, [box] = make_staff(), order.shipments.all()
    shipments.pack(shipment=box, by=agent, now=now)
    pay.record_transfer(invoice=invoice, amount=invoice.due, reference="FT 1", by=agent, now=now)
    shipments.ship(shipment=box, carrier="ups", number="1Z999AA101", by=agent, now=timezone.now())
    [sent] = told("shipment.shipped")
    assert (sent["shipment"]["order_number"], sent["shipment"]["tracking_number"]) == (order.number, "1Z999AA101")


def test_a_card_that_fails_and_one_that_pays_are_told_once_each(buyer):
    invoice = make_open_invoice(customer=buyer)

    pay_with(invoice, DECLINED)
    [failed] = told("payment.failed")
    assert failed["payment"]["code"] and failed["payment"]["reason"]
    assert (failed["payment"]["state"], failed["payment"]["invoice_number"]) == ("failed", invoice.number)
    paid = pay_with(invoice)

    assert events() == ["invoice.issued", "payment.failed", "invoice.paid", "payment.succeeded"]
    [payment], [told_paid] = told("payment.succeeded"), told("invoice.paid")
    assert payment["payment"] == {
        "id": paid.pk, "invoice": invoice.pk, "invoice_number": invoice.number, "customer": buyer.pk, "method": "card",
        "state": "succeeded", "currency": "USD", "amount": 128_400, "last4": "4242",
    }  # fmt: skip
    assert (told_paid["invoice"]["state"], told_paid["invoice"]["due"], told_paid["invoice"]["paid"]) == (
        "paid", 0, 128_400
    )  # fmt: skip


def test_a_refund_that_succeeds_and_comes_back_is_told_twice(buyer):
    payment = pay_with(make_open_invoice(customer=buyer))
    now = timezone.now()
    made = refund.queue(payment=payment, amount=400, reason="Canary", key="r", by=None, not_before=now, now=now)
    refund.execute(refund_id=made.pk, clock=timezone.now)
    made.refresh_from_db()
    failed = RefundFacts(
        id=str(made.provider_id), status="failed", amount=400, currency="USD", intent_id=str(payment.provider_id),
        failure="expired_or_canceled_card",
    )  # fmt: skip
    for _ in range(2):
        refund.record(refund_id=made.pk, facts=failed, now=timezone.now())

    [succeeded], [back] = told("refund.succeeded"), told("refund.failed")

    assert succeeded["refund"]["state"] == "succeeded"
    assert (back["refund"]["state"], back["refund"]["failure"]) == ("failed", "expired_or_canceled_card")
    assert back["refund"]["invoice_number"] == payment.invoice.number


def test_an_invoice_that_is_withdrawn_or_credited_away_is_told(buyer):
    first, second = make_open_invoice(customer=buyer), make_open_invoice(customer=buyer)
    lead = make_staff()

    issue.void(invoice=first, by=lead, reason="Canary", now=timezone.now())
    credit_note.issue_credit_note(invoice=second, reason="Canary", key="c", by=lead, now=timezone.now())

    [voided], [paid] = told("invoice.voided"), told("invoice.paid")
    assert (voided["invoice"]["state"], voided["invoice"]["due"]) == ("void", 0)
    assert (paid["invoice"]["number"], paid["invoice"]["credited"]) == (second.number, 128_400)


def test_what_is_rolled_back_was_never_told(buyer):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_open_invoice(customer=buyer)
        raise ZeroDivisionError
    assert not Event.objects.exists()
    assert not Invoice.objects.exists()


def test_where_nobody_listens_nothing_is_written(buyer):
    Endpoint.objects.all().delete()
    pay_with(make_open_invoice(customer=buyer))

    assert Payment.objects.filter(state="succeeded").exists()
    assert not Event.objects.exists()


def test_a_refund_request_is_told_when_it_is_opened_and_when_it_is_decided_without_its_words(buyer, reviewer):
    invoice = make_open_invoice(amount=10_000, customer=buyer)
    pay_with(invoice)
    said = {"why": "damaged", "words": "Canary: 1 Lake Street", "by": None, "now": timezone.now()}
    for key, decide in (
        ("a", lambda one: refund_requests.approve(request=one, amount=4_000, by=reviewer, now=timezone.now())),
        ("b", lambda one: refund_requests.reject(request=one, reason="Canary", by=reviewer, now=timezone.now())),
        ("c", lambda one: refund_requests.withdraw(request=one, by=None, now=timezone.now())),
    ):
        decide(refund_requests.ask(invoice=invoice, amount=5_000, key=key, **said))

    opened, decided = told("refund_request.opened"), told("refund_request.decided")
    assert [one["refund_request"]["state"] for one in opened] == ["open"] * 3
    assert [
        (one["refund_request"]["state"], one["refund_request"]["amount_given"], one["refund_request"]["amount_asked"])
        for one in decided
    ] == [("approved", 4_000, 5_000), ("rejected", None, 5_000), ("withdrawn", None, 5_000)]
