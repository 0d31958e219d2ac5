"""The sandbox's scenarios at Stripe itself, to see whether the sandbox still tells the truth.

`STRIPE_TEST_SECRET_KEY=sk_test_… pytest -m stripe_live`. Without such a key these tests are left out, not skipped, so
that a run in which nothing may be skipped passes. Cards are Stripe's published test payment methods.
"""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from billing.actions import asking, cards, pay, refund
from billing.choices import CardSetupState, InvoiceState, PaymentState, RefundState
from billing.gateways import keys
from billing.gateways import stripe as gateway
from billing.gateways.facts import ProviderRefused
from billing.models import Payment
from tests.billing.money import make_open_invoice, queue

pytestmark = [pytest.mark.stripe_live, pytest.mark.django_db, pytest.mark.enable_socket]

SCENARIOS = [
    ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
    ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card"),
    ("pm_card_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", ""),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", ""),
    ("pm_card_chargeDeclinedProcessingError", "processing_error", ""),
    ("pm_card_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
    ("pm_card_radarBlock", "card_declined", "fraudulent"),
]


@pytest.fixture(autouse=True)
def stripe_itself(settings):
    key = os.environ["STRIPE_TEST_SECRET_KEY"]
    assert keys.mode_of(key) == "test", "Only a test key: these tests pay."
    settings.STRIPE_SECRET_KEY = key
    gateway.forget_client()
    yield
    gateway.forget_client()


def start(invoice, card: str, **more) -> Payment:
    return pay.start(invoice=invoice, card_token=card, key=os.urandom(8).hex(), now=timezone.now(), **more)


def test_an_invoice_is_paid_and_refunded_in_part():
    invoice = make_open_invoice(amount=8_000)

    payment = start(invoice, "pm_card_visa", keep_card=True)
    one = queue(payment, 3_000, key=os.urandom(8).hex())
    refund.execute(refund_id=one.pk, clock=timezone.now)

    invoice.refresh_from_db()
    one.refresh_from_db()
    assert (payment.state, payment.last4, invoice.state) == (PaymentState.SUCCEEDED, "4242", InvoiceState.PAID)
    assert one.state in (RefundState.SUCCEEDED, RefundState.PENDING)
    assert invoice.customer.cards.get().last4 == "4242"
    with pytest.raises(ProviderRefused):
        gateway.refund(intent_id=payment.provider_id, amount=5_001, reference="x", key=os.urandom(8).hex())
    found = gateway.find_payment(
        customer_id=invoice.customer.provider_id, reference=payment.key, since=timezone.now() - timedelta(hours=1)
    )
    assert found is not None and found.id == payment.provider_id


@pytest.mark.parametrize(("card", "code", "decline_code"), SCENARIOS)
def test_a_declined_card_says_the_same_as_in_the_sandbox(card, code, decline_code):
    payment = start(make_open_invoice(), card)

    decline = payment.declines.get()
    assert payment.state == PaymentState.FAILED
    assert decline.code == code
    assert decline.decline_code in (decline_code, code)
    assert decline.outcome_type == ("blocked" if card == "pm_card_radarBlock" else "issuer_declined")


def test_the_same_key_is_the_same_payment_and_other_words_under_it_are_refused():
    payment = start(make_open_invoice(), "pm_card_visa")

    assert gateway.start_payment(request=payment.request, key=payment.key).id == payment.provider_id
    with pytest.raises(ProviderRefused):
        gateway.start_payment(request={**payment.request, "amount": 5_000}, key=payment.key)


def test_a_bank_that_asks_leads_to_its_page_and_can_be_given_up():
    payment = start(make_open_invoice(), "pm_card_threeDSecure2Required")

    assert payment.state == PaymentState.ACTION_NEEDED
    assert payment.next_url.startswith("https://")
    assert asking.cancel(payment_id=payment.pk, now=timezone.now()).state == PaymentState.CANCELLED


def test_a_card_is_kept_and_pays_without_its_owner():
    invoice = make_open_invoice()
    row = cards.add(
        customer=invoice.customer, card_token="pm_card_visa", by=invoice.customer.person, key=os.urandom(8).hex(),
        return_to="/", now=timezone.now(),
    )  # fmt: skip
    assert row.state == CardSetupState.SUCCEEDED

    payment = pay.pay_with_saved(invoice=invoice, card=row.card, key=os.urandom(8).hex(), now=timezone.now())

    assert (payment.state, payment.is_off_session) == (PaymentState.SUCCEEDED, True)
    cards.remove(card=row.card, by=invoice.customer.person, now=timezone.now())
    assert cards.detach(card_id=row.card.pk, now=timezone.now())
