"""C (2): requests are held against the SDK's own types. Every request of the gateway passes; wrong ones do not."""

import inspect
import json
from datetime import UTC, datetime

import pytest
import stripe as sdk

from billing.gateways import contract
from billing.gateways import stripe as gateway
from billing.gateways.facts import Gone
from billing.gateways.sandbox import client as sandbox_client
from billing.models import SandboxObject
from tests.billing.money import card_token

PI, REFUNDS = "/v1/payment_intents", "/v1/refunds"


def test_every_endpoint_of_the_sdk_is_known_and_its_types_resolve():
    known = contract.endpoints()

    assert len(known) > 600
    assert {(each.verb, each.path) for each in known} >= {
        ("post", PI),
        ("get", REFUNDS),
        ("post", "/v1/refunds/{refund}"),
    }
    for each in known:
        assert contract.problems(each.verb, each.path.replace("{", "x").replace("}", ""), {}) is not None


@pytest.mark.parametrize(
    ("path", "params", "param", "code"),
    [
        (REFUNDS, {"payment_intent": "pi_1", "ammount": "5"}, "ammount", "parameter_unknown"),
        (REFUNDS, {"payment_intent": "pi_1", "amount": "5.00"}, "amount", "parameter_invalid_integer"),
        (REFUNDS, {"payment_intent": "pi_1", "amount": True}, "amount", "parameter_invalid_integer"),
        (REFUNDS, {"payment_intent": "pi_1", "reason": "bored"}, "reason", ""),
        (REFUNDS, {"payment_intent": "pi_1", "metadata": {"a": 1}}, "metadata[a]", ""),
        (REFUNDS, {"payment_intent": "pi_1", "expand": "charge"}, "expand", ""),
        (REFUNDS, {"payment_intent": "pi_1", "idempotency_key": "k"}, "idempotency_key", "parameter_unknown"),
        (PI, {"amount": 500}, "currency", "parameter_missing"),
        (PI, {"amount": 500, "currency": "usd", "confirm": "yes"}, "confirm", ""),
        (PI, {"amount": 500, "currency": "usd", "automatic_payment_methods": {"enable": True}},
         "automatic_payment_methods[enable]", "parameter_unknown"),
        (PI, {"amount": 500, "currency": "usd", "automatic_payment_methods": "on"}, "automatic_payment_methods", ""),
        ("/v1/customers", {"tax_exempt": "maybe"}, "tax_exempt", ""),
        ("/v1/customers", {"name": 5}, "name", ""),
        ("/v1/nothing", {}, "", "url_invalid"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_named_as_stripe_names_it(path, params, param, code):
    found = contract.problems("post", path, params)

    assert (found[0].param, found[0].code) == (param, code)


def test_an_open_enum_is_closed_and_an_empty_text_still_empties():
    assert contract.problems("post", REFUNDS, {"payment_intent": "pi_1", "reason": "duplicate"}) == []
    assert contract.problems("post", "/v1/customers", {"name": "", "metadata": ""}) == []


class Recorder(sandbox_client.SandboxHTTPClient):
    """The sandbox, which refuses what breaks the contract, and a list of what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, dict]] = []

    def request(self, method, url, headers, post_data=None, **more):
        body, status, answer_headers = super().request(method, url, headers, post_data, **more)
        path = url.removeprefix("https://api.stripe.com").partition("?")[0]
        self.asked.append((method, path, dict(headers)))
        error = json.loads(body).get("error", {})
        assert not str(error.get("code", "")).startswith("parameter_"), error
        return body, status, answer_headers


@pytest.fixture
def recorder(monkeypatch):
    made = Recorder()
    monkeypatch.setattr(gateway, "http_client", lambda: made)
    gateway.forget_client()
    yield made
    gateway.forget_client()


def request_for(customer: str, card: str, **more) -> dict:
    return {
        "amount": 5_000, "currency": "usd", "customer": customer, "confirm": True, "payment_method": card,
        "description": "Invoice INV-1", "metadata": {"supportdesk": "ref"}, "return_url": "https://desk.example/x",
        "automatic_payment_methods": {"enabled": True}, **more,
    }  # fmt: skip


@pytest.mark.django_db
def test_every_verb_of_the_gateway_keeps_the_contract_and_its_key_goes_into_the_header(recorder):
    """And traps B11: the key is an option, so it is the header and never in the body."""
    customer = gateway.make_customer(name="Lakeview", email="ap@school.example", reference="ref", key="k1")
    card, asks = card_token(), card_token("4000002760003184")
    gateway.set_default_card(customer_id=customer, card_id=card, key="k2")
    setup = gateway.start_setup(
        request={"customer": customer, "usage": "off_session", "confirm": True, "payment_method": card,
                 "automatic_payment_methods": {"enabled": True}, "return_url": "https://desk.example/x",
                 "metadata": {"supportdesk": "ref"}},
        key="k3",
    )  # fmt: skip
    gateway.setup(setup.id)
    gateway.card(card)
    paid = gateway.start_payment(request=request_for(customer, card, setup_future_usage="off_session"), key="k4")
    waiting = gateway.start_payment(request=request_for(customer, asks), key="k5")
    gateway.cancel_payment(waiting.id, key="k6")
    failed = gateway.start_payment(request=request_for(customer, card_token("4000000000000002")), key="k7")
    gateway.confirm_payment(
        failed.id, request={"payment_method": card, "return_url": "https://desk.example/x"}, key="k8"
    )
    gateway.payment(paid.id)
    assert gateway.payment_of_charge(paid.charge_id) == paid.id
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    assert gateway.find_payment(customer_id=customer, reference="ref", since=long_ago) is not None
    refund = gateway.refund(intent_id=paid.id, amount=100, reference="r", key="k9")
    gateway.refund_by_id(refund.id)
    gateway.refunds_of(paid.id)
    assert list(gateway.events_since(long_ago))
    for number, verb in (("a", gateway.answer_dispute), ("b", gateway.accept_dispute)):
        disputed(paid.charge_id, number)
        more = {"words": "delivered"} if verb is gateway.answer_dispute else {}
        verb(f"dp_sbx{number}", key=f"dispute:{number}", **more)
        gateway.dispute(f"dp_sbx{number}")
    gateway.detach_card(card_id=card, key="k10")

    posts = [(path, headers["Idempotency-Key"]) for method, path, headers in recorder.asked if method == "post"]
    assert [key for path, key in posts if path != "/v1/payment_methods"] == [
        "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9", "dispute:a", "dispute:b", "k10",
    ]  # fmt: skip


def test_no_verb_of_the_gateway_was_left_out():
    """A new verb has to be added to the test above."""
    said = inspect.getsource(test_every_verb_of_the_gateway_keeps_the_contract_and_its_key_goes_into_the_header)
    said += inspect.getsource(card_token)
    makes_no_request = {"client", "forget_client", "http_client", "read_event"}
    verbs = {
        name for name, one in vars(gateway).items()
        if inspect.isfunction(one) and one.__module__ == gateway.__name__ and not name.startswith("_")
    } - makes_no_request  # fmt: skip

    assert {name for name in verbs if f"gateway.{name}" not in said} == set()


def disputed(charge: str, number: str) -> None:
    body = {
        "id": f"dp_sbx{number}", "object": "dispute", "amount": 100, "currency": "usd", "charge": charge,
        "payment_intent": "pi_1", "status": "needs_response", "created": 1_700_000_000, "reason": "fraudulent",
        "metadata": {}, "livemode": False, "is_charge_refundable": False, "evidence_details": {"due_by": None},
    }  # fmt: skip
    SandboxObject.objects.create(
        key=body["id"], kind="dispute", body=body, created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )  # fmt: skip


@pytest.mark.django_db
def test_what_is_not_there_is_gone(recorder):
    for ask in (gateway.payment, gateway.refund_by_id, gateway.dispute, gateway.card, gateway.setup):
        with pytest.raises(Gone):
            ask("pi_nothing")


CLASSES = {
    "customer": sdk.Customer, "payment_method": sdk.PaymentMethod, "setup_intent": sdk.SetupIntent,
    "payment_intent": sdk.PaymentIntent, "charge": sdk.Charge, "refund": sdk.Refund, "dispute": sdk.Dispute,
    "event": sdk.Event,
}  # fmt: skip


def unknown_attributes(body: dict, known: type, path: str) -> list[str]:
    """Attributes of an answer, at any depth, that the SDK's class does not name."""
    names = {name for each in known.__mro__ for name in vars(each).get("__annotations__", {})}
    inner = getattr(known, "_inner_class_types", {})
    found = []
    for name, value in body.items():
        if name not in names:
            found.append(f"{path}.{name}")
        elif isinstance(value, dict) and name in inner:
            found += unknown_attributes(value, inner[name], f"{path}.{name}")
    return found


@pytest.mark.django_db
def test_the_sandbox_answers_with_nothing_that_the_sdk_does_not_know(recorder):
    customer = gateway.make_customer(name="Lakeview", email="", reference="ref", key="a")
    card = card_token(postal_code="43331")
    gateway.start_setup(request={"customer": customer, "confirm": True, "payment_method": card}, key="b")
    paid = gateway.start_payment(request=request_for(customer, card), key="c")
    gateway.start_payment(request=request_for(customer, card_token("4100000000000019")), key="d")
    gateway.start_payment(request=request_for(customer, card_token("4000002760003184")), key="e")
    gateway.refund(intent_id=paid.id, amount=100, reference="r", key="f")
    disputed(paid.charge_id, "c")

    rows = SandboxObject.objects.all()
    assert {row.kind for row in rows} == set(CLASSES)
    assert [wrong for row in rows for wrong in unknown_attributes(row.body, CLASSES[row.kind], row.kind)] == []
    for row in rows.filter(kind="payment_intent"):
        error = row.body["last_payment_error"] or {}
        assert set(error) <= set(sdk.PaymentIntent.LastPaymentError.__annotations__)
