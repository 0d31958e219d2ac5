"""A bad line to the provider (F9 to F11): what we do not know is pending, never failed, and never done twice."""

import http.server
import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from billing.actions import asking, pay, refund
from billing.choices import PaymentState, RefundState
from billing.gateways import stripe as gateway
from billing.gateways.facts import NotKnown
from billing.gateways.sandbox.client import SandboxHTTPClient
from tests.billing.money import card_token, intents, make_open_invoice, money_is_right, pay_with, queue, work

pytestmark = pytest.mark.django_db


class Troubled(SandboxHTTPClient):
    """The sandbox behind a bad line: each POST that is asked for meets the next trouble of the list."""

    def __init__(self, path: str, *troubles: str) -> None:
        super().__init__()
        self.path, self.troubles = path, list(troubles)

    def request(self, method, url, headers, post_data=None, **more):
        trouble = self.troubles.pop(0) if method == "post" and url.endswith(self.path) and self.troubles else ""
        if trouble == "no connection":
            raise gateway.stripe.APIConnectionError("Connection refused", should_retry=False)
        if trouble.isdigit():
            return '{"error": {"type": "api_error", "message": "Try later"}}', int(trouble), {}
        answer = super().request(method, url, headers, post_data, **more)
        if trouble == "reply lost":
            raise gateway.stripe.APIConnectionError("Read timed out", should_retry=False)
        return answer


@pytest.fixture
def line(monkeypatch):
    def to(path: str, *troubles: str) -> None:
        made = Troubled(path, *troubles)
        monkeypatch.setattr(gateway, "http_client", lambda: made)
        monkeypatch.setattr(gateway, "RETRIES", 0)
        gateway.forget_client()

    yield to
    gateway.forget_client()


TROUBLES = ["reply lost", "no connection", "500", "503", "429", "409"]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_F9_F10_a_payment_of_which_we_hear_nothing_is_pending_and_then_paid_once(line, trouble):
    invoice = make_open_invoice()
    token = card_token()
    line("/v1/payment_intents", trouble)

    payment = pay.start(invoice=invoice, card_token=token, key="k", now=timezone.now())
    assert (payment.state, payment.declines.count()) == (PaymentState.CREATED, 0)
    assert payment.last_error
    work(minutes=2)

    payment.refresh_from_db()
    assert (payment.state, intents(), payment.last_error) == (PaymentState.SUCCEEDED, 1, "")
    money_is_right()


@pytest.mark.parametrize("trouble", TROUBLES)
def test_F9_F10_a_refund_of_which_we_hear_nothing_is_pending_and_then_sent_once(line, trouble):
    payment = pay_with(make_open_invoice())
    one = queue(payment, 4_000)
    line("/v1/refunds", trouble)

    refund.execute(refund_id=one.pk, clock=timezone.now)
    one.refresh_from_db()
    assert (one.state, one.finished_at) == (RefundState.SENDING, None)
    work(minutes=3)

    one.refresh_from_db()
    assert (one.state, len(gateway.refunds_of(payment.provider_id))) == (RefundState.SUCCEEDED, 1)
    money_is_right()


@pytest.mark.parametrize(("trouble", "sent", "state"), [("reply lost", 1, "succeeded"), ("503", 0, "failed")])
def test_F11_a_day_later_a_refund_is_looked_up_and_never_sent_again(line, trouble, sent, state):
    payment = pay_with(make_open_invoice())
    one = queue(payment, 4_000)
    line("/v1/refunds", trouble)
    refund.execute(refund_id=one.pk, clock=timezone.now)

    refund.execute(refund_id=one.pk, clock=lambda: timezone.now() + timedelta(hours=25))

    one.refresh_from_db()
    payment.refresh_from_db()
    assert (len(gateway.refunds_of(payment.provider_id)), one.state) == (sent, state)
    assert payment.refunded == 4_000 * sent
    money_is_right()


@pytest.mark.parametrize(("trouble", "made", "state"), [("reply lost", 1, "succeeded"), ("503", 0, "cancelled")])
def test_F11_a_day_later_a_payment_is_looked_up_and_never_asked_for_again(line, trouble, made, state):
    invoice = make_open_invoice()
    token = card_token()
    line("/v1/payment_intents", trouble)
    payment = pay.start(invoice=invoice, card_token=token, key="k", now=timezone.now())

    asking.ask(payment_id=payment.pk, now=timezone.now() + timedelta(hours=25))

    payment.refresh_from_db()
    invoice.refresh_from_db()
    assert (payment.state, intents(), invoice.paid) == (state, made, 128_400 * made)
    money_is_right()


def test_F10_a_provider_that_hangs_is_left_after_our_own_time_and_not_asked_again(settings, monkeypatch):
    """The SDK would wait 80 seconds, and then retry."""
    asked = []

    class Hangs(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            finished.wait(30)

    finished = threading.Event()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hangs)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.STRIPE_SECRET_KEY = "sk_test_hangs"
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{server.server_port}"
    assert gateway.CONNECT_SECONDS + gateway.ANSWER_SECONDS < 10
    monkeypatch.setattr(gateway, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(gateway, "RETRY_WITHIN_SECONDS", 0.2)
    gateway.forget_client()
    began_at = time.monotonic()
    try:
        with pytest.raises(NotKnown):
            gateway.payment("pi_1")
    finally:
        finished.set()
        server.shutdown()
        server.server_close()
        gateway.forget_client()

    assert time.monotonic() - began_at < 5
    assert len(asked) == 1
