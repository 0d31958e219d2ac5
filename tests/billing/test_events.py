"""S34, B7, E (6), F12 to F14: what the provider posts. Only its own word of now is kept; order does not matter."""

import itertools
import json
from datetime import timedelta

import pytest
import stripe as sdk
from django.test import Client
from django.utils import timezone

from billing.actions import events, reconcile
from billing.choices import InvoiceState, PaymentState, RefundState
from billing.gateways import keys
from billing.gateways import stripe as gateway
from billing.gateways.facts import EventFacts
from billing.gateways.sandbox import bank, posting
from billing.models import Dispute, MoneyTask, Payment, ProviderEvent, Receipt, Refund, SandboxEvent, SandboxObject
from mail.models import OutgoingMail
from tests.billing.money import ASKS_ALWAYS, make_open_invoice, pay_with, queue, work

pytestmark = pytest.mark.django_db

ADDRESS = "/hooks/stripe/"


def event(**changes) -> dict:
    return {
        "id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "livemode": False,
        "created": int(timezone.now().timestamp()), "api_version": "2026-10-28.endive",
        "data": {"object": {"id": "pi_1", "object": "payment_intent"}}, **changes,
    }  # fmt: skip


def signed(payload: str, *, secret: str = "", seconds: int = 0) -> str:
    at = int(timezone.now().timestamp()) + seconds
    return sdk.WebhookSignature.generate_signature_header(payload, secret or keys.webhook_secret(), at)


def post(client: Client, payload: str | bytes, signature: str):
    headers = {"Stripe-Signature": signature} if signature else {}
    return client.post(ADDRESS, payload, content_type="application/json", headers=headers)


def test_S34_a_signed_event_is_kept_once_whatever_comes_again(client):
    payload = json.dumps(event())

    assert [post(client, payload, signed(payload)).status_code for _ in range(3)] == [200] * 3

    row = ProviderEvent.objects.get()
    assert (row.event_id, row.type, row.object_id, row.is_live) == ("evt_1", "payment_intent.succeeded", "pi_1", False)
    assert row.body == {}


GOOD = json.dumps(event())
HOSTILE = [
    ("", "nothing at all"), ("[]", "a list"), ("{}", "an empty object"), ("null", "null"), ("[" * 50_000, "depth"),
    (json.dumps(event(data=None)), "no object"), (json.dumps(event(data={"object": []})), "a list for an object"),
    (json.dumps(event(id=5)), "a number for an id"), (json.dumps(event(id="e" * 300)), "a long id"),
    (json.dumps(event(id="evt_\x00")), "a NUL"), (json.dumps(event(livemode="no")), "a text for a boolean"),
    (json.dumps(event(created="yesterday")), "a text for a time"), (json.dumps(event(created=10**30)), "a huge time"),
    (json.dumps(event(object="charge")), "no event"), (json.dumps(event(livemode=True)), "S34: of live mode"),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "what"), HOSTILE, ids=[what for _, what in HOSTILE])
def test_S34_what_is_signed_and_no_event_of_ours_is_refused(client, payload, what):
    assert post(client, payload, signed(payload)).status_code == 400
    assert ProviderEvent.objects.count() == 0


@pytest.mark.parametrize(
    "signature",
    [
        "", "t=,v1=", "t=1,v1=x", "garbage", "t=abc,v1=00", "v1=00", "t=99999999999999999999,v1=00", "\x00", "é",
        pytest.param(lambda: signed(GOOD, secret="whsec_other"), id="another secret"),
        pytest.param(lambda: signed(GOOD + " "), id="another body"),
        pytest.param(lambda: signed(GOOD, seconds=-302), id="old"),
        pytest.param(lambda: signed(GOOD, seconds=3600), id="of the future"),
        pytest.param(lambda: signed(GOOD).replace("v1", "v0"), id="another scheme"),
    ],
)  # fmt: skip
def test_S34_what_is_not_signed_by_the_provider_now_is_refused(client, signature):
    signature = signature() if callable(signature) else signature

    assert post(client, GOOD, signature).status_code == 400
    assert ProviderEvent.objects.count() == 0


def test_S34_bytes_that_are_no_text_and_posts_that_are_too_long_are_refused(client):
    assert post(client, b"\xff\xfe", "t=1,v1=00").status_code == 400
    assert post(client, "x" * (1024 * 1024 + 1), "t=1,v1=00").status_code == 413
    assert client.get(ADDRESS).status_code == 405


def test_an_event_that_nobody_handles_is_kept_and_done(client):
    payload = json.dumps(event(type="price.created", data={"object": {"id": "price_1"}}))

    assert post(client, payload, signed(payload)).status_code == 200
    assert ProviderEvent.objects.get().done_at


def test_an_event_about_what_is_not_ours_is_done_without_effect(client):
    for number, name in enumerate(("pi_x", "ch_x", "re_x", "dp_x", "seti_x", "pm_x", "cus_x", "prv_x", "what")):
        payload = json.dumps(event(id=f"evt_{number}", data={"object": {"id": name}}))
        post(client, payload, signed(payload))

    events.handle_due(clock=timezone.now)

    assert ProviderEvent.objects.filter(done_at__isnull=True).count() == 0


def test_a_forged_state_counts_for_nothing_since_the_provider_is_asked(client, invoice):
    payment = pay_with(invoice, ASKS_ALWAYS)
    payload = json.dumps(event(data={"object": {"id": payment.provider_id, "status": "succeeded"}}))
    post(client, payload, signed(payload))

    work()

    payment.refresh_from_db()
    assert payment.state == PaymentState.ACTION_NEEDED


def state_of_everything() -> tuple:
    return (
        list(Payment.objects.order_by("pk").values_list("state", "refunded", "card_words")),
        list(Refund.objects.order_by("pk").values_list("state", "amount", "reference")),
        [(one.paid, one.refunded, one.state) for one in {payment.invoice for payment in Payment.objects.all()}],
        Receipt.objects.count(), MoneyTask.objects.count(), OutgoingMail.objects.count(), Dispute.objects.count(),
    )  # fmt: skip


def five_events(invoice) -> list[EventFacts]:
    """Paid, refunded in part, and the refund came back: what the provider said on the way."""
    payment = pay_with(invoice, "4000000000005126")
    queue(payment, 4_000)
    work()
    work(minutes=1)
    told = list(gateway.events_since(timezone.now() - timedelta(hours=1)))
    wanted = ["payment_intent.succeeded", "charge.succeeded", "refund.created", "refund.failed", "charge.refunded"]
    return [next(one for one in told if one.type == kind) for kind in wanted]


def test_F13_five_events_in_every_order_end_in_the_same_state(invoice):
    told = five_events(invoice)
    expected = state_of_everything()
    assert expected[1][0][0] == RefundState.FAILED

    for order in itertools.permutations(told):
        ProviderEvent.objects.all().delete()
        for one in order:
            events.receive(event=one, now=timezone.now())
        assert events.handle_due(clock=timezone.now) == 5
        assert state_of_everything() == expected


def test_F13_events_before_we_wrote_anything_down_find_their_payment_by_its_reference(invoice):
    payment = pay_with(invoice)
    told = list(gateway.events_since(timezone.now() - timedelta(hours=1)))
    forget_outcome(payment)

    for one in told:
        events.receive(event=one, now=timezone.now())
    events.handle_due(clock=timezone.now)

    payment.refresh_from_db()
    invoice.refresh_from_db()
    assert (payment.state, payment.provider_id[:3], invoice.state) == (PaymentState.SUCCEEDED, "pi_", InvoiceState.PAID)


def forget_outcome(payment: Payment) -> None:
    """As if the process had died right after the provider's answer."""
    Payment.objects.filter(pk=payment.pk).update(state=PaymentState.CREATED, provider_id=None, finished_at=None)


def test_F14_three_days_without_webhooks_are_found_again(lead):
    asked = pay_with(make_open_invoice(), ASKS_ALWAYS)
    refunded = pay_with(make_open_invoice(), "4000000000007726")
    one = queue(refunded, 500)
    work()
    bank.answer(asked.provider_id, is_approved=True)
    posting.do_due_steps(now=timezone.now() + timedelta(minutes=1))
    SandboxEvent.objects.filter(posted_at__isnull=True).delete()  # nothing of it ever reaches us
    before = ProviderEvent.objects.count()

    missing = reconcile.reconcile(now=timezone.now() + timedelta(days=3))

    asked.refresh_from_db()
    one.refresh_from_db()
    assert (asked.state, one.state) == (PaymentState.SUCCEEDED, RefundState.SUCCEEDED)
    assert missing == SandboxObject.objects.filter(kind="event").count() - before > 0
    assert reconcile.reconcile(now=timezone.now() + timedelta(days=3, hours=1)) == 0


def test_F14_a_refund_that_came_back_without_a_word_is_noticed_within_a_day_and_each_is_asked_about_once(lead):
    refunds = [queue(pay_with(make_open_invoice()), 500) for _ in range(3)]
    work()
    bodies = SandboxObject.objects.filter(kind="refund")
    for row in bodies:
        row.body |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
        row.save(update_fields=["body"])
    SandboxObject.objects.filter(kind="event").delete()
    SandboxEvent.objects.all().delete()
    midnight = timezone.now().replace(hour=0, minute=30) + timedelta(days=1)

    failed = [
        (reconcile.reconcile(now=midnight + timedelta(hours=hour)), Refund.objects.filter(state="failed").count())[1]
        for hour in range(24)
    ]

    assert failed[-1] == 3 and sorted(failed) == failed
    assert {hour for hour in range(24) if failed[hour] > ([0, *failed])[hour]} == {one.pk % 24 for one in refunds}


def test_an_event_that_cannot_be_handled_now_waits_and_does_not_stop_the_others(invoice, monkeypatch):
    payment = pay_with(invoice)
    work()
    events.receive(event=EventFacts("evt_a", "refund.failed", "re_1", False, timezone.now()), now=timezone.now())
    events.receive(
        event=EventFacts("evt_b", "payment_intent.succeeded", payment.provider_id, False, timezone.now()),
        now=timezone.now(),
    )

    def broken(refund_id):
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(gateway, "refund_by_id", broken)
    assert events.handle_due(clock=timezone.now) == 1

    row = ProviderEvent.objects.get(event_id="evt_a")
    assert (row.done_at, row.attempts, row.last_error) == (None, 1, "ZeroDivisionError: ours")
    assert row.try_at > timezone.now()
    monkeypatch.undo()
    assert events.handle_due(clock=lambda: timezone.now() + timedelta(minutes=1)) == 1
