"""What staff see of a customer's buying, beside the ticket and on the customer's page (issue 4, 5 and 9; R34, B5)."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from accounts.choices import Role
from accounts.models import Membership
from billing.choices import CreditState, HoldReason, HoursReason, Period, Series
from billing.models import (
    Card,
    Customer,
    Decline,
    HoursEntry,
    Invoice,
    Payment,
    RefundRequest,
    Shipment,
    ShipmentHold,
    Subscription,
)
from tests.factories.accounts import make_member, make_person, make_staff, sign_in
from tests.factories.billing import make_plan
from tests.factories.invoices import NOON, make_buyer, make_invoice, make_payment, make_seller
from tests.factories.shop import make_order
from tests.factories.tickets import make_ticket

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RAW = {
    "code": "card_declined", "decline_code": "do_not_honor", "advice_code": "try_again_later",
    "network_decline_code": "05", "network_advice_code": "02", "outcome_type": "issuer_declined",
    "outcome_reason": "do_not_honor", "network_status": "declined_by_network", "risk_level": "normal",
    "seller_message": "The bank did not return any further details.", "cvc_check": "pass", "zip_check": "fail",
    "line1_check": "unavailable", "card_country": "US", "charge_id": "ch_3Pq9Kd", "reference": "3Pq9Kd",
}  # fmt: skip

PANE_QUERIES = 24
PAGE_QUERIES = 30  # one of them: was this profile counted today?

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]


@pytest.fixture
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def buyer(organisation) -> Customer:
    make_seller(time_zone="UTC")
    return make_buyer(organisation=organisation, credit_state=CreditState.PROVISIONAL, credit_limit=50_000)


def decline(invoice: Invoice, *, at: datetime, **fields) -> Decline:
    payment = make_payment(invoice=invoice, state="failed", now=at, provider_id=f"pi_{invoice.pk}_{at:%d%H%M}")
    return Decline.objects.create(payment=payment, at=at, **RAW | {"charge_id": f"ch_{payment.pk}"} | fields)


def furnish(buyer: Customer, times: int = 1) -> None:
    """`times` of everything that a row can be."""
    plan = make_plan()
    monthly = plan.prices.get(period=Period.MONTHLY)
    for number in range(times):
        mark = f"{buyer.pk}-{number}"
        invoice = make_invoice(customer=buyer, amount=20_000 + number)
        decline(invoice, at=NOW - DAY * (3 + number), raw={"risk_score": "12"})
        order = make_order(buyer, f"{Series.ORDER}-{mark}")
        box = Shipment.objects.create(
            order=order, state="held", carrier="ups", tracking_number=f"1Z999AA1{number}", last_scan="Packed",
            last_scan_at=NOON,
        )  # fmt: skip
        ShipmentHold.objects.create(shipment=box, reason=HoldReason.CREDIT, placed_at=NOON)
        Card.objects.create(
            customer=buyer, provider_id=f"pm_{mark}", brand="visa", funding="credit", last4="4242", exp_month=8,
            exp_year=2028, country="US", is_default=not number, added_at=NOON,
        )  # fmt: skip
        HoursEntry.objects.create(
            customer=buyer, minutes=90, reason=HoursReason.PURCHASE, key=f"test:{mark}", words="Bought", at=NOON
        )
        Subscription.objects.create(
            customer=buyer, product=plan, price=monthly, period=Period.MONTHLY, anchor_day=1, started_at=NOON,
            period_starts_on=date(2026, 11, 1), period_ends_on=date(2026, 12, 1), state="past_due", failures=2,
            next_attempt_at=NOW + DAY,
        )  # fmt: skip
        RefundRequest.objects.create(
            invoice=invoice, origin="customer", key=f"test:{mark}", why="wrong", amount_asked=100, currency="USD",
            opened_at=NOON,
        )  # fmt: skip


def pane(client, person, **headers) -> str:
    response = client.get(f"/billing/requesters/{person.pk}/", headers={"HX-Request": "true", **headers})
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("path", ["/billing/requesters/{person}/", "/billing/customers/{customer}/", "/billing/find/"])
def test_staff_who_see_invoices_read_it_an_observer_too_and_nobody_else(django_client, customer, buyer, path):
    address = path.format(person=customer.pk, customer=buyer.pk)
    for role in Role:
        client = django_client()
        sign_in(client, make_staff(role))
        assert client.get(address).status_code == (403 if role == Role.EDITOR else 200), role
        assert client.post(address).status_code in (403, 405), role
    theirs = django_client()
    theirs.force_login(customer)
    assert theirs.get(address).status_code == 404  # the customer's own data, on a page that is not theirs
    assert django_client().get(address).status_code == 302


def test_a_failed_card_stands_first_with_every_raw_field_r34(client, agent, customer, buyer):
    """U12."""
    invoice = make_invoice(customer=buyer)
    decline(invoice, at=NOW - 3 * DAY, raw={"three_d_secure.result": "attempt_acknowledged"})
    client.force_login(agent)

    text = pane(client, customer)

    assert '<details id="last-decline" open>' in text
    assert text.index("last-decline") < text.index('<h3 class="md">Invoices')
    for value in (*(value for name, value in RAW.items() if name != "charge_id"), "attempt_acknowledged"):
        assert value in text, value
    assert all(label in text for label in ("ZIP code", "Did not match", "Trying again", "What usually fixes it"))
    assert "We are a Canadian company" in text
    assert f"pi_{invoice.pk}" in text


def test_a_decline_of_long_ago_is_there_and_closed(client, agent, customer, buyer):
    invoice = make_invoice(customer=buyer)
    decline(invoice, at=NOW - 31 * DAY)
    client.force_login(agent)

    text = pane(client, customer)

    assert 'id="last-decline">' in text
    assert text.index('<h3 class="md">Invoices') < text.index("last-decline")


def test_open_invoices_come_first_holds_and_parcels_stand_with_their_order(client, agent, customer, buyer):
    """U12."""
    paid = make_invoice(customer=buyer, now=NOON + DAY)
    Invoice.objects.filter(pk=paid.pk).update(state="paid", paid=paid.total, paid_at=NOW)
    furnish(buyer)
    client.force_login(agent)

    text = pane(client, customer)

    opened = Invoice.objects.get(state="open").number
    assert opened and text.index(opened) < text.index(str(paid.number))
    for words in (
        "Until the credit limit is approved", "1Z999AA10", "Packed", "Visa credit ending 4242, expires 08/28",
        "Pays renewals", "Starter limit", "$120.00 of $500.00 used", "Payment failed", "$24.00 monthly", "90 minutes",
        "2 attempts failed",
    ):  # fmt: skip
        assert words in text, words
    assert f'href="/billing/invoices/{opened}/"' in text
    assert f'href="/billing/customers/{buyer.pk}/"' in text


def test_an_address_that_is_not_proven_is_said_to_be_so_s10(client, agent, organisation, buyer):
    stranger = make_person(verified=False)
    Membership.objects.create(person=stranger, organisation=organisation)
    client.force_login(agent)

    assert "not proven" in pane(client, stranger)
    assert "not proven" not in pane(client, make_member(organisation=organisation))


def test_somebody_who_bought_nothing_has_a_sentence(client, agent):
    client.force_login(agent)

    assert "has bought nothing yet" in pane(client, make_person())
    assert client.get("/billing/requesters/99999999999999999999/").status_code == 404
    assert client.get("/billing/customers/99999999999999999999/").status_code == 404


def test_the_pane_costs_the_same_with_one_of_everything_and_with_three(
    client, agent, customer, buyer, django_assert_num_queries
):
    client.force_login(agent)
    furnish(buyer)
    pane(client, customer)
    with django_assert_num_queries(PANE_QUERIES):
        pane(client, customer)
    client.get(f"/billing/customers/{buyer.pk}/")
    with django_assert_num_queries(PAGE_QUERIES):
        client.get(f"/billing/customers/{buyer.pk}/")
    own = make_buyer(person=customer, credit_state=CreditState.APPROVED, credit_limit=900_000)
    furnish(own, 3)
    with django_assert_num_queries(PANE_QUERIES):
        text = pane(client, customer)
    assert text.count("minirow") > 10
    client.get(f"/billing/customers/{own.pk}/")
    with django_assert_num_queries(PAGE_QUERIES):
        client.get(f"/billing/customers/{own.pk}/")


def test_the_ticket_offers_the_pane_and_pays_nothing_for_it(client, agent, customer, buyer):
    ticket = make_ticket(requester=customer)
    client.force_login(agent)

    page = client.get(f"/inbox/all/{ticket.pk}/").content.decode()

    assert f'hx-get="/billing/requesters/{customer.pk}/"' in page
    assert "Invoices and orders" in page


def test_hostile_words_are_words(client, agent, customer, buyer):
    make_invoice(customer=buyer)
    Customer.objects.filter(pk=buyer.pk).update(name='<script>alert("x")</script>')
    client.force_login(agent)

    page = client.get(f"/billing/customers/{buyer.pk}/").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_the_newest_decline_of_several_is_told_and_the_others_are_named(client, agent, customer, buyer):
    invoice = make_invoice(customer=buyer)
    payment: Payment = decline(invoice, at=NOW - 2 * DAY).payment
    Decline.objects.create(payment=payment, at=NOW - DAY, **RAW | {"decline_code": "expired_card", "charge_id": "ch_z"})
    client.force_login(agent)

    page = client.get(f"/billing/customers/{buyer.pk}/").content.decode()

    assert "Declined before" in page
    assert "ch_z" in page
