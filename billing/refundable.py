"""How much of an invoice's money can go back, and to where: the cards that paid, and whoever transferred it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billing import declines
from billing.choices import InvoiceState, PaymentMethod, PaymentState
from billing.gateways import keys
from billing.models import Invoice, Payment
from supportdesk.lib import money

DISPUTE_OVER = ("won", "warning_closed", "prevented")
ONLY_PLAYED = "This was paid while payments were only played. No money moved, so none can go back."


@dataclass(frozen=True)
class Source:
    """One payment, and how much of it, in minor units, can still go back to where it came from."""

    payment: Payment
    amount: int

    @property
    def is_transfer(self) -> bool:
        """Whether a person has to send the money."""
        return self.payment.method != PaymentMethod.CARD

    @property
    def words(self) -> str:
        """Where it goes: "Visa ending 4242", or "bank transfer"."""
        return where_to(self.payment)


def where_to(payment: Payment) -> str:
    """The card as it stands on a receipt, without its date; or the way of a transfer."""
    if payment.method != PaymentMethod.CARD:
        return "bank transfer"
    return payment.card_words.split(", expires")[0] or "the card that paid"


def sources_of(invoice: Invoice) -> list[Source]:
    """What can go back, newest payment first (R99). Nothing of an invoice that is owed, of a disputed payment, or of
    money that was only played. Two queries at most.
    """
    if not is_settled(invoice):
        return []
    rows = invoice.payments.filter(state=PaymentState.SUCCEEDED).prefetch_related("disputes")
    return usable(rows.order_by("-created_at", "-pk"))


def is_settled(invoice: Invoice) -> bool:
    """Whether nothing is owed on it, and something of what was paid is still here."""
    return invoice.state == InvoiceState.PAID and invoice.refunded < invoice.paid


def usable(payments: Iterable[Payment]) -> list[Source]:
    """Of these payments, with their disputes at hand, those from which something can go back, in the same order."""
    found = [
        Source(payment, payment.amount - payment.refunded)
        for payment in payments
        if payment.state == PaymentState.SUCCEEDED and not _is_disputed(payment) and _is_real(payment)
    ]
    return [source for source in found if source.amount > 0]


def most(invoice: Invoice) -> int:
    """The largest sum that can go back now, in minor units."""
    return sum(source.amount for source in sources_of(invoice))


def parts_of(sources: Sequence[Source], amount: int) -> list[tuple[Source, int]]:
    """`amount` taken from the newest payment first, never more from one than it has. All of it has to fit."""
    parts, left = [], amount
    for source in sources:
        part = min(left, source.amount)
        if part:
            parts.append((source, part))
            left -= part
    if left:
        raise ValueError("More than can go back.")
    return parts


def why_nothing(invoice: Invoice) -> str:
    """Why nothing can go back, in a sentence. Two queries."""
    if invoice.state == InvoiceState.VOID:
        return f"We withdrew {invoice.number}, and nothing was paid for it."
    if invoice.state != InvoiceState.PAID:
        due = money.shown(invoice.due, invoice.currency)
        return (
            f"{invoice.number} is not paid: {due} of it is still due, so no money can go back. Ask a person about it."
        )
    if not invoice.paid:
        return f"No money was paid for {invoice.number}: all of it was credited."
    if invoice.refunded >= invoice.paid:
        return f"All that was paid for {invoice.number} has been given back already."
    payments = list(invoice.payments.filter(state=PaymentState.SUCCEEDED).prefetch_related("disputes"))
    if any(_is_disputed(payment) for payment in payments):
        return declines.api_words("refund_disputed_payment")
    return ONLY_PLAYED


def _is_disputed(payment: Payment) -> bool:
    return any(dispute.status not in DISPUTE_OVER for dispute in payment.disputes.all())


def _is_real(payment: Payment) -> bool:
    return payment.method != PaymentMethod.CARD or keys.knows(payment.provider_id)
