"""A bank took a payment back, or asks about it: nothing of it is refunded meanwhile, and a person is told (B6)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from accounts import journal
from accounts.models import Person
from billing.actions import paid, reminders
from billing.actions.credit_note import left_to_credit
from billing.actions.money_tasks import open_task
from billing.actions.refund import lock
from billing.choices import InvoiceState, MoneyTaskKind, PaymentState
from billing.gateways import stripe as gateway
from billing.gateways.facts import DisputeFacts, NotKnown, ProviderRefused
from billing.models import Dispute, Payment
from billing.refusals import Refused
from supportdesk.lib import money
from supportdesk.lib.failpoints import failpoint

OVER = ("won", "lost", "warning_closed", "prevented")
LONGEST_ANSWER = 20_000


class CannotAnswer(Refused):
    """The dispute is over, or the provider did not take the answer."""


@transaction.atomic
def record(*, payment: Payment, facts: DisputeFacts, now: datetime) -> Dispute:
    """Write down how a dispute stands. A lost one opens its invoice again, once, whatever comes in which order."""
    payment = lock(payment.pk)
    dispute = Dispute.objects.select_for_update().filter(provider_id=facts.id).first()
    is_new = dispute is None
    if dispute is None:
        dispute = Dispute(payment=payment, provider_id=facts.id, opened_at=facts.opened_at)
    was_lost = dispute.status == "lost"
    dispute.amount, dispute.currency, dispute.reason = facts.amount, facts.currency, facts.reason[:80]
    dispute.status, dispute.evidence_due_at = facts.status[:40], facts.due_at
    dispute.closed_at = (dispute.closed_at or now) if facts.status in OVER else None
    dispute.save()
    if facts.status == "lost" and not was_lost:
        _take_back(payment, dispute, now)
    elif was_lost and facts.status == "won":
        _give_back(payment, dispute, now)
    if is_new:
        _tell(payment, dispute, now)
    failpoint("billing.disputes.recorded")
    return dispute


def answer(*, dispute: Dispute, words: str, by: Person, now: datetime) -> Dispute:
    """Send the bank what speaks for us. It can be sent once. Raises CannotAnswer."""
    said = words.replace("\x00", "").strip()[:LONGEST_ANSWER]
    if not said:
        raise CannotAnswer("Write what was bought, when it was delivered and to whom.")
    return _ask(dispute, by, now, "billing.answer_dispute", answer=said)


def accept(*, dispute: Dispute, by: Person, now: datetime) -> Dispute:
    """Give the money up. The invoice is open again. Raises CannotAnswer."""
    return _ask(dispute, by, now, "billing.accept_dispute", answer="")


def _ask(dispute: Dispute, by: Person, now: datetime, action: str, *, answer: str) -> Dispute:
    if dispute.status in OVER:
        raise CannotAnswer("This dispute is over.")
    with transaction.atomic():
        journal.record(by=by, action=action, subject=dispute, data={}, now=now)
    key = f"dispute:{dispute.provider_id}:{'answer' if answer else 'accept'}"
    try:
        if answer:
            facts = gateway.answer_dispute(dispute.provider_id, words=answer, key=key)
        else:
            facts = gateway.accept_dispute(dispute.provider_id, key=key)
    except NotKnown as error:
        raise CannotAnswer("We could not reach the payment provider. Look again in a few minutes.") from error
    except ProviderRefused as refusal:
        raise CannotAnswer(f"The payment provider says: {refusal}") from refusal
    return record(payment=dispute.payment, facts=facts, now=now)


def _take_back(payment: Payment, dispute: Dispute, now: datetime) -> None:
    """The money is gone: what was paid shrinks, and the invoice is open again for what no credit note took back.

    While it was paid, a credit note was money to be refunded; from now on it lowers what is owed. Else what was
    credited and sent back would be asked for a second time.
    """
    invoice = payment.invoice
    invoice.paid -= min(dispute.amount, invoice.paid - invoice.refunded)
    amount = money.shown(dispute.amount, dispute.currency)
    words = f"The dispute over {amount} for {invoice.number} was lost."
    if invoice.state == InvoiceState.PAID:
        invoice.credited = invoice.total - left_to_credit(invoice)
        invoice.state = InvoiceState.OPEN
        if invoice.due:
            invoice.paid_at = None
            words += " The invoice is open again."
        else:
            invoice.state = InvoiceState.PAID
    invoice.save(update_fields=["paid", "credited", "state", "paid_at"])
    if invoice.state == InvoiceState.OPEN and invoice.due:
        reminders.plan_again(invoice=invoice, visit=dispute.pk, now=now)
        paid.when_taken_back(invoice, now)
    open_task(
        kind=MoneyTaskKind.DISPUTE, key=f"dispute_lost:{dispute.provider_id}", payment=payment, dispute=dispute,
        words=words, now=now,
    )  # fmt: skip


def _give_back(payment: Payment, dispute: Dispute, now: datetime) -> None:
    """Won after all, on appeal: what was taken is here again, which is less than was disputed after a refund."""
    invoice = payment.invoice
    received = invoice.payments.filter(state=PaymentState.SUCCEEDED).aggregate(all=Sum("amount"))["all"] or 0
    invoice.paid += min(dispute.amount, max(0, received - invoice.paid))
    if invoice.state == InvoiceState.OPEN and invoice.due == 0:
        invoice.state, invoice.paid_at = InvoiceState.PAID, now
        reminders.cancel(invoice=invoice)
    invoice.save(update_fields=["paid", "state", "paid_at"])


def _tell(payment: Payment, dispute: Dispute, now: datetime) -> None:
    amount, number = money.shown(dispute.amount, dispute.currency), payment.invoice.number
    until = f" Answer by {dispute.evidence_due_at:%-d %B %Y}." if dispute.evidence_due_at else ""
    why = f" Reason: {dispute.reason.replace('_', ' ')}." if dispute.reason else ""
    words = f"The bank disputes {amount} for {number}.{why}{until} Until it is decided nothing is refunded."
    open_task(
        kind=MoneyTaskKind.DISPUTE, key=f"dispute:{dispute.provider_id}", payment=payment, dispute=dispute,
        words=words, now=now,
    )  # fmt: skip
