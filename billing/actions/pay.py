"""Pay an invoice. The row with its key comes first and is committed; then the provider is asked; then it is recorded.

Whoever is killed in between leaves a row that `payments_due` finds: it asks again under the same key and in the same
words, so that a cent moves once (F9). An outcome that we do not know is never called a failure (F10).
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse

from accounts import journal
from accounts.models import Person
from billing import declines
from billing.actions import asking
from billing.actions.kept_cards import words_of
from billing.actions.payment_outcomes import settle_transfer
from billing.actions.provider_customers import at_provider
from billing.choices import InvoiceState, PaymentMethod, PaymentState
from billing.gateways import keys, reading
from billing.gateways.facts import NotKnown, ProviderRefused
from billing.models import Card, Invoice, InvoiceLink, Payment
from billing.refusals import Refused
from supportdesk.lib import money
from supportdesk.lib.failpoints import failpoint

LEAST = 50  # what the card networks take at least, in minor units of most currencies
UNFINISHED = (PaymentState.CREATED, PaymentState.ACTION_NEEDED, PaymentState.PROCESSING)
SALT = "billing.payment"
WAIT = timedelta(minutes=1)
FORM_KEY = 64


class CannotPay(Refused):
    """Nothing is due, or not in this way."""


class CannotRecord(Refused):
    """A transfer that cannot be booked as it was typed."""


def start(
    *,
    invoice: Invoice,
    key: str,
    now: datetime,
    method: str = PaymentMethod.CARD,
    card_token: str = "",
    card: Card | None = None,
    by: Person | None = None,
    link: InvoiceLink | None = None,
    keep_card: bool = False,
    receipt_email: str = "",
    return_to: str = "",
    agreed: int | None = None,
) -> Payment:
    """Pay all that is due with a card: one just typed (`card_token`) or a kept one (`card`). Answers the payment.

    `key` comes with the form, so that a double click is one payment; a second tab is answered with the payment that is
    on its way. Look at its state: paid, declined (with its newest Decline), waiting for the bank's question at
    `next_url`, or not known yet. `agreed` is what the payer saw as due: another sum by now is not charged. Raises
    CannotPay, and nothing was asked.
    """
    if method != PaymentMethod.CARD:
        raise CannotPay("Only a card is charged here. A bank transfer is made at your bank.")
    if not (card_token or card):
        raise CannotPay("Choose a card.")
    _refuse_what_cannot_be_paid(invoice)
    _refuse_another_sum(invoice, agreed)
    with_whom = _customer_at_provider(invoice, now)
    asked = {
        "card_token": card_token, "card": card, "keep_card": keep_card, "with_whom": with_whom, "agreed": agreed
    }  # fmt: skip
    payment, is_ours = _claim(
        invoice=invoice, key=_key(invoice, key), by=by, link=link, off_session=False, return_to=return_to,
        receipt_email=receipt_email, now=now, **asked,
    )  # fmt: skip
    failpoint("billing.pay.row_written")
    return asking.ask(payment_id=payment.pk, now=now) if is_ours else payment


def pay_with_saved(*, invoice: Invoice, card: Card, key: str, now: datetime, off_session: bool = True) -> Payment:
    """Charge a kept card, without its owner present unless `off_session` is False: renewals. Raises CannotPay.

    Where the bank wants its customer, the payment is declined with `authentication_required` and everybody who gets the
    invoices is mailed a link; paying there goes on with this same payment at the provider (B9).
    """
    _refuse_what_cannot_be_paid(invoice)
    with_whom = _customer_at_provider(invoice, now)
    payment, is_ours = _claim(
        invoice=invoice, key=_key(invoice, key), by=None, link=None, off_session=off_session, return_to="",
        receipt_email="", card_token="", card=card, keep_card=False, with_whom=with_whom, agreed=None, now=now,
    )  # fmt: skip
    failpoint("billing.pay.row_written")
    return asking.ask(payment_id=payment.pk, now=now) if is_ours else payment


def give_up(*, payment: Payment, by: Person | None, now: datetime) -> Payment:
    """Stop waiting for the bank, to pay in another way. It may turn out that it was paid in that very moment."""
    if payment.state != PaymentState.ACTION_NEEDED:
        return payment
    payment = asking.cancel(payment_id=payment.pk, now=now)
    with transaction.atomic():
        journal.record(by=by, action="billing.give_up_payment", subject=payment, now=now)
    return payment


@transaction.atomic
def record_transfer(*, invoice: Invoice, amount: int, reference: str, by: Person, now: datetime) -> Payment:
    """Book a bank transfer that arrived. The same reference on the same invoice is the same transfer. CannotRecord."""
    said = " ".join(reference.replace("\x00", "").split())
    if not 0 < len(said) <= 120:
        raise CannotRecord("Enter the reference that the bank shows, up to 120 characters.")
    invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
    key = f"transfer:{invoice.pk}:{hashlib.sha256(said.casefold().encode()).hexdigest()[:40]}"
    known = Payment.objects.filter(key=key).first()
    if known:
        if known.amount != amount:
            was = money.shown(known.amount, known.currency)
            raise CannotRecord(f"The transfer “{said}” is booked already, with {was}.")
        return known
    if invoice.state != InvoiceState.OPEN or amount > invoice.due:
        most = money.shown(invoice.due, invoice.currency)
        raise CannotRecord(f"At most {most} is due on {invoice.number}." if invoice.due else
                           f"Nothing is due on {invoice.number}.")  # fmt: skip
    if amount <= 0:
        raise CannotRecord("Enter an amount above zero.")
    payment = Payment.objects.create(
        invoice=invoice, method=PaymentMethod.TRANSFER, amount=amount, currency=invoice.currency, key=key,
        reference=said, by=by, created_at=now, finished_at=now, state=PaymentState.SUCCEEDED,
    )  # fmt: skip
    settle_transfer(payment=payment, now=now)
    journal.record(by=by, action="billing.record_transfer", subject=payment, data={"amount": amount}, now=now)
    return payment


def token_of(payment: Payment) -> str:
    """What stands in the address of the page that waits for this payment."""
    return signing.Signer(salt=SALT).sign(str(payment.pk))


def payment_behind(token: str) -> Payment | None:
    """The payment of such an address, or None."""
    try:
        number = signing.Signer(salt=SALT).unsign(token[:200])
    except signing.BadSignature:
        return None
    return Payment.objects.select_related("invoice__customer").filter(pk=int(number)).first()


def waiting_page(payment: Payment) -> str:
    """Where whoever pays waits for the bank, and comes back to from it."""
    return reverse("billing:waiting", args=[token_of(payment)])


def _claim(*, invoice: Invoice, key: str, by: Person | None, now: datetime, **asked: Any) -> tuple[Payment, bool]:
    """The row of this payment, committed; and whether it is for us to ask the provider.

    Under the invoice's lock: the amount is what is due now, and an invoice that is being paid is not paid again.
    """
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update(of=("self",)).select_related("customer").get(pk=invoice.pk)
        known = Payment.objects.filter(key=key).first()
        if known:
            return known, False
        on_its_way = invoice.payments.filter(state__in=UNFINISHED).first()
        if on_its_way:
            return on_its_way, False
        _refuse_what_cannot_be_paid(invoice)
        _refuse_another_sum(invoice, asked["agreed"])
        card = asked["card"]
        if card and (card.customer_id != invoice.customer_id or card.removed_at or not keys.knows(card.provider_id)):
            raise CannotPay("This card is not kept any more. Choose another one.")
        payment = _to_be_confirmed(invoice) or Payment(invoice=invoice, key=key, created_at=now)
        _fill(payment, invoice, by, now, asked)
        journal.record(by=by, action="billing.pay", subject=payment, data={"amount": payment.amount}, now=now)
    return payment, True


def _fill(payment: Payment, invoice: Invoice, by: Person | None, now: datetime, asked: Mapping[str, Any]) -> None:
    """Write the row, with the request in the very words in which it will be made, however often it has to be."""
    card, token = asked["card"], asked["card_token"]
    payment.method, payment.amount, payment.currency = PaymentMethod.CARD, invoice.due, invoice.currency
    payment.card, payment.by, payment.link = card, by, asked["link"]
    payment.card_words, payment.last4 = words_of(card) if card else "", card.last4 if card else ""
    payment.fingerprint = card.fingerprint if card else ""
    payment.keeps_card, payment.is_off_session = asked["keep_card"], asked["off_session"]
    payment.receipt_email, payment.return_to = asked["receipt_email"][:320], asked["return_to"][:300]
    payment.try_at, payment.last_error, payment.next_url = now + WAIT, "", ""
    if payment.pk:  # the same intent once more, with its owner present
        payment.confirms, payment.state = payment.confirms + 1, PaymentState.PROCESSING
    payment.save()
    which: dict[str, Any] = _which(card, token)
    back = {"return_url": f"{settings.SITE_URL}{waiting_page(payment)}"}
    if payment.confirms:
        payment.request = which | back
    else:
        payment.request = {
            "amount": payment.amount,
            "currency": payment.currency.lower(),
            "customer": asked["with_whom"],
            "confirm": True,
            "description": f"Invoice {invoice.number}",
            "metadata": {reading.REFERENCE: payment.key},
            **which,
            **_presence(asked["off_session"], back),
        }
    if asked["keep_card"]:
        payment.request["setup_future_usage"] = "off_session"
    payment.save(update_fields=["request"])


def _which(card: Card | None, token: str) -> dict[str, Any]:
    if card:
        return {"payment_method": card.provider_id}
    return {"confirmation_token" if token.startswith("ctoken_") else "payment_method": token}


def _presence(off_session: bool, back: Mapping[str, str]) -> dict[str, Any]:
    """Without its owner nobody can be sent to a bank's page."""
    if off_session:
        return {"off_session": True, "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    return {"automatic_payment_methods": {"enabled": True}, **back}


def _to_be_confirmed(invoice: Invoice) -> Payment | None:
    """A renewal for which the bank wanted its customer: it goes on at the provider instead of beginning anew (B9)."""
    last = invoice.payments.filter(method=PaymentMethod.CARD).order_by("-created_at", "-pk").first()
    if last is None or last.state != PaymentState.FAILED or not last.provider_id or not keys.knows(last.provider_id):
        return None
    decline = last.declines.order_by("-at", "-pk").first()
    wants_owner = decline is not None and "authentication_required" in (decline.decline_code, decline.code)
    return last if wants_owner and last.amount == invoice.due else None


def _refuse_what_cannot_be_paid(invoice: Invoice) -> None:
    if invoice.state == InvoiceState.PAID:
        raise CannotPay(f"{invoice.number} is paid. Nothing more is due.")
    if invoice.state != InvoiceState.OPEN or not invoice.due:
        raise CannotPay("Nothing is due on this invoice.")
    if invoice.due < LEAST:
        raise CannotPay(declines.api_words("amount_too_small"))
    if invoice.due > money.MOST:
        raise CannotPay(declines.api_words("amount_too_large"))


def _refuse_another_sum(invoice: Invoice, agreed: int | None) -> None:
    if agreed is None or agreed == invoice.due:
        return
    due = money.shown(invoice.due, invoice.currency)
    raise CannotPay(f"The sum has changed since you opened this page: {due} is due now. Nothing was charged.")


def _customer_at_provider(invoice: Invoice, now: datetime) -> str:
    try:
        return at_provider(customer=invoice.customer, now=now)
    except NotKnown as error:
        raise CannotPay(
            "We cannot reach the payment provider just now. Nothing was charged. Try again in a few minutes, or pay by"
            " bank transfer."
        ) from error
    except ProviderRefused as refusal:
        raise CannotPay(
            "The payment provider does not take card payments from us just now. Nothing was charged. We have been told;"
            " you can pay by bank transfer."
        ) from refusal


def _key(invoice: Invoice, key: str) -> str:
    """Of a form or of a renewal, as the provider's key: of this invoice, of this desk, at most 120 signs."""
    said = key[:FORM_KEY] or secrets.token_urlsafe(16)
    mark = hashlib.sha256(f"{settings.SECRET_KEY}:{invoice.pk}:{said}".encode()).hexdigest()[:40]
    return f"pay:{invoice.pk}:{mark}"
