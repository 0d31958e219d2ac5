"""Customers, cards and saving a card, as the sandbox does them."""

import re
from datetime import date

from django.utils import timezone

from billing.gateways.sandbox import cards, store
from billing.gateways.sandbox.store import Body, Params
from billing.models import SandboxObject

USE_A_TEST_CARD = "This is a sandbox: no real card is taken here. Use one of the published test cards."
_DIGITS = re.compile(r"[\s-]")


def create_customer(params: Params) -> Body:
    body = {
        "name": params.get("name"), "email": params.get("email"), "metadata": params.get("metadata") or {},
        "livemode": False, "invoice_settings": {"default_payment_method": None},
    }  # fmt: skip
    return store.new("customer", "cus", body).body


def change_customer(key: str, params: Params) -> Body:
    customer = store.get(key, "customer")
    changes = {name: value for name, value in params.items() if name in ("name", "email", "metadata")}
    if settings := params.get("invoice_settings"):
        changes["invoice_settings"] = customer.body["invoice_settings"] | settings
    return store.save(customer, **changes).body


def retrieve_customer(key: str, params: Params) -> Body:
    return store.get(key, "customer").body


def create_payment_method(params: Params) -> Body:
    """A card that was typed. Only the published numbers are known here."""
    typed = params.get("card") or {}
    number = _DIGITS.sub("", str(typed.get("number", "")))
    card = cards.published().get(number)
    if card is None:
        raise store.card_error("testmode_decline", USE_A_TEST_CARD, decline_code="testmode_decline")
    if not cards.passes_luhn(number):
        raise store.card_error("incorrect_number", "Your card number is incorrect.", param="number")
    _refuse_wrong_details(card, typed)
    details = {
        "brand": card.brand, "last4": number[-4:], "fingerprint": cards.fingerprint_of(number),
        "exp_month": int(typed["exp_month"]),
        "exp_year": int(typed["exp_year"]), "country": card.country, "funding": "credit",
        "checks": {"cvc_check": "unchecked", "address_postal_code_check": None, "address_line1_check": None},
    }  # fmt: skip
    address = (params.get("billing_details") or {}).get("address") or {}
    body = {
        "type": "card", "customer": None, "card": details, "metadata": params.get("metadata") or {}, "livemode": False,
        "billing_details": {"address": {"postal_code": address.get("postal_code")}, "email": None, "name": None},
    }  # fmt: skip
    hidden = {"number": number, "has_cvc": bool(typed.get("cvc")), "is_saved": False}
    return store.new("payment_method", "pm", body, hidden=hidden).body


def retrieve_payment_method(key: str, params: Params) -> Body:
    return store.get(key, "payment_method").body


def attach(key: str, params: Params) -> Body:
    store.get(params["customer"], "customer", param="customer")
    return attached(store.get(key, "payment_method"), params["customer"]).body


def attached(method: SandboxObject, customer: str) -> SandboxObject:
    """Keep the card with the customer; with another one it stays for ever."""
    if method.hidden.get("is_detached"):
        raise store.bad_request("This PaymentMethod was previously used without being attached, or was detached.")
    if method.body["customer"] == customer:
        return method
    if method.body["customer"]:
        raise store.bad_request("This PaymentMethod has already been attached to another customer.")
    store.save(method, customer=customer)
    store.emit("payment_method.attached", method)
    return method


def detach(key: str, params: Params) -> Body:
    method = store.get(key, "payment_method")
    if not method.body["customer"]:
        raise store.bad_request("The payment method you provided is not attached to a customer.")
    method.hidden["is_detached"] = True
    store.save(method, customer=None)
    store.emit("payment_method.detached", method)
    return method.body


def create_setup_intent(params: Params) -> Body:
    body = {
        "customer": params.get("customer"), "payment_method": params.get("payment_method"),
        "status": "requires_payment_method", "usage": params.get("usage") or "off_session", "next_action": None,
        "last_setup_error": None, "metadata": params.get("metadata") or {}, "livemode": False,
        "client_secret": None, "latest_attempt": None,
    }  # fmt: skip
    if params.get("customer"):
        store.get(params["customer"], "customer", param="customer")
    intent = store.new("setup_intent", "seti", body, hidden={"return_url": params.get("return_url", "")})
    if params.get("confirm") == "true":
        _confirm_setup(intent)
    return store.expanded(intent.body, params)


def retrieve_setup_intent(key: str, params: Params) -> Body:
    return store.expanded(store.get(key, "setup_intent").body, params)


def cancel_setup_intent(key: str, params: Params) -> Body:
    intent = store.get(key, "setup_intent")
    if intent.body["status"] in ("succeeded", "canceled"):
        raise store.bad_request("This SetupIntent is finished.", code="setup_intent_unexpected_state")
    return store.save(intent, status="canceled", next_action=None).body


def answer_setup(intent: SandboxObject, *, is_approved: bool) -> None:
    """What the bank's customer said on the bank's page."""
    if is_approved:
        _keep(intent, _method_of(intent))
        return
    message = "We are unable to authenticate your payment method. Please choose a different payment method."
    _setup_failed(intent, code="setup_intent_authentication_failure", message=message)


def _confirm_setup(intent: SandboxObject) -> None:
    method = _method_of(intent)
    card = cards.published()[method.hidden["number"]]
    if not card.can_be_saved:
        message = "Your card was declined."
        raise _setup_failed(intent, code=card.code, decline_code=card.decline_code or None, message=message)
    if card.asks_before_it_is_saved:
        url = {"url": f"/sandbox/3ds/{intent.key}/", "return_url": intent.hidden["return_url"]}
        action = {"type": "redirect_to_url", "redirect_to_url": url}
        store.save(intent, status="requires_action", next_action=action)
        store.emit("setup_intent.requires_action", intent)
        return
    _keep(intent, method)


def _keep(intent: SandboxObject, method: SandboxObject) -> None:
    method.hidden["is_saved"] = True
    method.body["card"]["checks"]["cvc_check"] = "pass"
    store.save(method)
    if intent.body["customer"]:
        attached(method, intent.body["customer"])
    store.save(intent, status="succeeded", next_action=None, last_setup_error=None)
    store.emit("setup_intent.succeeded", intent)


def _setup_failed(intent: SandboxObject, **error: str | None) -> store.Fault:
    told = {"type": "card_error", **{name: value for name, value in error.items() if value}}
    store.save(intent, status="requires_payment_method", next_action=None, last_setup_error=told)
    store.emit("setup_intent.setup_failed", intent)
    return store.Fault(402, **told, setup_intent=intent.body)


def _method_of(intent: SandboxObject) -> SandboxObject:
    key = intent.body["payment_method"]
    if not key:
        raise store.bad_request("You cannot confirm this SetupIntent because it's missing a payment method.")
    return store.get(key, "payment_method", param="payment_method")


def _refuse_wrong_details(card: cards.TestCard, typed: Params) -> None:
    today: date = timezone.now().date()
    month, year = int(typed.get("exp_month", 0)), int(typed.get("exp_year", 0))
    if not 1 <= month <= 12:
        raise store.card_error("invalid_expiry_month", "Your card's expiration month is invalid.", param="exp_month")
    if not (today.year, today.month) <= (year, month) or year > today.year + 50:
        raise store.card_error("invalid_expiry_year", "Your card's expiration year is invalid.", param="exp_year")
    cvc = typed.get("cvc")
    if cvc and not (str(cvc).isascii() and str(cvc).isdigit() and len(str(cvc)) == card.cvc_digits):
        raise store.card_error("invalid_cvc", "Your card's security code is invalid.", param="cvc")
