"""Card failures in words: what was said, what it means, what to do. One set of facts, three audiences (B5).

public    whoever holds the link to an invoice: the words for customers, never a reason that could help a thief
customer  signed in: everything, except where Stripe asks for silence (lost, stolen, fraudulent, blocked) and pickup
agent     every raw field, so that nobody has to open Stripe
The words stand in decline_codes.json.
"""

import json
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from django.utils import formats, timezone

from billing.models import Decline, Payment, Seller
from supportdesk.lib import money

Audience = Literal["public", "customer", "agent"]
FILE = Path(__file__).with_name("decline_codes.json")
COUNTRIES = {"CA": "Canada", "US": "the United States", "GB": "the United Kingdom"}
GENERIC = "generic_decline"
QUESTION_FAILED = ("payment_intent_authentication_failure", "setup_intent_authentication_failure")
CHECKS = (
    ("cvc_check", "cvc_check", "Security code"),
    ("zip_check", "address_postal_code_check", "ZIP code"),
    ("line1_check", "address_line1_check", "Street"),
)
NEVER_SENT = ("not_sent_to_network",)
NOT_BY_THE_BANK = ("blocked", "invalid")
ANSWER_IT = "Pay again below, and answer your bank's question on the page that follows."
USE_ANOTHER = "Use another card, or choose another way to pay below."
RAW = (
    ("code", "code"), ("decline_code", "decline_code"), ("advice_code", "outcome.advice_code"),
    ("network_decline_code", "outcome.network_decline_code"), ("network_advice_code", "outcome.network_advice_code"),
    ("outcome_type", "outcome.type"), ("outcome_reason", "outcome.reason"),
    ("network_status", "outcome.network_status"), ("risk_level", "outcome.risk_level"),
    ("seller_message", "outcome.seller_message"), ("cvc_check", "card.checks.cvc_check"),
    ("zip_check", "card.checks.address_postal_code_check"), ("line1_check", "card.checks.address_line1_check"),
    ("card_country", "card.country"), ("charge_id", "charge"),
)  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One line of what is known. `is_good` is None where it is neither good nor bad."""

    label: str
    value: str
    is_good: bool | None = None


@dataclass(frozen=True)
class Explained:
    """A refused card in words for one audience."""

    title: str
    heading: str
    message: str
    facts: tuple[Fact, ...]
    steps: tuple[str, ...]
    country: str
    canada_note: str
    is_canada_first: bool
    reaches_bank: bool
    not_charged: str
    tell_bank: str
    card: str
    field_error: str
    raw: tuple[Fact, ...] = ()
    agent_notes: tuple[str, ...] = ()
    retry: str = ""


class _Quiet(dict):
    def __missing__(self, name: str) -> str:
        return ""


@cache
def words() -> Mapping[str, Any]:
    """The file of our own wording."""
    return json.loads(FILE.read_text())


@cache
def _codes() -> Mapping[str, Mapping[str, Any]]:
    return {row["code"]: row for row in words()["decline_codes"]}


@cache
def _errors() -> Mapping[str, Mapping[str, Any]]:
    return {row["code"]: row for row in words()["error_codes"]}


def api_words(code: str, *, default: str = "") -> str:
    """What an error of the provider's API means, in a sentence; `default` for one that we have no words for."""
    row = _errors().get(code)
    if row and row["message"] and not row["use"]:
        return row["message"]
    known = _codes().get((row or {}).get("use") or code)
    return _said(known["customer_message"], {}) if known and "{" not in known["customer_message"] else default


def meaning(code: str, decline_code: str) -> Mapping[str, Any]:
    """The entry of our wording for what was answered: an unknown word means what a bank means that gives no reason."""
    for word in (decline_code, code):
        if word in _codes() and word != "card_declined":
            return _codes()[word]
        row = _errors().get(word)
        if row and word in QUESTION_FAILED:
            return {
                **_codes()[row["use"]],
                "title": "Your bank was not told that it is you",
                "customer_message": row["message"],
                "next_steps": [ANSWER_IT, *_codes()[row["use"]]["next_steps"][1:]],
            }
        if row and row["use"]:
            return _codes()[row["use"]]
        if row and row["audience"] == "customer" and row["message"]:
            return {**_codes()[GENERIC], "code": word, "title": "The payment did not go through",
                    "customer_message": row["message"], "next_steps": [USE_ANOTHER], "cross_border_likely": False,
                    "retry": "after_fix"}  # fmt: skip
        if word in words()["partner_codes"]:
            return {**_codes()[GENERIC], "code": word, "customer_message": words()["partner_codes"][word]}
    return _codes()[GENERIC]


def explain(decline: Decline, audience: Audience, *, tried: Iterable[Any] = ()) -> Explained:
    """Everything that this audience may know about a refusal. `tried` are the times at which it was tried before."""
    payment, seller = decline.payment, Seller.objects.filter(pk=1).first()
    entry = meaning(decline.code, decline.decline_code)
    is_hidden = audience != "agent" and (entry["reveal_to_customer"] == "generic")
    if is_hidden:
        entry = _codes()[GENERIC]
    gaps = _gaps(decline, payment, seller)
    never_sent = decline.network_status in NEVER_SENT or decline.outcome_type in NOT_BY_THE_BANK
    steps = _steps(entry, gaps, reaches_bank=not never_sent or is_hidden)
    return Explained(
        title=_said(entry["title"], gaps),
        heading=_heading(entry, is_hidden, never_sent),
        message=_said(entry["customer_message"], gaps),
        facts=tuple(_facts(decline, payment, entry, audience, is_hidden, never_sent, list(tried))),
        steps=steps,
        country=gaps["seller_country"],
        reaches_bank=not never_sent or is_hidden,
        canada_note=(seller.canada_note if seller else "") or _said(words()["cross_border_note"], gaps),
        is_canada_first=bool(entry["cross_border_likely"]),
        not_charged=words()["not_charged_note"],
        tell_bank="" if never_sent and not is_hidden else _said(
            "I am trying to pay {seller_name} in {seller_country}, {amount}, on {date}. Please allow it.", gaps
        ),
        card=decline.card_words or payment.card_words,
        field_error=_field_error(entry, decline.payment),
        raw=tuple(_raw(decline)) if audience == "agent" else (),
        agent_notes=tuple(_notes(decline, never_sent)) if audience == "agent" else (),
        retry=words()["retry_values"][entry["retry"]] if audience == "agent" else "",
    )  # fmt: skip


def _heading(entry: Mapping[str, Any], is_hidden: bool, never_sent: bool) -> str:
    if entry["category"] == "authentication" and not is_hidden:
        return "Your bank wants to know that it is you. Nothing was charged."
    if entry["category"] in ("details", "test") and not is_hidden:
        return f"{entry['title']}. Nothing was charged."
    if never_sent and not is_hidden:
        return "The payment was stopped before it reached your bank. Nothing was charged."
    return "Your bank declined the card. Nothing was charged."


def _steps(entry: Mapping[str, Any], gaps: Mapping[str, str], *, reaches_bank: bool) -> tuple[str, ...]:
    """What to do next. A bank that never saw the payment is no help, so nobody is sent there first."""
    found = [_said(step, gaps) for step in entry["next_steps"]]
    if not reaches_bank:
        found = [step for step in found if "number on the back" not in step and "call" not in step.lower()]
        found.insert(0, "Use another card. Your bank has not seen this payment, so it cannot say more about it.")
    if not any("another way to pay" in step or "bank transfer" in step for step in found):
        found.append(USE_ANOTHER)
    return tuple(dict.fromkeys(found))


def _facts(
    decline: Decline,
    payment: Payment,
    entry: Mapping[str, Any],
    audience: Audience,
    is_hidden: bool,
    never_sent: bool,
    tried: list[Any],
) -> Iterable[Fact]:
    answer = _said(entry["title"], {"currency": payment.currency})
    if audience != "public" and not is_hidden:
        code = decline.network_decline_code or decline.decline_code or decline.code
        answer = f"{_name_of(decline)} (code {code})"
    yield Fact("Answer", answer)
    card = decline.card_words or payment.card_words
    if card:
        yield Fact("Card", card)
    yield Fact("Amount", f"{money.shown(payment.amount, payment.currency)} {payment.currency}")
    yield Fact("Tried", _times([*tried, decline.at]))
    yield from _checks(decline)  # for every answer alike, so that none stands out by what is left out
    if never_sent and not is_hidden and audience != "public":
        yield Fact("Your bank", words()["network_status"]["not_sent_to_network"], None)
    if decline.reference:
        label = "Give your bank" if not never_sent or is_hidden else "Our reference"
        yield Fact("Reference", f"{label} {decline.reference}" if label.startswith("Give") else decline.reference)


def _checks(decline: Decline) -> Iterable[Fact]:
    for field, name, label in CHECKS:
        result = getattr(decline, field)
        said = words()["checks"][name].get(result)
        if said:
            value = {"pass": "Matched", "fail": "Did not match"}.get(result, said)
            yield Fact(label, value, {"pass": True, "fail": False}.get(result))


def _raw(decline: Decline) -> Iterable[Fact]:
    for field, label in RAW:
        if value := getattr(decline, field):
            yield Fact(label, value)
    for label, value in sorted(decline.raw.items()):
        yield Fact(str(label), str(value))
    if decline.payment.provider_id:
        yield Fact("payment intent", decline.payment.provider_id)


def _notes(decline: Decline, never_sent: bool) -> Iterable[str]:
    entry = meaning(decline.code, decline.decline_code)
    if entry["agent_note"]:
        yield entry["agent_note"]
    for table, value in (
        ("outcome_type", decline.outcome_type), ("outcome_reason", decline.outcome_reason),
        ("network_status", decline.network_status), ("advice_code", decline.advice_code),
    ):  # fmt: skip
        if said := words()[table].get(value):
            yield said
    if entry["reveal_to_customer"] == "generic":
        yield "The customer reads only that the bank declined without a reason. Do not say more on the phone."
    if never_sent:
        yield "Do not send the customer to the bank first: it has not seen this payment."


def _field_error(entry: Mapping[str, Any], payment: Payment) -> str:
    """Beside the card field, in a few words."""
    if entry["category"] == "authentication":
        return "The bank's question was not answered. Pay again and answer it, or use another card."
    if entry["category"] in ("details", "test"):
        return f"{_said(entry['customer_message'], {'currency': payment.currency})} Check it, or use another card."
    card = payment.card_words.partition(",")[0] or "This card"
    return f"{card} was declined. Use another card, or ask your bank first."


def _name_of(decline: Decline) -> str:
    """`Do not honor`: the bank's word as it is written, with spaces."""
    return (decline.decline_code or decline.code).replace("_", " ").capitalize()


def _times(moments: list[Any]) -> str:
    """`Today 10:20, 10:31 and 10:38 UTC` in the zone of the page."""
    local = [timezone.localtime(moment) for moment in sorted(set(moments))][-6:]
    clock = [formats.date_format(moment, "H:i") for moment in local]
    day = formats.date_format(local[-1], "j F Y")
    if len({moment.date() for moment in local}) > 1:
        clock = [formats.date_format(moment, "j F, H:i") for moment in local]
        day = ""
    clock = list(dict.fromkeys(clock))
    listed = clock[0] if len(clock) == 1 else f"{', '.join(clock[:-1])} and {clock[-1]}"
    return f"{day + ', ' if day else ''}{listed} {local[-1].tzname()}"


def _gaps(decline: Decline, payment: Payment, seller: Seller | None) -> dict[str, str]:
    country = seller.country if seller else "CA"
    return {
        "amount": money.shown(payment.amount, payment.currency),
        "currency": payment.currency,
        "date": formats.date_format(timezone.localtime(decline.at), "j F Y"),
        "seller_name": seller.legal_name if seller else "us",
        "seller_country": COUNTRIES.get(country, country),
        "brand": (decline.card_words or payment.card_words).partition(" ")[0],
        "last4": payment.last4,
    }


def _said(text: str, gaps: Mapping[str, str]) -> str:
    return string.Formatter().vformat(text, (), _Quiet(gaps))


def in_short(decline: Decline) -> str:
    """What was refused in one sentence for a signed-in customer; no query where the payment is at hand."""
    entry, payment = meaning(decline.code, decline.decline_code), decline.payment
    amount = money.shown(payment.amount, payment.currency)
    if entry["reveal_to_customer"] == "generic" or entry["code"] == GENERIC:
        return f"Your bank declined {amount} without a reason. Nothing was charged."
    said = (decline.decline_code or decline.code).replace("_", " ")
    if decline.network_status in NEVER_SENT or decline.outcome_type in NOT_BY_THE_BANK:
        return f"{amount} was stopped before it reached your bank ({said}). Nothing was charged."
    return f"Your bank answered “{said}” for {amount}. Nothing was charged."


def explain_last(payment: Payment, audience: Audience) -> Explained | None:
    """The newest refusal of a payment, with the times at which its invoice was tried before; None without one."""
    rows = Decline.objects.filter(payment__invoice=payment.invoice_id).order_by("-at", "-pk")
    found = list(rows[:6])
    newest = next((one for one in found if one.payment_id == payment.pk), None)
    if newest is None:
        return None
    newest.payment = payment
    return explain(newest, audience, tried=[one.at for one in found if one.at <= newest.at])


FIELDS = {
    "incorrect_cvc": "cvc", "invalid_cvc": "cvc", "invalid_expiry_month": "expiry", "invalid_expiry_year": "expiry",
}  # fmt: skip


def about_a_field(code: str, said: str) -> tuple[str, str]:
    """What is wrong with a card that was typed, before any payment was tried, and the field that it is about."""
    if code == "testmode_decline":  # the sandbox's own sentence says which cards it takes
        return said, "number"
    return api_words(code, default="This card cannot be used. Use another one."), FIELDS.get(code, "number")
