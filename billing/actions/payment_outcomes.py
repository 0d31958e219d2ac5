"""What became of a payment, written down once, whoever tells it and however often: the answer, an event, a sweep."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from billing import declines, webhook_payloads
from billing.actions import payment_mail
from billing.actions.issue import apply_payment
from billing.actions.kept_cards import keep
from billing.actions.money_tasks import open_task
from billing.announce import announce
from billing.choices import PAYMENT_TRANSITIONS, MoneyTaskKind, PaymentState
from billing.gateways.facts import CardFacts, DeclineFacts, IntentFacts, ProviderRefused
from billing.models import Decline, Invoice, Payment
from supportdesk.lib import money
from supportdesk.lib.failpoints import failpoint

STATES: Mapping[str, PaymentState] = {
    "succeeded": PaymentState.SUCCEEDED,
    "processing": PaymentState.PROCESSING,
    "requires_action": PaymentState.ACTION_NEEDED,
    "requires_capture": PaymentState.PROCESSING,
    "canceled": PaymentState.CANCELLED,
    "requires_payment_method": PaymentState.FAILED,
    "requires_confirmation": PaymentState.FAILED,
}


@transaction.atomic
def record(*, payment_id: int, facts: IntentFacts, now: datetime) -> Payment:
    """Write down what the provider says about a payment. Said twice, it changes nothing."""
    payment = _locked(payment_id)
    payment.provider_id = facts.id
    payment.charge_id = facts.charge_id or payment.charge_id
    if facts.card.last4:
        payment.card_words, payment.last4 = facts.card.words, facts.card.last4
        payment.fingerprint = facts.card.fingerprint[:64] or payment.fingerprint
    payment.next_url, payment.last_error = facts.next_url[:2048], ""
    state = STATES.get(facts.status, PaymentState.PROCESSING)
    moved = _move(payment, state, now)
    payment.save()
    if facts.decline and state in (PaymentState.FAILED, PaymentState.CANCELLED):
        _decline(payment, facts.decline, facts.card, now, is_news=moved)
    if moved and state == PaymentState.SUCCEEDED:
        _succeeded(payment, facts, now)
    failpoint("billing.pay.recorded")
    return payment


@transaction.atomic
def settle_transfer(*, payment: Payment, now: datetime) -> None:
    """A transfer that staff recorded as paid: booked on its invoice in the same breath."""
    apply_payment(payment=payment, now=now)
    _announce("payment.succeeded", payment, now)


@transaction.atomic
def refused(*, payment_id: int, refusal: ProviderRefused, now: datetime) -> Payment:
    """The provider would not take the request at all. Nothing was charged; the reason is kept like a decline's."""
    payment = _locked(payment_id)
    told = refusal.decline or DeclineFacts(code=refusal.code, raw={"message": str(refusal)})
    moved = _move(payment, PaymentState.FAILED, now)
    payment.last_error = str(refusal)[:500]
    payment.save()
    if moved:
        _decline(payment, told, CardFacts(), now, is_news=True)
    return payment


@transaction.atomic
def never_arrived(*, payment_id: int, now: datetime) -> Payment:
    """A day has passed and the provider has never heard of it: nothing was charged, and nothing will be (F11)."""
    payment = _locked(payment_id)
    if _move(payment, PaymentState.CANCELLED, now):
        payment.last_error = "It never reached the provider. Nothing was charged."
        payment.save()
    return payment


@transaction.atomic
def note_unknown(*, payment_id: int, words: str, try_at: datetime) -> Payment:
    """No answer, or none that says anything: the payment stays as it is and is asked about again (F10)."""
    payment = _locked(payment_id)
    payment.last_error, payment.try_at = words[:500], try_at
    payment.save(update_fields=["last_error", "try_at"])
    return payment


def may_move(payment: Payment, state: PaymentState) -> bool:
    """Whether a payment may go from where it is to `state`."""
    return state in PAYMENT_TRANSITIONS[payment.state]


def _locked(payment_id: int) -> Payment:
    """Invoice, then payment: the order in which everybody locks them."""
    invoice_id = Payment.objects.values_list("invoice_id", flat=True).get(pk=payment_id)
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("customer").get(pk=invoice_id)
    payment = Payment.objects.select_for_update(of=("self",)).get(pk=payment_id)
    payment.invoice = invoice
    return payment


def _move(payment: Payment, state: PaymentState, now: datetime) -> bool:
    if payment.state == state or not may_move(payment, state):
        return False
    payment.state = state
    is_over = state in (PaymentState.SUCCEEDED, PaymentState.FAILED, PaymentState.CANCELLED)
    payment.finished_at = now if is_over else None
    if is_over:
        payment.next_url = ""
    return True


def _succeeded(payment: Payment, facts: IntentFacts, now: datetime) -> None:
    invoice = payment.invoice
    too_much = payment.amount - invoice.due
    if payment.keeps_card and facts.card.id:
        payment.card = keep(customer=invoice.customer, facts=facts.card, now=now)
        payment.save(update_fields=["card"])
    apply_payment(payment=payment, now=now)
    if too_much > 0:
        words = (
            f"{money.shown(too_much, payment.currency)} more was paid for {invoice.number} than was due. Refund it, or"
            " agree with the customer on what it is for."
        )
        open_task(kind=MoneyTaskKind.PAID_TWICE, key=f"paid_twice:{payment.pk}", payment=payment, words=words, now=now)
    _announce("payment.succeeded", payment, now)


def _decline(payment: Payment, told: DeclineFacts, card: CardFacts, now: datetime, *, is_news: bool) -> None:
    """Keep a refusal once: known by its charge, or where there is none by the payment's having just failed."""
    if told.charge_id:
        if Decline.objects.filter(payment=payment, charge_id=told.charge_id).exists():
            return
    elif not is_news:
        return
    decline = Decline.objects.create(
        payment=payment, at=now, card_words=card.words, reference=_reference(payment, told),
        **{name: getattr(told, name) for name in DECLINE_FIELDS}, raw=dict(told.raw),
    )  # fmt: skip
    words = declines.meaning(decline.code, decline.decline_code)["title"]
    _announce("payment.failed", payment, now, code=decline.decline_code or decline.code, reason=words)
    if payment.is_off_session and "authentication_required" in (decline.code, decline.decline_code):
        payment_mail.bank_wants_owner(payment=payment, now=now)


DECLINE_FIELDS = (
    "code", "decline_code", "advice_code", "network_decline_code", "network_advice_code", "outcome_type",
    "outcome_reason", "network_status", "risk_level", "seller_message", "cvc_check", "zip_check", "line1_check",
    "card_country", "charge_id",
)  # fmt: skip


def _reference(payment: Payment, told: DeclineFacts) -> str:
    """Eight digits that a person can read out, by which we find this refusal again."""
    digest = hashlib.sha256(f"{payment.key}:{told.charge_id}:{payment.confirms}".encode()).hexdigest()
    digits = f"{int(digest, 16) % 10**8:08d}"
    return f"{digits[:4]}-{digits[4:]}"


def _announce(type_: str, payment: Payment, now: datetime, **more: str) -> None:
    told = webhook_payloads.payment(payment, **more)
    announce(type=type_, subject_key=f"payment:{payment.pk}", data=told, now=now)
