"""Turns the SDK's objects into facts. They are no dicts since SDK 15: an attribute that is not there raises."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from billing.gateways.facts import CardFacts, DeclineFacts, DisputeFacts, IntentFacts, RefundFacts, SetupFacts

REFERENCE = "supportdesk"  # the name under which our own reference goes along


def at(one: Any, *names: str) -> Any:
    """The attribute at the end of a path, or None where the path ends early."""
    for name in names:
        if one is None or isinstance(one, str):
            return None
        one = getattr(one, name, None)
    return one


def text(one: Any, *names: str) -> str:
    """As `at`, as text."""
    value = at(one, *names)
    return "" if value is None else str(value)


def key_of(one: Any) -> str:
    """The id of an object that may have been expanded."""
    return one if isinstance(one, str) else text(one, "id")


def moment(seconds: Any) -> datetime | None:
    """A time that is counted in seconds."""
    return datetime.fromtimestamp(int(seconds), tz=UTC) if seconds else None


def card(method: Any) -> CardFacts:
    """Of a payment method."""
    if method is None or isinstance(method, str):
        return CardFacts(id=method or "")
    return _card(at(method, "card"), id=text(method, "id"), customer=key_of(at(method, "customer")))


def _card(details: Any, *, id: str, customer: str = "") -> CardFacts:
    return CardFacts(
        id=id,
        brand=text(details, "brand"),
        funding=text(details, "funding"),
        last4=text(details, "last4"),
        fingerprint=text(details, "fingerprint"),
        exp_month=int(at(details, "exp_month") or 0),
        exp_year=int(at(details, "exp_year") or 0),
        country=text(details, "country"),
        customer=customer,
    )


def intent(one: Any) -> IntentFacts:
    """Of a payment intent whose `latest_charge` is expanded, where there is one."""
    charge = at(one, "latest_charge")
    details = at(charge, "payment_method_details", "card")
    error = at(one, "last_payment_error")
    method_id = key_of(at(charge, "payment_method")) or key_of(at(one, "payment_method"))
    known = _card(details, id=method_id) if details is not None else card(at(error, "payment_method"))
    return IntentFacts(
        id=one.id,
        status=one.status,
        amount=int(one.amount),
        amount_received=int(at(one, "amount_received") or 0),
        currency=str(one.currency).upper(),
        customer=key_of(at(one, "customer")),
        reference=_reference(one),
        next_url=text(one, "next_action", "redirect_to_url", "url"),
        charge_id=key_of(charge),
        card=known,
        keeps_card=text(one, "setup_future_usage") == "off_session",
        decline=decline(error, charge) if error is not None else None,
    )


def setup(one: Any) -> SetupFacts:
    """Of a setup intent whose `payment_method` is expanded."""
    error = at(one, "last_setup_error")
    return SetupFacts(
        id=one.id,
        status=one.status,
        customer=key_of(at(one, "customer")),
        reference=_reference(one),
        next_url=text(one, "next_action", "redirect_to_url", "url"),
        card=card(at(one, "payment_method")),
        decline=decline(error, None) if error is not None else None,
    )


def refund(one: Any) -> RefundFacts:
    return RefundFacts(
        id=one.id,
        status=text(one, "status"),
        amount=int(one.amount),
        currency=str(one.currency).upper(),
        intent_id=key_of(at(one, "payment_intent")),
        reference=_reference(one),
        failure=text(one, "failure_reason"),
        trace=text(one, "destination_details", "card", "reference"),
    )


def dispute(one: Any) -> DisputeFacts:
    return DisputeFacts(
        id=one.id,
        status=text(one, "status"),
        amount=int(one.amount),
        currency=str(one.currency).upper(),
        intent_id=key_of(at(one, "payment_intent")),
        reason=text(one, "reason"),
        opened_at=moment(one.created) or datetime.now(UTC),
        due_at=moment(at(one, "evidence_details", "due_by")),
    )


def decline(error: Any, charge: Any) -> DeclineFacts:
    """Of an error, with what the charge adds to it (B5): the outcome, the checks, the card's country."""
    outcome, details = at(charge, "outcome"), at(charge, "payment_method_details", "card")
    is_of_charge = bool(text(error, "charge")) and text(error, "charge") == text(charge, "id")
    if not is_of_charge:
        outcome = details = None
    checks = at(details, "checks")
    return DeclineFacts(
        code=text(error, "code") or "card_declined",
        decline_code=text(error, "decline_code"),
        advice_code=text(error, "advice_code") or text(outcome, "advice_code"),
        network_decline_code=text(error, "network_decline_code") or text(outcome, "network_decline_code"),
        network_advice_code=text(error, "network_advice_code") or text(outcome, "network_advice_code"),
        outcome_type=text(outcome, "type"),
        outcome_reason=text(outcome, "reason"),
        network_status=text(outcome, "network_status"),
        risk_level=text(outcome, "risk_level"),
        seller_message=text(outcome, "seller_message")[:500],
        cvc_check=text(checks, "cvc_check"),
        zip_check=text(checks, "address_postal_code_check"),
        line1_check=text(checks, "address_line1_check"),
        card_country=text(details, "country") or text(error, "payment_method", "card", "country"),
        charge_id=text(error, "charge"),
        raw=dict(_raw(error, outcome, details)),
    )


def _raw(error: Any, outcome: Any, details: Any) -> Iterable[tuple[str, str]]:
    """The provider's own words, by the path at which they stand."""
    for name in ("type", "message", "param", "doc_url", "request_log_url"):
        if value := text(error, name):
            yield name, value
    for name in ("risk_score", "rule"):
        value = key_of(at(outcome, name)) if name == "rule" else text(outcome, name)
        if value:
            yield f"outcome.{name}", value
    for name in ("funding", "network"):
        if value := text(details, name):
            yield f"card.{name}", value
    if value := text(details, "three_d_secure", "result"):
        yield "card.three_d_secure.result", value


def _reference(one: Any) -> str:
    metadata = at(one, "metadata")
    return text(metadata, REFERENCE)
