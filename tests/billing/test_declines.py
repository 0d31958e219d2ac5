"""E (7), R34, R35, B5: every refusal in words, for each audience what it may know."""

import re

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from billing import declines
from billing.models import Decline, Payment
from tests.billing.money import make_open_invoice
from tests.factories.billing import make_seller

pytestmark = pytest.mark.django_db

CODES = [row["code"] for row in declines.words()["decline_codes"]]
ERRORS = [row["code"] for row in declines.words()["error_codes"]]
SENSITIVE = ["fraudulent", "merchant_blacklist", "stolen_card", "lost_card", "pickup_card"]
AUDIENCES = ("public", "customer", "agent")


@pytest.fixture
def payment() -> Payment:
    invoice = make_open_invoice()
    return Payment.objects.create(
        invoice=invoice, method="card", amount=128_400, currency="USD", key="pay:1", state="failed",
        provider_id="pi_secret", card_words="Visa credit ending 4242, expires 08/28", last4="4242",
        created_at=timezone.now(),
    )  # fmt: skip


def refuse(payment: Payment, decline_code: str = "", **fields) -> Decline:
    known = {
        "code": "card_declined", "decline_code": decline_code, "network_decline_code": "05", "charge_id": "ch_secret",
        "outcome_type": "issuer_declined", "network_status": "declined_by_network", "risk_level": "normal",
        "seller_message": "The bank said no to us.", "cvc_check": "pass", "zip_check": "fail", "card_country": "US",
        "card_words": "Visa credit ending 4242, expires 08/28", "reference": "7451-3378",
        "raw": {"request_log_url": "https://dashboard.stripe.com/req_secret"},
    }  # fmt: skip
    return Decline.objects.create(payment=payment, at=timezone.now(), **known | fields)


def page(told: declines.Explained, payment: Payment) -> str:
    return render_to_string("billing/_decline.html", {"decline": told, "invoice": payment.invoice, "focus": True})


def test_all_fifty_codes_are_there():
    assert len(CODES) == len(set(CODES)) == 50


@pytest.mark.parametrize("code", CODES)
def test_a_code_says_what_happened_and_what_to_do_to_everybody(payment, code):
    decline = refuse(payment, code)

    for audience in AUDIENCES:
        told = declines.explain(decline, audience)
        html = page(told, payment)
        assert told.title and told.message and told.steps, audience
        assert "{" not in html and "None" not in html
        assert "$1,284.00 USD" in html and "Visa credit ending 4242" in html and "7451-3378" in html
        assert "We are in Canada" in html and "ask your bank whether your card may pay abroad" in html
        assert told.not_charged in html
        assert 'tabindex="-1" autofocus' in html
        assert "another way to pay" in html or "bank transfer" in html


def test_R35_the_canada_note_stands_first_where_a_border_is_likely(payment):
    first = {code for code in CODES if declines.explain(refuse(payment, code, charge_id=""), "agent").is_canada_first}

    assert first == {
        "generic_decline", "do_not_honor", "call_issuer", "no_action_taken", "transaction_not_allowed",
        "card_not_supported", "currency_not_supported", "service_not_allowed", "not_permitted", "restricted_card",
        "security_violation",
    }  # fmt: skip
    html = page(declines.explain(refuse(payment, "do_not_honor", charge_id=""), "public"), payment)
    assert html.index("We are in Canada") < html.index("What usually fixes it")
    html = page(declines.explain(refuse(payment, "expired_card", charge_id=""), "public"), payment)
    assert html.index("We are in Canada") > html.index("What usually fixes it")


@pytest.mark.parametrize("code", SENSITIVE)
def test_a_reason_that_could_help_a_thief_is_told_to_agents_only(payment, code):
    blocked = {"outcome_type": "blocked", "outcome_reason": "highest_risk_level", "risk_level": "highest"}
    decline = refuse(payment, code, network_status="not_sent_to_network", **blocked)
    generic = refuse(payment, "generic_decline", charge_id="ch_other", zip_check="")

    for audience in ("public", "customer"):
        html = page(declines.explain(decline, audience), payment)
        for word in (code, code.replace("_", " "), "risk", "lost", "stolen", "fraud", "blocked", "stopped before"):
            assert word not in html.lower(), (audience, word)
        told, like = declines.explain(decline, audience), declines.explain(generic, audience)
        assert (told.title, told.heading, told.message, told.steps) == (
            like.title, like.heading, like.message, like.steps,
        )  # fmt: skip
        checks = [fact for fact in told.facts if fact.label in ("Security code", "ZIP code")]
        as_usual = declines.explain(refuse(payment, "do_not_honor", charge_id=""), audience)
        assert len(checks) == 2 and all(fact in as_usual.facts for fact in checks), "no answer stands out"
    agent = page(declines.explain(decline, "agent"), payment)
    assert code in agent and "highest" in agent and "Do not say more on the phone" in agent


def test_each_audience_sees_what_it_may(payment):
    decline = refuse(payment, "do_not_honor")
    public, customer, agent = (page(declines.explain(decline, one), payment) for one in AUDIENCES)

    assert "(code 05)" not in public and "Declined by your bank" in public
    assert "Do not honor (code 05)" in customer and "Security code" in customer and "Matched" in customer
    for told in (public, customer, agent):  # U19: what matched as well as what did not
        assert re.search(r"Security code</dt><dd>.{,120} Matched</dd>", told)
        assert re.search(r"ZIP code</dt><dd>.{,120} Did not match</dd>", told)
    for secret in ("ch_secret", "pi_secret", "req_secret", "The bank said no to us", "declined_by_network", "normal"):
        assert secret not in public and secret not in customer, secret
        assert secret in agent, secret
    for label in ("outcome.type", "outcome.network_status", "outcome.risk_level", "card.checks.cvc_check"):
        assert label in agent


def test_a_payment_that_no_bank_saw_sends_nobody_to_a_bank_first(payment):
    decline = refuse(
        payment, "generic_decline", outcome_type="blocked", outcome_reason="previously_declined_do_not_retry",
        network_status="not_sent_to_network",
    )  # fmt: skip

    told = declines.explain(decline, "customer")

    assert "before it reached your bank" in told.heading
    assert told.steps[0].startswith("Use another card")
    assert not any("call" in step.lower() for step in told.steps)
    assert told.tell_bank == ""
    assert "Do not send the customer to the bank first" in page(declines.explain(decline, "agent"), payment)


def test_what_to_tell_the_bank_names_the_amount_the_seller_and_the_country(payment):
    make_seller(legal_name="Example Robotics Ltd.")

    told = declines.explain(refuse(payment, "do_not_honor"), "public")

    for word in ("Example Robotics Ltd.", "Canada", "$1,284.00"):
        assert word in told.tell_bank
        assert word in told.steps[0]


@pytest.mark.parametrize("code", ERRORS)
def test_an_error_of_the_provider_is_a_sentence(payment, code):
    decline = refuse(payment, "", code=code, charge_id="")

    for audience in AUDIENCES:
        html = page(declines.explain(decline, audience), payment)
        assert "{" not in html and "None" not in html
    assert declines.api_words(code, default="?")[-1] in ".?"


@pytest.mark.parametrize("code", ["", "brand_new_code", "<script>alert(1)</script>", "partner_generic_decline"])
def test_a_word_that_nobody_knows_is_a_decline_without_a_reason(payment, code):
    told = declines.explain(refuse(payment, code), "customer")

    assert told.title == "Declined by your bank"
    assert "<script>" not in page(told, payment)


def test_hostile_words_of_a_seller_or_a_bank_print_as_they_are(payment):
    make_seller(legal_name="{raw} <b>Robots</b> {amount!r}", canada_note="<img src=x onerror=alert(1)> {0}")
    decline = refuse(payment, "do_not_honor", seller_message="<script>alert(1)</script>", raw={"message": "<script>"})

    html = page(declines.explain(decline, "agent"), payment)

    assert "<script>" not in html and "<img" not in html
    assert "{raw} &lt;b&gt;Robots&lt;/b&gt;" in html
