"""Payment intents and charges, as the sandbox does them: paid, declined, blocked, or asked about by a bank."""

import secrets

from billing.gateways.sandbox import cards, customers, store
from billing.gateways.sandbox.store import Body, Params
from billing.models import SandboxObject

LEAST, MOST = 50, 99_999_999
DISPUTE_AFTER = 5
CANCELLABLE = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture", "processing")


def create(params: Params) -> Body:
    """A new intent, confirmed at once when `confirm` says so."""
    amount = int(params["amount"])
    if amount < LEAST:
        message = f"Amount must be at least {LEAST} of the smallest units."
        raise store.bad_request(message, code="amount_too_small", param="amount")
    if amount > MOST:
        raise store.bad_request("Amount must be no more than 99999999.", code="amount_too_large", param="amount")
    if params.get("customer"):
        store.get(params["customer"], "customer", param="customer")
    body = {
        "amount": amount, "amount_received": 0, "amount_capturable": 0, "currency": params["currency"],
        "customer": params.get("customer"), "payment_method": None, "status": "requires_payment_method",
        "latest_charge": None, "last_payment_error": None, "next_action": None, "client_secret": None,
        "description": params.get("description"), "receipt_email": params.get("receipt_email"),
        "setup_future_usage": params.get("setup_future_usage"), "metadata": params.get("metadata") or {},
        "livemode": False, "canceled_at": None, "cancellation_reason": None, "capture_method": "automatic",
    }  # fmt: skip
    intent = store.new("payment_intent", "pi", body, hidden={"return_url": "", "tries": 0})
    _take(intent, params)
    if params.get("confirm") == "true":
        _confirm(intent, params)
    return store.expanded(intent.body, params)


def confirm(key: str, params: Params) -> Body:
    """Try an intent (again)."""
    intent = store.get(key, "payment_intent")
    if intent.body["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise _unexpected(intent, "confirm")
    _take(intent, params)
    _confirm(intent, params)
    return store.expanded(intent.body, params)


def cancel(key: str, params: Params) -> Body:
    intent = store.get(key, "payment_intent")
    if intent.body["status"] not in CANCELLABLE:
        raise _unexpected(intent, "cancel")
    store.save(
        intent, status="canceled", next_action=None, cancellation_reason=params.get("cancellation_reason"),
        canceled_at=intent.body["created"],
    )  # fmt: skip
    store.emit("payment_intent.canceled", intent)
    return store.expanded(intent.body, params)


def retrieve(key: str, params: Params) -> Body:
    return store.expanded(store.get(key, "payment_intent").body, params)


def list_intents(params: Params) -> Body:
    columns = {"customer_key": params["customer"]} if "customer" in params else {}
    return store.listed("payment_intent", params, url="/v1/payment_intents", **columns)


def retrieve_charge(key: str, params: Params) -> Body:
    return store.expanded(store.get(key, "charge").body, params)


def answer(intent: SandboxObject, *, is_approved: bool) -> None:
    """What the bank's customer said on the bank's page: the charge follows, or nothing does."""
    method = store.get(intent.body["payment_method"], "payment_method")
    if is_approved:
        store.save(intent, next_action=None)
        try:
            _charge(intent, method, was_asked=True)
        except store.Fault:  # told by event, as a bank's page does not wait for it
            return
        return
    message = "The provided PaymentMethod has failed authentication."
    told = {
        "type": "invalid_request_error", "code": "payment_intent_authentication_failure", "message": message,
        "payment_method": method.body,
    }  # fmt: skip
    store.save(intent, status="requires_payment_method", next_action=None, payment_method=None, last_payment_error=told)
    store.emit("payment_intent.payment_failed", intent)


def _take(intent: SandboxObject, params: Params) -> None:
    key = params.get("payment_method")
    if key:
        method = store.get(key, "payment_method", param="payment_method")
        if method.hidden.get("is_detached"):
            raise store.bad_request("This PaymentMethod was detached and may not be used again.")
        if method.body["customer"] and method.body["customer"] != intent.body["customer"]:
            raise store.bad_request("The customer does not own this payment method.", param="payment_method")
        store.save(intent, payment_method=key, status="requires_confirmation")
    intent.hidden["return_url"] = params.get("return_url") or intent.hidden["return_url"]
    intent.save(update_fields=["hidden"])


def _confirm(intent: SandboxObject, params: Params) -> None:
    if not intent.body["payment_method"]:
        raise store.bad_request(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    method = store.get(intent.body["payment_method"], "payment_method")
    card = cards.published()[method.hidden["number"]]
    if card.asks(was_saved=method.hidden["is_saved"]):
        if params.get("off_session") == "true":
            raise _refused(intent, method, code="authentication_required", decline_code="authentication_required")
        address = {"url": f"/sandbox/3ds/{intent.key}/", "return_url": intent.hidden["return_url"]}
        action = {"type": "redirect_to_url", "redirect_to_url": address}
        store.save(intent, status="requires_action", next_action=action)
        store.emit("payment_intent.requires_action", intent)
        return
    _charge(intent, method, was_asked=False)


def _charge(intent: SandboxObject, method: SandboxObject, *, was_asked: bool) -> None:
    card = cards.published()[method.hidden["number"]]
    if card.reason:
        raise _refused(intent, method, code=card.code, decline_code=card.decline_code)
    charge = _new_charge(intent, method, was_asked=was_asked)
    if intent.body["setup_future_usage"] == "off_session" and intent.body["customer"]:
        method.hidden["is_saved"] = True
        store.save(method)
        customers.attached(method, intent.body["customer"])
    store.save(
        intent, status="succeeded", amount_received=intent.body["amount"], latest_charge=charge.key,
        next_action=None, last_payment_error=None,
    )  # fmt: skip
    store.emit("charge.succeeded", charge)
    store.emit("payment_intent.succeeded", intent)
    if card.number == cards.DISPUTED:
        store.later("dispute", charge, seconds=DISPUTE_AFTER)


def _refused(intent: SandboxObject, method: SandboxObject, *, code: str, decline_code: str) -> store.Fault:
    charge = _new_charge(intent, method, code=code, decline_code=decline_code)
    outcome = charge.body["outcome"]
    told = {
        "type": "card_error", "code": code, "decline_code": decline_code or None, "charge": charge.key,
        "message": charge.body["failure_message"], "advice_code": outcome["advice_code"],
        "network_decline_code": outcome["network_decline_code"], "payment_method": method.body,
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
    }  # fmt: skip
    told = {name: value for name, value in told.items() if value is not None}
    store.save(
        intent, status="requires_payment_method", payment_method=None, next_action=None, latest_charge=charge.key,
        last_payment_error=told,
    )  # fmt: skip
    store.emit("charge.failed", charge)
    store.emit("payment_intent.payment_failed", intent)
    return store.Fault(402, **told, payment_intent=dict(intent.body))


def _new_charge(
    intent: SandboxObject, method: SandboxObject, *, code: str = "", decline_code: str = "", was_asked: bool = False
) -> SandboxObject:
    intent.hidden["tries"] += 1
    has_failed = bool(code)
    body = {
        "amount": intent.body["amount"], "amount_captured": 0 if has_failed else intent.body["amount"],
        "amount_refunded": 0, "refunded": False, "captured": not has_failed, "paid": not has_failed,
        "currency": intent.body["currency"], "customer": intent.body["customer"], "disputed": False,
        "payment_intent": intent.key, "payment_method": method.key, "status": "failed" if has_failed else "succeeded",
        "failure_code": code or None, "failure_message": "Your card was declined." if has_failed else None,
        "outcome": _outcome(method.hidden["number"], code, decline_code), "metadata": intent.body["metadata"],
        "payment_method_details": {"type": "card", "card": _card_details(method, has_failed, was_asked)},
        "receipt_email": intent.body["receipt_email"], "livemode": False, "description": intent.body["description"],
    }  # fmt: skip
    return store.new("charge", "ch", body)


def _outcome(number: str, code: str, decline_code: str) -> Body:
    reason = decline_code or code
    blocked = number == cards.BLOCKED
    message = "Payment complete."
    if blocked:
        message = "Stripe blocked this payment as too risky."
    elif reason:
        message = f"The bank returned the decline code `{reason}`."
    return {
        "type": "blocked" if blocked else "issuer_declined" if reason else "authorized",
        "network_status": "not_sent_to_network" if blocked else "declined_by_network" if reason else
        "approved_by_network",
        "reason": "highest_risk_level" if blocked else reason or None,
        "risk_level": "highest" if blocked else "normal", "risk_score": 92 if blocked else 14,
        "seller_message": message, "rule": None,
        "network_decline_code": None if blocked else cards.NETWORK_CODES.get(reason),
        "network_advice_code": None, "advice_code": None if blocked else cards.ADVICE.get(reason),
    }  # fmt: skip


def _card_details(method: SandboxObject, has_failed: bool, was_asked: bool) -> Body:
    number, known = method.hidden["number"], method.body["card"]
    has_zip = bool(method.body["billing_details"]["address"]["postal_code"])
    cvc = "fail" if number == cards.WRONG_CVC or number.endswith("0127") else "pass"
    return {
        "brand": known["brand"], "last4": known["last4"], "exp_month": known["exp_month"],
        "exp_year": known["exp_year"], "country": known["country"], "funding": known["funding"],
        "network": known["brand"], "fingerprint": cards.fingerprint_of(number),
        "checks": {
            "cvc_check": "unchecked" if number == cards.BLOCKED else cvc if method.hidden["has_cvc"] else None,
            "address_postal_code_check": None if not has_zip else "fail" if number == cards.WRONG_ZIP else "pass",
            "address_line1_check": None,
        },
        "three_d_secure": {"result": "authenticated", "version": "2.2.0"} if was_asked else None,
        "authorization_code": None if has_failed else secrets.token_hex(3).upper(),
    }  # fmt: skip


def _unexpected(intent: SandboxObject, verb: str) -> store.Fault:
    message = f"You cannot {verb} this PaymentIntent because it has a status of {intent.body['status']}."
    return store.bad_request(message, code="payment_intent_unexpected_state", payment_intent=dict(intent.body))
