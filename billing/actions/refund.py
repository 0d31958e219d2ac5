"""Give money back to the card that paid, and nowhere else (R99): queued, claimed, sent, recorded, undone if it fails.

The sums on payment and invoice move when a refund is queued, under their locks and a CHECK, so that no two refunds
together can exceed what was paid (R98). They move back when it fails, even weeks later (B6).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from accounts import journal
from accounts.models import Person
from billing import declines, webhook_payloads
from billing.actions import paid, payment_mail
from billing.actions.money_tasks import open_task
from billing.announce import announce
from billing.choices import REFUND_TRANSITIONS, MoneyTaskKind, PaymentMethod, PaymentState, RefundState
from billing.gateways import keys
from billing.gateways import stripe as gateway
from billing.gateways.facts import NotKnown, ProviderRefused, RefundFacts
from billing.models import Invoice, Payment, Refund, RefundRequest
from billing.refundable import DISPUTE_OVER
from billing.refusals import Refused
from supportdesk.lib import money
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint
from supportdesk.lib.locks import try_lock

KEY_LIVES = timedelta(hours=23)  # the provider forgets keys after a day (B8)
LEASE = timedelta(minutes=1)
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
TRY_LATER = ("balance_insufficient", "insufficient_funds")
STATES = {
    "pending": RefundState.PENDING,
    "requires_action": RefundState.PENDING,
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.CANCELLED,
}
OVER = (RefundState.FAILED, RefundState.CANCELLED)
UNKNOWN_REFUND = "It never reached the provider, and a day has passed. Nothing was sent. Ask for the refund again."


class CannotRefund(Refused):
    """More than was paid, or not to this payment, or not now. The message names what is possible."""


def refundable(payment: Payment) -> int:
    """How much of a payment can still go back to its card."""
    if payment.state != PaymentState.SUCCEEDED or payment.method != PaymentMethod.CARD:
        return 0
    return payment.amount - payment.refunded


def queue(
    *,
    payment: Payment,
    amount: int,
    reason: str,
    key: str,
    by: Person | None,
    not_before: datetime,
    now: datetime,
    request: RefundRequest | None = None,
) -> Refund:
    """Decide on a refund. It is sent at `not_before` or soon after; until then `cancel` takes it back.

    The same `key` is the same refund. What was decided on a `request` is told by that decision, not once more when it
    is sent. Raises CannotRefund, and nothing changed.
    """
    with transaction.atomic():
        payment = lock(payment.pk)
        known = Refund.objects.filter(key=key[:120]).first()
        if known:
            if (known.payment_id, known.amount) != (payment.pk, amount):
                raise CannotRefund("This refund was decided already, with another amount.")
            return known
        _refuse(payment, amount)
        refund = Refund.objects.create(
            payment=payment, amount=amount, currency=payment.currency, reason=" ".join(reason.split())[:255],
            key=key[:120], by=by, not_before=not_before, created_at=now, request=request,
        )  # fmt: skip
        book(payment, amount)
        if not_before <= now:
            enqueue_on_commit("billing.execute_refund", refund_id=refund.pk)
        failpoint("billing.refund.queued")
        journal.record(
            by=by,
            action="billing.queue_refund",
            subject=refund,
            data={"amount": amount, "payment": payment.pk},
            now=now,
        )
    return refund


def cancel(*, refund: Refund, by: Person | None, now: datetime) -> Refund:
    """Take a refund back before it is sent. Raises CannotRefund once it is on its way."""
    with transaction.atomic():
        payment = lock(refund.payment_id)
        refund = Refund.objects.select_for_update().get(pk=refund.pk)
        if refund.state == RefundState.CANCELLED:
            return refund
        if refund.state != RefundState.QUEUED or refund.attempts:
            raise CannotRefund("This refund is on its way and cannot be taken back.")
        refund.state, refund.finished_at = RefundState.CANCELLED, now
        refund.save(update_fields=["state", "finished_at"])
        book(payment, -refund.amount)
        journal.record(by=by, action="billing.cancel_refund", subject=refund, data={}, now=now)
    return refund


def execute(*, refund_id: int, clock: Callable[[], datetime]) -> Refund:
    """Send a refund that is due: claim and commit, ask outside any transaction, record. One sender at a time.

    A claim whose sender died is taken over after its lease, under the same key; past the key's life the provider is
    asked what it knows, and nothing is sent a second time (F11).
    """
    with try_lock(f"billing.refund:{refund_id}") as got:
        claimed = _claim(refund_id, clock()) if got else None
        if claimed is None:
            return Refund.objects.get(pk=refund_id)
        failpoint("billing.refund.claimed")
        try:
            facts = _send(claimed, clock())
        except NotKnown as unknown:
            return _note(claimed, str(unknown), clock())
        except ProviderRefused as refusal:
            return _refused(claimed, refusal, clock())
        failpoint("billing.refund.sent_not_recorded")
        if facts is None:
            return _failed(claimed, UNKNOWN_REFUND, clock(), comes_from_bank=False)
        return record(refund_id=claimed.pk, facts=facts, now=clock())


def execute_due(*, clock: Callable[[], datetime], limit: int = 50) -> int:
    """Send, or look after, whatever is due. Answers how many were looked at."""
    now = clock()
    due = Refund.objects.filter(state__in=(RefundState.QUEUED, RefundState.SENDING), not_before__lte=now)
    found = list(due.order_by("not_before", "pk").values_list("pk", flat=True)[:limit])
    for refund_id in found:
        execute(refund_id=refund_id, clock=clock)
    return len(found)


@transaction.atomic
def record(*, refund_id: int, facts: RefundFacts, now: datetime) -> Refund:
    """Write down what the provider says about a refund. Said twice, or in any order, it comes to the same."""
    payment = lock(Refund.objects.values_list("payment_id", flat=True).get(pk=refund_id))
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    refund.payment = payment
    before = RefundState(refund.state)
    state = STATES.get(facts.status, RefundState.PENDING)
    refund.provider_id, refund.reference = facts.id, facts.trace[:80] or refund.reference
    refund.last_error = ""
    if state == RefundState.CANCELLED and before == RefundState.SENDING:
        before = RefundState.PENDING
    moved = state in REFUND_TRANSITIONS[before] and state != refund.state
    if moved:
        refund.state = state
        refund.finished_at = now if state != RefundState.PENDING else None
        refund.failure = facts.failure[:80]
    refund.save()
    if moved:
        _follow(refund, before, state, now)
    return refund


def adopt(*, payment: Payment, facts: RefundFacts, now: datetime) -> Refund | None:
    """A refund that somebody made at the provider itself: it is booked here too, and a person is told."""
    with transaction.atomic():
        payment = lock(payment.pk)
        known = Refund.objects.filter(provider_id=facts.id).first()
        if known or facts.status in ("failed", "canceled"):
            return known
        amount = min(facts.amount, payment.amount - payment.refunded)
        words = f"A refund of {money.shown(facts.amount, facts.currency)} was made at the provider, not here."
        if amount <= 0:
            return None
        refund = Refund.objects.create(
            payment=payment, amount=amount, currency=payment.currency, reason="Made at the payment provider",
            key=f"provider:{facts.id}"[:120], provider_id=facts.id, state=RefundState.SENDING, not_before=now,
            claimed_at=now, first_sent_at=now, created_at=now,
        )  # fmt: skip
        book(payment, amount)
        open_task(
            kind=MoneyTaskKind.CHANGED_OUTSIDE, key=f"refund:{facts.id}", refund=refund, payment=payment,
            words=f"{words} Write a credit note if the invoice needs one.", now=now,
        )  # fmt: skip
        return record(refund_id=refund.pk, facts=facts, now=now)


def lock(payment_id: int) -> Payment:
    """The payment, locked after its invoice: the order in which everybody locks them."""
    invoice_id = Payment.objects.values_list("invoice_id", flat=True).get(pk=payment_id)
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("customer").get(pk=invoice_id)
    payment = Payment.objects.select_for_update(of=("self",)).get(pk=payment_id)
    payment.invoice = invoice
    return payment


def _refuse(payment: Payment, amount: int) -> None:
    if payment.method != PaymentMethod.CARD:
        raise CannotRefund("This was paid by bank transfer. Send the money back by bank transfer.")
    if payment.state != PaymentState.SUCCEEDED:
        raise CannotRefund("This payment did not go through, so there is nothing to give back.")
    if not keys.knows(payment.provider_id):
        raise CannotRefund("This was paid while payments were only played. No money moved, so none can go back.")
    if payment.disputes.exclude(status__in=DISPUTE_OVER).exists():
        raise CannotRefund(declines.api_words("refund_disputed_payment"))
    left = refundable(payment)
    if amount <= 0:
        raise CannotRefund("Enter an amount above zero.")
    if left <= 0:
        raise CannotRefund("All of this payment has been given back already.")
    if amount > left:
        paid, most = money.shown(payment.amount, payment.currency), money.shown(left, payment.currency)
        raise CannotRefund(f"At most {most} can be given back: {paid} was paid with this card.")


def book(payment: Payment, amount: int) -> None:
    """Move the sums of a payment that `lock` answered; the database refuses what would be more than was paid.

    Of money that goes back by transfer, this is all there is.
    """
    payment.refunded += amount
    payment.save(update_fields=["refunded"])
    payment.invoice.refunded += amount
    payment.invoice.save(update_fields=["refunded"])


def _claim(refund_id: int, now: datetime) -> Refund | None:
    with transaction.atomic():
        due = Refund.objects.filter(
            pk=refund_id, state__in=(RefundState.QUEUED, RefundState.SENDING), not_before__lte=now
        )
        refund = due.select_for_update(skip_locked=True, of=("self",)).select_related("payment").first()
        if refund is None:
            return None
        refund.state, refund.claimed_at, refund.attempts = RefundState.SENDING, now, refund.attempts + 1
        refund.first_sent_at = refund.first_sent_at or now
        refund.not_before = now + LEASE  # whoever dies here is followed then
        refund.save(update_fields=["state", "claimed_at", "attempts", "first_sent_at", "not_before"])
    return refund


def _send(refund: Refund, now: datetime) -> RefundFacts | None:
    if refund.provider_id:
        return gateway.refund_by_id(refund.provider_id)
    intent_id = refund.payment.provider_id or ""
    if refund.first_sent_at and now - refund.first_sent_at >= KEY_LIVES:
        return next((one for one in gateway.refunds_of(intent_id) if one.reference == refund.key), None)
    return gateway.refund(
        intent_id=intent_id, amount=refund.amount, reference=refund.key, key=f"refund:{refund.pk}:{refund.key}"
    )


def _note(refund: Refund, words: str, now: datetime) -> Refund:
    """We do not know: it stays as being sent, and is looked after again (F10)."""
    pause = PAUSES[min(refund.attempts, len(PAUSES)) - 1]
    Refund.objects.filter(pk=refund.pk, state=RefundState.SENDING).update(
        last_error=words[:500], not_before=now + pause
    )
    refund.refresh_from_db()
    return refund


def _refused(refund: Refund, refusal: ProviderRefused, now: datetime) -> Refund:
    if refusal.code in TRY_LATER:  # our own balance is short: it will go out when it is not
        return _note(refund, declines.api_words("balance_insufficient"), now)
    return _failed(refund, declines.api_words(refusal.code, default=str(refusal)), now, comes_from_bank=False)


@transaction.atomic
def _failed(refund: Refund, words: str, now: datetime, *, comes_from_bank: bool) -> Refund:
    payment = lock(refund.payment_id)
    refund = Refund.objects.select_for_update().get(pk=refund.pk)
    refund.payment = payment
    if refund.state in OVER:
        return refund
    before = RefundState(refund.state)
    refund.state, refund.finished_at, refund.last_error = RefundState.FAILED, now, words[:500]
    refund.save()
    _undo(refund, before, words, now, comes_from_bank=comes_from_bank)
    return refund


def _follow(refund: Refund, before: RefundState, state: RefundState, now: datetime) -> None:
    """What a new state means for everybody else."""
    if state in OVER:
        words = declines.words()["refund_failure_reason"].get(refund.failure, "The bank gave no reason.")
        _undo(refund, before, words, now, comes_from_bank=True)
        return
    if before in (RefundState.QUEUED, RefundState.SENDING):
        if refund.request_id is None:
            payment_mail.refund_sent(refund=refund, now=now)
        paid.when_given_back(refund.payment.invoice, now)
    if state == RefundState.SUCCEEDED:
        _announce("refund.succeeded", refund, now)


def _undo(refund: Refund, before: RefundState, words: str, now: datetime, *, comes_from_bank: bool) -> None:
    """The money did not arrive: the ledger row is undone, and whoever was told that it comes is told."""
    book(refund.payment, -refund.amount)
    amount, number = money.shown(refund.amount, refund.currency), refund.payment.invoice.number
    what = "came back from the bank" if comes_from_bank else "could not be sent"
    open_task(
        kind=MoneyTaskKind.REFUND_FAILED, key=f"refund_failed:{refund.pk}", refund=refund, payment=refund.payment,
        words=f"The refund of {amount} for {number} {what}. {words} Agree with the customer on another way.", now=now,
    )  # fmt: skip
    if before in (RefundState.PENDING, RefundState.SUCCEEDED) or refund.request_id:
        payment_mail.refund_came_back(refund=refund, why=words, was_sent=comes_from_bank, now=now)
    _announce("refund.failed", refund, now)


def _announce(type_: str, refund: Refund, now: datetime) -> None:
    announce(type=type_, subject_key=f"refund:{refund.pk}", data=webhook_payloads.refund(refund), now=now)
