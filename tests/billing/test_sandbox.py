"""C (1): the sandbox does what is published of Stripe's test cards, and remembers it in tables."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from billing.choices import PaymentState
from billing.declines import words
from billing.gateways import stripe as gateway
from billing.gateways.facts import ProviderRefused
from billing.gateways.sandbox.cards import published
from billing.gateways.sandbox.client import nested
from billing.models import SandboxObject, SandboxRequest
from tests.billing.money import GOOD, card_token, make_open_invoice, pay_with

pytestmark = pytest.mark.django_db

PAYS = [
    "4242424242424242", "5555555555554444", "378282246310005", "4000001240000000", "4000000000000259",
    "4000000000007726", "4000000000005126", "4000000000000036", "4000000000000101",
]  # fmt: skip
DECLINES = {
    "4000000000000002": ("card_declined", "generic_decline"),
    "4000000000009995": ("card_declined", "insufficient_funds"),
    "4000000000009987": ("card_declined", "lost_card"), "4000000000009979": ("card_declined", "stolen_card"),
    "4000000000006975": ("card_declined", "card_velocity_exceeded"), "4000000000000069": ("expired_card", ""),
    "4000000000000127": ("incorrect_cvc", ""), "4000000000000119": ("processing_error", ""),
    "4000000000000341": ("card_declined", "generic_decline"), "4100000000000019": ("card_declined", "fraudulent"),
}  # fmt: skip
ASKS = ["4000002500003155", "4000002760003184", "4000008400001629"]
NEVER_A_CARD = "4242424242424241"


def test_every_published_card_is_known():
    assert (
        set(published()) == {*PAYS, *DECLINES, *ASKS, NEVER_A_CARD} == {row["number"] for row in words()["test_cards"]}
    )


@pytest.mark.parametrize("number", PAYS)
def test_a_card_that_pays(number):
    payment = pay_with(make_open_invoice(), number, cvc="1234" if number.startswith("3") else "123")

    assert payment.state == PaymentState.SUCCEEDED
    assert payment.last4 == number[-4:]


@pytest.mark.parametrize("number", DECLINES)
def test_a_card_that_is_declined(number):
    payment = pay_with(make_open_invoice(), number)

    decline = payment.declines.get()
    assert (payment.state, decline.code, decline.decline_code) == (PaymentState.FAILED, *DECLINES[number])
    blocked = number == "4100000000000019"
    assert decline.outcome_type == ("blocked" if blocked else "issuer_declined")
    assert decline.network_status == ("not_sent_to_network" if blocked else "declined_by_network")


@pytest.mark.parametrize("number", ASKS)
def test_a_card_whose_bank_asks(number):
    assert pay_with(make_open_invoice(), number).state == PaymentState.ACTION_NEEDED


@pytest.mark.parametrize(
    ("number", "cvc", "code"),
    [
        (NEVER_A_CARD, "123", "incorrect_number"),
        ("4111111111111111", "123", "testmode_decline"),
        ("4242 4242 4242 4243", "123", "testmode_decline"),
        (GOOD, "12", "invalid_cvc"),
        ("378282246310005", "123", "invalid_cvc"),
    ],
)
def test_a_number_that_is_no_test_card_is_kept_nowhere(number, cvc, code):
    with pytest.raises(ProviderRefused) as refused:
        card_token(number, cvc=cvc)

    assert refused.value.code == code
    assert SandboxObject.objects.count() == 0


def test_a_card_of_the_past_is_refused():
    for month, year, code in ((13, 2030, "invalid_expiry_month"), (1, 2020, "invalid_expiry_year")):
        with pytest.raises(ProviderRefused) as refused:
            gateway.make_sandbox_card(number=GOOD, exp_month=month, exp_year=year, cvc="123")
        assert refused.value.code == code


def make_customer(key: str, name: str = "A") -> str:
    return gateway.make_customer(name=name, email="", reference="r", key=key)


def test_B8_a_request_made_again_is_answered_again_and_another_one_under_its_key_is_an_error():
    first = make_customer("one key")

    assert make_customer("one key") == first
    with pytest.raises(ProviderRefused, match="same parameters"):
        make_customer("one key", name="B")
    assert make_customer("another") != first
    assert SandboxObject.objects.count() == 2


def test_B8_a_key_lives_for_a_day():
    with time_machine.travel(timezone.now() - timedelta(hours=25)):
        first = make_customer("one key")
    assert make_customer("one key") != first

    with time_machine.travel(timezone.now() - timedelta(hours=23)):
        second = make_customer("two")
    assert make_customer("two") == second


def test_B8_a_decline_is_remembered_and_a_request_that_was_never_accepted_is_not():
    customer, declined = make_customer("c"), card_token("4000000000000002")
    asked = {"amount": 5_000, "currency": "usd", "customer": customer, "confirm": True, "payment_method": declined}

    once = gateway.start_payment(request=asked, key="k")
    assert gateway.start_payment(request=asked, key="k").id == once.id
    with pytest.raises(ProviderRefused):
        gateway.start_payment(request={**asked, "amount": 1}, key="wrong")
    assert gateway.start_payment(request=asked, key="wrong").id != once.id
    assert SandboxRequest.objects.get(key="k").status == 402


def test_a_provider_is_never_asked_inside_a_transaction():
    """Also a real one: what the provider did cannot be rolled back."""
    with pytest.raises(RuntimeError), transaction.atomic():
        make_customer("k")


def refund(payment, amount: int, key: str):
    return gateway.refund(intent_id=payment.provider_id, amount=amount, reference=key, key=key)


def test_B6_refunds_in_part_the_rest_and_never_more():
    payment = pay_with(make_open_invoice(amount=2_000))

    assert refund(payment, 500, "a").status == "succeeded"
    with pytest.raises(ProviderRefused, match="greater than unrefunded amount"):
        refund(payment, 1_501, "b")
    refund(payment, 1_500, "c")
    with pytest.raises(ProviderRefused) as refused:
        refund(payment, 1, "d")
    assert refused.value.code == "charge_already_refunded"
    assert [one.amount for one in gateway.refunds_of(payment.provider_id)] == [1_500, 500]


def test_lists_go_on_where_a_page_ends(monkeypatch):
    payment = pay_with(make_open_invoice(amount=20_000))
    for number in range(7):
        refund(payment, 100 + number, f"r{number}")
    pages = gateway.client().v1.refunds.list({"payment_intent": payment.provider_id, "limit": 3})

    assert [one.amount for one in pages.auto_paging_iter()] == [106, 105, 104, 103, 102, 101, 100]


def test_form_bodies_are_read_as_stripe_reads_them():
    assert nested("card[number]=42&expand[0]=a&expand[1]=b&metadata[x][y]=%26&empty=") == {
        "card": {"number": "42"}, "expand": ["a", "b"], "metadata": {"x": {"y": "&"}}, "empty": "",
    }  # fmt: skip
