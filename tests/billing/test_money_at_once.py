"""Twice, at once, killed in the middle (S31, F9, F12, I4): a cent moves once, on PostgreSQL, with real processes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.actions import asking, cards, events, pay, refund
from billing.choices import PaymentState, RefundState
from billing.gateways import stripe as gateway
from billing.gateways.facts import EventFacts
from billing.gateways.sandbox import bank
from billing.models import CardSetup, Invoice, Payment, ProviderEvent, Receipt, Refund, SandboxObject
from tests.billing.money import (
    GOOD,
    card_token,
    intents,
    killed_at,
    make_open_invoice,
    money_is_right,
    pay_with,
    queue,
    work,
)  # fmt: skip
from tests.mail.processes import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "point",
    ["billing.pay.row_written", "billing.pay.asked", "billing.pay.recorded", "billing.receipt.written"],
)
def test_F9_a_process_killed_while_paying_pays_once(point):
    invoice, token = make_open_invoice(), card_token()

    assert killed_at(point, lambda: pay.start(invoice=invoice, card_token=token, key="form", now=timezone.now()))
    assert Payment.objects.get().state == PaymentState.CREATED
    work(minutes=2)
    work(minutes=4)

    invoice.refresh_from_db()
    assert (intents(), Payment.objects.get().state, invoice.paid) == (1, PaymentState.SUCCEEDED, 128_400)
    assert Receipt.objects.count() == 1
    money_is_right()


@pytest.mark.parametrize(
    "point", ["billing.refund.queued", "billing.refund.claimed", "billing.refund.sent_not_recorded"]
)
def test_F9_a_process_killed_while_refunding_refunds_once(point):
    payment = pay_with(make_open_invoice())

    def decide() -> None:
        one = queue(payment, 4_000, key="decision:1")
        refund.execute(refund_id=one.pk, clock=timezone.now)

    assert killed_at(point, decide)
    decide()  # the decision is sent once more
    work(minutes=2)
    work(minutes=4)

    assert [one.amount for one in gateway.refunds_of(payment.provider_id)] == [4_000]
    assert Refund.objects.get().state == RefundState.SUCCEEDED
    payment.refresh_from_db()
    assert payment.refunded == 4_000
    money_is_right()


@pytest.mark.parametrize("point", ["billing.events.claimed", "billing.events.applied"])
def test_a_worker_killed_over_an_event_repeats_nothing(point):
    invoice = make_open_invoice()
    payment = pay_with(invoice)
    now = timezone.now()
    events.receive(event=EventFacts("evt_1", "payment_intent.succeeded", payment.provider_id, False, now), now=now)

    assert killed_at(point, lambda: events.handle_due(clock=timezone.now))
    work(minutes=2)

    assert ProviderEvent.objects.get(event_id="evt_1").done_at
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize("point", ["billing.cards.row_written", "billing.cards.asked"])
def test_a_process_killed_while_keeping_a_card_keeps_it_once(point):
    invoice, token = make_open_invoice(), card_token()
    owner = {"customer": invoice.customer, "by": invoice.customer.person, "return_to": "/"}

    assert killed_at(point, lambda: cards.add(**owner, card_token=token, key="form", now=timezone.now()))
    work(minutes=2)

    assert SandboxObject.objects.filter(kind="setup_intent").count() == 1
    assert CardSetup.objects.get().card.last4 == "4242"
    assert invoice.customer.cards.filter(is_default=True).count() == 1


def test_S31_twenty_refunds_at_once_are_one_and_the_same_decision_is_one():
    payment = pay_with(make_open_invoice(amount=3_000))
    keys = [f"decision:{number}" for number in range(10)] * 2

    results = at_once(*[lambda key=key: queue(payment, 2_000, key=key) for key in keys])

    done = {one.pk for one in results if isinstance(one, Refund)}
    assert len(done) == Refund.objects.count() == 1
    assert {type(one) for one in results} <= {Refund, refund.CannotRefund}
    at_once(*[lambda: refund.execute(refund_id=next(iter(done)), clock=timezone.now)] * 4)
    assert [one.amount for one in gateway.refunds_of(payment.provider_id)] == [2_000]
    money_is_right()


def test_ten_tabs_at_once_pay_an_invoice_once():
    invoice = make_open_invoice()
    tokens = [card_token() for _ in range(10)]

    def tab(number: int):
        return pay.start(
            invoice=Invoice.objects.get(pk=invoice.pk),
            card_token=tokens[number],
            key=f"tab{number}",
            now=timezone.now(),
        )

    results = at_once(*[lambda number=number: tab(number) for number in range(10)])

    assert {type(one) for one in results} <= {Payment, pay.CannotPay}
    assert (Payment.objects.count(), intents()) == (1, 1)
    invoice.refresh_from_db()
    assert invoice.paid == 128_400
    money_is_right()


def test_F12_one_event_five_times_at_once_and_three_events_of_one_payment_have_one_effect():
    invoice = make_open_invoice()
    payment = pay_with(invoice, "4000002760003184")
    bank.answer(payment.provider_id, is_approved=True)
    told = list(gateway.events_since(timezone.now() - timedelta(hours=1)))
    assert {one.type for one in told} > {"payment_intent.succeeded", "charge.succeeded"}

    at_once(*[lambda one=one: events.receive(event=one, now=timezone.now()) for one in told for _ in range(5)])
    at_once(*[lambda: events.handle_due(clock=timezone.now)] * 5)
    work(minutes=2)

    invoice.refresh_from_db()
    assert (ProviderEvent.objects.count(), Receipt.objects.count(), invoice.paid) == (len(told), 1, 128_400)
    money_is_right()


def test_two_sweeps_beside_a_payer_disturb_nothing():
    invoice = make_open_invoice()
    later = timezone.now() + timedelta(minutes=2)
    token = card_token(GOOD)

    at_once(
        lambda: pay.start(invoice=invoice, card_token=token, key="k", now=timezone.now()),
        *[lambda: asking.ask_due(now=later)] * 3,
    )
    work(minutes=2)

    assert (Payment.objects.get().state, intents(), Receipt.objects.count()) == (PaymentState.SUCCEEDED, 1, 1)
