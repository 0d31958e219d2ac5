"""S31, S33, F3: asked and decided by many at once, or killed at any step, money goes back once. Real PostgreSQL."""

from contextlib import suppress
from functools import partial

import pytest
from django.utils import timezone

from billing.actions import refund, refund_requests, shipments
from billing.choices import RefundRequestState
from billing.gateways import stripe as gateway
from billing.models import CreditNote, Invoice, Payment, PrivateFile, Refund, RefundRequest, Shipment, Subscription
from billing.refusals import CannotDecide
from mail.models import OutgoingMail
from tests.billing.file_samples import PNG
from tests.billing.money import killed_at, make_open_invoice, money_is_right, pay_with, work
from tests.billing.test_refund_requests import all_is_right, ask
from tests.crowds import Crowd
from tests.mail.processes import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 40


def paid_invoice(customer=None) -> Invoice:
    """$100.00, paid with a card."""
    invoice = make_open_invoice(amount=10_000, customer=customer)
    pay_with(invoice)
    return Invoice.objects.select_related("customer__person").get(pk=invoice.pk)


def test_S31_twenty_decisions_at_once_are_one_refund_forty_rounds_long(reviewer, lead):
    """Twenty in parallel, forty rounds, and every refund sent by four at once: one refund and one call for each.

    To withdraw takes the least time and mostly wins: it takes part in every second round.
    """
    invoice = make_open_invoice(amount=10_000 * ROUNDS)
    pay_with(invoice)
    given = []
    with Crowd(20) as crowd:
        for number in range(ROUNDS):
            request = ask(invoice, key=f"round {number}", amount=10_000)
            verbs = [partial(approve, request, amount, reviewer) for amount in [10_000, 4_000] * 8]
            verbs += [partial(reject, request, reviewer)] * (2 if number % 2 else 4)
            if number % 2:
                verbs += [partial(refund_requests.withdraw, request=request, by=None, now=timezone.now())] * 2

            results = crowd.act(verbs[number % 20 :] + verbs[: number % 20])

            decided = [one for one in results if isinstance(one, RefundRequest)]
            refused = {type(one) for one in results} - {RefundRequest}
            assert refused <= {CannotDecide, refund_requests.CannotWithdraw}
            request.refresh_from_db()
            assert len({one.state for one in decided}) == 1
            assert len(decided) == 1 or request.state == RefundRequestState.WITHDRAWN
            given += [(request.pk, request.amount_given)] * (request.state == RefundRequestState.APPROVED)
            told = OutgoingMail.objects.filter(source_key=f"refund_request:{request.pk}").count()
            assert told == (request.state != RefundRequestState.WITHDRAWN)
        queued = list(Refund.objects.order_by("pk").values_list("request", "amount", "pk"))
        assert [(request, amount) for request, amount, _ in queued] == given and len(given) > 1
        assert CreditNote.objects.count() == len(given)
        for _, _, pk in queued:
            crowd.act([partial(refund.execute, refund_id=pk, clock=timezone.now)] * 4)
    sent = gateway.refunds_of(Payment.objects.get().provider_id)
    assert sorted(one.amount for one in sent) == sorted(amount for _, amount in given)
    all_is_right()


def test_R31_twenty_at_once_ask_once_and_one_form_twenty_times_is_one_request():
    invoice = paid_invoice()

    results = at_once(*[lambda n=number: ask(invoice, 1_000, key=f"form{n % 10}") for number in range(20)])

    assert RefundRequest.objects.count() == 1
    assert {type(one) for one in results} <= {RefundRequest, refund_requests.CannotAsk}
    assert len({one.pk for one in results if isinstance(one, RefundRequest)}) == 1


def test_E2_a_refund_of_the_desk_and_a_decision_at_once_never_give_back_more_than_was_paid(reviewer, lead):
    for _ in range(4):
        invoice = paid_invoice()
        request, payment = ask(invoice, 6_000), Payment.objects.get(invoice=invoice)

        def at_the_desk(payment=payment):
            now = timezone.now()
            return refund.queue(
                payment=payment, amount=6_000, reason="Desk", key=f"d{payment.pk}", by=lead, not_before=now, now=now
            )

        at_once(partial(approve, request, 6_000, reviewer), at_the_desk)

        payment.refresh_from_db()
        assert payment.refunded == 6_000
    work()
    money_is_right()


def test_F28_a_box_that_leaves_while_everything_is_given_back_is_either_gone_or_stopped(ordered, reviewer, agent):
    """Both write the journal and lock the box: in one order, so that neither waits for the other for ever."""
    box = ordered.order.shipments.get()
    shipments.pack(shipment=box, by=agent, now=timezone.now())
    request, number = ask(ordered), "1Z999AA10123456784"
    leave = partial(shipments.ship, shipment=box, carrier="ups", number=number, by=agent, now=timezone.now())

    given, left = at_once(partial(approve, request, ordered.paid, reviewer), leave)

    box.refresh_from_db()
    assert isinstance(given, RefundRequest)
    assert (box.state, type(left)) in (("shipped", Shipment), ("cancelled", shipments.CannotMove))
    assert Subscription.objects.get().state == "ended"
    all_is_right()


@pytest.mark.parametrize("point", ["billing.refund_request.written", "billing.refund_request.files_kept"])
def test_F3_a_process_killed_while_asking_asks_once(point):
    invoice = paid_invoice()

    def send() -> None:
        ask(invoice, 4_000, key="form", files=[("crack.png", PNG)])

    assert killed_at(point, send)
    assert (RefundRequest.objects.count(), PrivateFile.objects.count()) == (0, 0)
    send()
    send()
    assert (RefundRequest.objects.count(), PrivateFile.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "point",
    [
        "billing.credit_note.written", "billing.refund_request.credited", "billing.refund.queued",
        "billing.refund_request.queued", "billing.refund_request.before_commit", "billing.refund.claimed",
        "billing.refund.sent_not_recorded",
    ],
)  # fmt: skip
def test_F3_a_process_killed_while_deciding_gives_back_once(point, reviewer):
    request = ask(paid_invoice())

    def decide() -> None:
        """As the timer does: decide, if it is not decided, and send what is due."""
        with suppress(CannotDecide):
            approve(request, 4_000, reviewer)
        for pk in Refund.objects.order_by("pk").values_list("pk", flat=True):
            refund.execute(refund_id=pk, clock=timezone.now)

    assert killed_at(point, decide)
    request.refresh_from_db()
    is_decided = point in ("billing.refund.claimed", "billing.refund.sent_not_recorded")
    assert (request.state == RefundRequestState.APPROVED) == is_decided
    assert Refund.objects.count() == CreditNote.objects.count() == is_decided
    decide()
    work(minutes=2)
    work(minutes=4)

    assert [one.amount for one in gateway.refunds_of(Payment.objects.get().provider_id)] == [4_000]
    assert (Refund.objects.get().state, CreditNote.objects.get().total) == ("succeeded", 4_000)
    assert OutgoingMail.objects.filter(source_key=f"refund_request:{request.pk}").count() == 1
    all_is_right()


def test_F3_a_process_killed_while_rejecting_tells_the_customer_once(reviewer):
    request = ask(paid_invoice())

    assert killed_at("billing.refund_request.rejected", lambda: reject(request, reviewer))
    assert RefundRequest.objects.get().state == RefundRequestState.OPEN
    reject(request, reviewer)

    assert OutgoingMail.objects.filter(source_key=f"refund_request:{request.pk}").count() == 1
    all_is_right()


def approve(request: RefundRequest, amount: int, by) -> RefundRequest:
    return refund_requests.approve(request=request, amount=amount, by=by, now=timezone.now())


def reject(request: RefundRequest, by) -> RefundRequest:
    return refund_requests.reject(request=request, reason="It left us whole.", by=by, now=timezone.now())
