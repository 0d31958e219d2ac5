"""Money of an invoice on its way back to the payments that it came from: the credit note and the refunds beside it."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Person
from billing import refundable
from billing.actions import credit_note, refund
from billing.actions.given_back import hold_what_follows
from billing.actions.refund import CannotRefund
from billing.models import CreditNote, Invoice, Refund
from supportdesk.lib import money


@dataclass(frozen=True)
class SentBack:
    """What came of it. There is no credit note for what was paid too much, or was credited before."""

    note: CreditNote | None
    refunds: list[Refund]


class NotByCard(CannotRefund):
    """Some of it was paid by bank transfer, and goes back that way after a review."""


def lock(invoice_id: int) -> Invoice:
    """The invoice with all that its money could touch, locked in everybody's order."""
    rows = Invoice.objects.select_for_update(of=("self",)).select_related("customer__person", "order")
    invoice = rows.get(pk=invoice_id)
    hold_what_follows(invoice)
    return invoice


def to_cards(*, invoice: Invoice, amount: int, reason: str, key: str, by: Person, now: datetime) -> SentBack:
    """Send `amount` back to the cards that paid, the newest payment first, and credit what it takes off the invoice.

    Belongs in a transaction that holds the invoice by `lock`. The same `key` is the same refund. Raises CannotRefund.
    """
    sources = [source for source in refundable.sources_of(invoice) if not source.is_transfer]
    most = sum(source.amount for source in sources)
    if amount <= 0:
        raise CannotRefund("Enter an amount above zero.")
    if amount > most:
        _refuse(invoice, amount, most)
    rest = amount - credit_note.beyond_the_bill(invoice)
    note = None
    if rest > 0:
        note = credit_note.issue_credit_note(invoice=invoice, amount=rest, reason=reason, key=key, by=by, now=now)
    made = []
    for source, part in refundable.parts_of(sources, amount):
        queued = refund.queue(
            payment=source.payment, amount=part, reason=reason, key=f"{key}:{source.payment.pk}", by=by, not_before=now,
            now=now,
        )  # fmt: skip
        made.append(queued)
    return SentBack(note, made)


def _refuse(invoice: Invoice, amount: int, most: int) -> None:
    whole = refundable.most(invoice)
    if not whole:
        raise CannotRefund(refundable.why_nothing(invoice))
    if amount <= whole:
        raise NotByCard("This was paid by bank transfer, too. Ask for the refund, and it is sent back by transfer.")
    paid, rest = money.shown(invoice.paid, invoice.currency), money.shown(whole, invoice.currency)
    raise CannotRefund(f"At most {rest} can be given back: {paid} was paid for {invoice.number}.")
