"""The one door to Stripe: every request that we make, and every post that we believe. Nothing else imports the SDK.

With no key set, the same SDK asks the sandbox. Keys for idempotency go into the options: inside the parameters they
type-check, and would be sent in the body beside a random key (trap B11).
"""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import stripe
from django.conf import settings
from django.db import transaction
from stripe import RequestOptions
from stripe.params import (
    CustomerCreateParams,
    CustomerUpdateParams,
    DisputeUpdateParams,
    EventListParams,
    PaymentIntentCancelParams,
    PaymentIntentListParams,
    PaymentIntentRetrieveParams,
    PaymentMethodCreateParams,
    RefundCreateParams,
    RefundListParams,
)

from billing.gateways import keys, reading
from billing.gateways.facts import (
    BadEvent,
    CardFacts,
    DisputeFacts,
    EventFacts,
    Gone,
    IntentFacts,
    NotKnown,
    ProviderRefused,
    RefundFacts,
    SetupFacts,
)
from billing.gateways.sandbox.client import SandboxHTTPClient

logging.getLogger("stripe").setLevel(logging.WARNING)  # a line for every request says nothing to an operator
stripe.enable_telemetry = False  # it would write a file into somebody's home and report this machine

CONNECT_SECONDS, ANSWER_SECONDS = 2.0, 7.0
RETRIES = 1
RETRY_WITHIN_SECONDS = 2.0  # a request that hung is not made again: the caller has waited enough (F10)
TOLERANCE = timedelta(minutes=5)
EXPAND = {"expand": ["latest_charge"]}
LATER = ("lock_timeout", "rate_limit", "idempotency_key_in_use")


class PromptClient(stripe.RequestsClient):
    """Retries what fails at once, and nothing that took its time, so that no caller waits ten seconds."""

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        """As the SDK's own, but what hung is not tried again."""
        began_at = time.monotonic()
        try:
            return super().request(method, url, headers, post_data)
        except stripe.APIConnectionError as error:
            if time.monotonic() - began_at > RETRY_WITHIN_SECONDS:
                error.should_retry = False
            raise


def http_client() -> stripe.HTTPClient:
    """Where requests go: over the network with a key, into our own tables without."""
    if keys.is_sandbox():
        return SandboxHTTPClient()
    return PromptClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS))


@cache
def _client(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key or "sk_test_sandbox",
        http_client=http_client(),
        max_network_retries=RETRIES,
        base_addresses={"api": base} if base else None,
    )


def client() -> stripe.StripeClient:
    """The SDK's client for the keys that are set."""
    return _client("" if keys.is_sandbox() else settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


def forget_client() -> None:
    """Make a new client with the next request: settings have changed."""
    _client.cache_clear()


# Customers and cards.


def make_customer(*, name: str, email: str, reference: str, key: str) -> str:
    """A customer at the provider; its id."""
    params: CustomerCreateParams = {"name": name[:256], "metadata": {reading.REFERENCE: reference}}
    if email:
        params["email"] = email
    with _words():
        return client().v1.customers.create(params, _under(key)).id


def set_default_card(*, customer_id: str, card_id: str, key: str) -> None:
    """The card that pays where nobody names one. Ours do name one; this keeps the provider's own pages right."""
    params: CustomerUpdateParams = {"invoice_settings": {"default_payment_method": card_id}}
    with _words():
        client().v1.customers.update(customer_id, params, _under(key))


def make_sandbox_card(*, number: str, exp_month: int, exp_year: int, cvc: str, postal_code: str = "") -> CardFacts:
    """A card from our own form, which exists in the sandbox alone: with a key, numbers never reach this server."""
    if not keys.is_sandbox():
        raise RuntimeError("Card numbers are taken in the sandbox only.")
    params: PaymentMethodCreateParams = {
        "type": "card",
        "card": {"number": number, "exp_month": exp_month, "exp_year": exp_year, "cvc": cvc},
    }
    if postal_code:
        params["billing_details"] = {"address": {"postal_code": postal_code}}
    with _words():
        return reading.card(client().v1.payment_methods.create(params))


def card(card_id: str) -> CardFacts:
    with _words():
        return reading.card(client().v1.payment_methods.retrieve(card_id))


def detach_card(*, card_id: str, key: str) -> None:
    """Let the provider forget a card. One that is forgotten already is fine."""
    try:
        with _words():
            client().v1.payment_methods.detach(card_id, None, _under(key))
    except Gone:
        return
    except ProviderRefused as refusal:
        if "not attached" not in str(refusal):
            raise


def start_setup(*, request: Mapping[str, Any], key: str) -> SetupFacts:
    """Keep a card. `request` as `setup_request` made it. A card that is refused is an answer, not an error."""
    params: Any = {**request, "expand": ["payment_method"]}
    try:
        with _words():
            return reading.setup(client().v1.setup_intents.create(params, _under(key)))
    except _SetupDeclined as declined:
        return setup(declined.intent_id)


def setup(setup_id: str) -> SetupFacts:
    with _words():
        return reading.setup(client().v1.setup_intents.retrieve(setup_id, {"expand": ["payment_method"]}))


# Payments.


def start_payment(*, request: Mapping[str, Any], key: str) -> IntentFacts:
    """Ask for money. A decline is an answer, not an error. Raises NotKnown, ProviderRefused."""
    params: Any = {**request, **EXPAND}
    try:
        with _words():
            return reading.intent(client().v1.payment_intents.create(params, _under(key)))
    except _PaymentDeclined as declined:
        return payment(declined.intent_id)


def confirm_payment(intent_id: str, *, request: Mapping[str, Any], key: str) -> IntentFacts:
    """Try the same intent again, with another card or with its owner present."""
    params: Any = {**request, **EXPAND}
    try:
        with _words():
            return reading.intent(client().v1.payment_intents.confirm(intent_id, params, _under(key)))
    except _PaymentDeclined as declined:
        return payment(declined.intent_id)


def cancel_payment(intent_id: str, *, key: str) -> IntentFacts:
    """Give an unfinished payment up. Answers what it is then: it may have been paid in that very moment."""
    params: PaymentIntentCancelParams = {"expand": ["latest_charge"], "cancellation_reason": "abandoned"}
    try:
        with _words():
            return reading.intent(client().v1.payment_intents.cancel(intent_id, params, _under(key)))
    except ProviderRefused as refusal:
        if refusal.code == "payment_intent_unexpected_state":
            return payment(intent_id)
        raise


def payment(intent_id: str) -> IntentFacts:
    """What became of it. Never from a page: a worker asks."""
    params: PaymentIntentRetrieveParams = {"expand": ["latest_charge"]}
    with _words():
        return reading.intent(client().v1.payment_intents.retrieve(intent_id, params))


def payment_of_charge(charge_id: str) -> str:
    """The intent to which a charge belongs; "" where it has none."""
    with _words():
        return reading.key_of(reading.at(client().v1.charges.retrieve(charge_id), "payment_intent"))


def find_payment(*, customer_id: str, reference: str, since: datetime) -> IntentFacts | None:
    """The payment that carries our reference, looked for by its owner: keys are forgotten after a day (B8)."""
    params: PaymentIntentListParams = {
        "customer": customer_id,
        "created": {"gte": int(since.timestamp())},
        "limit": 100,
    }
    with _words():
        for one in client().v1.payment_intents.list(params).auto_paging_iter():
            if reading.text(one, "metadata", reading.REFERENCE) == reference:
                return payment(one.id)
    return None


# Refunds and disputes.


def refund(*, intent_id: str, amount: int, reference: str, key: str) -> RefundFacts:
    """Send money back to the card that paid, and nowhere else (R99). Raises NotKnown, ProviderRefused."""
    params: RefundCreateParams = {
        "payment_intent": intent_id,
        "amount": amount,
        "reason": "requested_by_customer",
        "metadata": {reading.REFERENCE: reference},
    }
    with _words():
        return reading.refund(client().v1.refunds.create(params, _under(key)))


def refund_by_id(refund_id: str) -> RefundFacts:
    with _words():
        return reading.refund(client().v1.refunds.retrieve(refund_id))


def refunds_of(intent_id: str) -> list[RefundFacts]:
    """Every refund of a payment, newest first."""
    params: RefundListParams = {"payment_intent": intent_id, "limit": 100}
    with _words():
        return [reading.refund(one) for one in client().v1.refunds.list(params).auto_paging_iter()]


def dispute(dispute_id: str) -> DisputeFacts:
    with _words():
        return reading.dispute(client().v1.disputes.retrieve(dispute_id))


def answer_dispute(dispute_id: str, *, words: str, key: str) -> DisputeFacts:
    """Send what speaks for us to the bank. It can be sent once."""
    params: DisputeUpdateParams = {"evidence": {"uncategorized_text": words}, "submit": True}
    with _words():
        return reading.dispute(client().v1.disputes.update(dispute_id, params, _under(key)))


def accept_dispute(dispute_id: str, *, key: str) -> DisputeFacts:
    """Give the money up."""
    with _words():
        return reading.dispute(client().v1.disputes.close(dispute_id, None, _under(key)))


# Events.


def read_event(payload: bytes, signature: str, *, now: datetime) -> EventFacts:
    """A post to our address, if it is the provider's word and of now. Raises BadEvent (S34).

    The SDK refuses what is older than five minutes and takes what is an hour ahead, so that is looked at here.
    """
    try:
        stripe.WebhookSignature.verify_header(payload, signature, keys.webhook_secret(), None)
        said_at = datetime.fromtimestamp(int(dict(_pairs(signature))["t"]), tz=UTC)
        body = json.loads(payload)
    except (stripe.SignatureVerificationError, ValueError, KeyError, OverflowError, OSError, RecursionError) as error:
        raise BadEvent("This is not signed by the provider.") from error
    if abs(now - said_at) > TOLERANCE:
        raise BadEvent("This was signed at another time.")
    try:
        event = _event(body)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise BadEvent("This is no event.") from error
    if event.is_live != keys.is_live():
        raise BadEvent("This event is of the other mode, test or live.")
    return event


def events_since(at: datetime) -> Iterator[EventFacts]:
    """Every event from `at` on, newest first; the provider keeps them for 30 days (F14)."""
    params: EventListParams = {"created": {"gte": int(at.timestamp())}, "limit": 100}
    with _words():
        for one in client().v1.events.list(params).auto_paging_iter():
            yield _event(one.to_dict())


def _event(body: Mapping[str, Any]) -> EventFacts:
    if body.get("object") != "event" or not isinstance(body["livemode"], bool):
        raise ValueError("not an event")
    about = body["data"]["object"]
    related = {name: about[name] for name in ("payment_intent", "charge") if isinstance(about.get(name), str)}
    return EventFacts(
        id=_short(body["id"]),
        type=_short(body["type"], 80),
        object_id=_short(about.get("id") or ""),
        is_live=body["livemode"],
        happened_at=datetime.fromtimestamp(int(body["created"]), tz=UTC),
        related=related,
    )


def _short(value: Any, longest: int = 255) -> str:
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise ValueError("not a short text")
    return value


def _pairs(signature: str) -> Iterator[tuple[str, str]]:
    for part in reversed(signature.split(",")):
        name, _, value = part.partition("=")
        yield name.strip(), value


# Errors.


class _Declined(Exception):
    def __init__(self, intent_id: str) -> None:
        super().__init__(intent_id)
        self.intent_id = intent_id


class _PaymentDeclined(_Declined):
    pass


class _SetupDeclined(_Declined):
    pass


class _words:
    """Turns the SDK's errors into ours, and keeps requests out of transactions."""

    def __enter__(self) -> None:
        with transaction.atomic(durable=True):  # raises inside another one; by itself it costs nothing
            pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, stripe.StripeError):
            raise _ours(error) from error


def _ours(error: stripe.StripeError) -> Exception:
    code, told = error.code or "", error.error
    words = error.user_message or str(error) or type(error).__name__
    if isinstance(error, stripe.APIConnectionError | stripe.RateLimitError) or (error.http_status or 500) >= 500:
        return NotKnown(words)
    if code in LATER or error.http_status == 409:
        return NotKnown(words)
    if isinstance(error, stripe.CardError):
        if intent_id := reading.key_of(reading.at(told, "payment_intent")):
            return _PaymentDeclined(intent_id)
        if intent_id := reading.key_of(reading.at(told, "setup_intent")):
            return _SetupDeclined(intent_id)
        return ProviderRefused(code, words, decline=reading.decline(told, None))
    if code == "resource_missing":
        return Gone(code, words)
    return ProviderRefused(code or type(error).__name__, words)


def _under(key: str) -> RequestOptions:
    return {"idempotency_key": key}
