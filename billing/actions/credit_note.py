"""A credit note takes back part or all of an invoice: first what is still owed, the rest is money to be refunded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from accounts import journal
from accounts.models import Person
from billing import sandbox, snapshots, webhook_payloads
from billing.actions import customers, notices, numbering, paid, receipt, reminders
from billing.announce import announce
from billing.choices import InvoiceState, Series
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, Seller
from billing.refusals import Refused
from mail.addresses import one_line
from supportdesk.lib import money
from supportdesk.lib.background import enqueue_on_commit
from supportdesk.lib.failpoints import failpoint


class CannotCredit(Refused):
    """More than is left, nothing at all, or an invoice from which nothing can be taken back."""


@dataclass(frozen=True)
class Part:
    """What is left of one line, or of shipping where `line` is None: before tax, and its tax."""

    line: InvoiceLine | None
    name: str
    net: int
    tax: int

    @property
    def gross(self) -> int:
        return self.net + self.tax


def issue_credit_note(
    *,
    invoice: Invoice,
    reason: str,
    key: str,
    by: Person | None,
    now: datetime,
    amount: int | None = None,
    lines: Mapping[int, int] | None = None,
    mails: bool = True,
) -> CreditNote:
    """Take back everything that is left; or `amount`, tax included; or of each line (by its key) so much, with tax.

    What is still owed is lowered first, the rest is to be refunded (`total - reduces_debt`). An amount is split over
    the lines, and each part into price and tax, by largest remainder, so that all of it adds up. Asked twice with one
    `key`, one credit note. `mails` is false where another mail of the same transaction names it. Raises CannotCredit.
    """
    with transaction.atomic():
        rows = Invoice.objects.select_for_update(of=("self",)).select_related("customer__person")
        invoice = rows.get(pk=invoice.pk)
        customers.lock(invoice.customer_id)
        known = CreditNote.objects.filter(key=key).first()
        if known:
            if known.invoice_id != invoice.pk:
                raise CannotCredit("This was asked for on another invoice.")
            return known
        _check(invoice, reason)
        taken = _taken(_left_of(invoice), amount, lines or {}, invoice)
        total = sum(part.gross for part in taken)
        reduces = min(total, invoice.due)
        note = _write(invoice, taken, total, reduces, one_line(reason, 255), key, now)
        failpoint("billing.credit_note.written")
        _lower(invoice, reduces, now)
        if mails:
            notices.mail_credit_note(note=note, invoice=invoice, now=now)
        enqueue_on_commit("billing.make_document", kind="credit_note", pk=note.pk)
        data = {"note": note.number, "total": total, "reduces_debt": reduces, "reason": reason[:255]}
        journal.record(by=by, action="billing.credit", subject=f"billing.invoice:{invoice.pk}", data=data, now=now)
    return note


def left_to_credit(invoice: Invoice) -> int:
    """How much of the invoice no credit note has taken back yet, in minor units."""
    return invoice.total - (invoice.credit_notes.aggregate(all=Sum("total"))["all"] or 0)


def beyond_the_bill(invoice: Invoice) -> int:
    """What we hold of a paid invoice beyond what is billed by now: paid twice, or credited and not returned yet.

    So much can go back without another credit note, in minor units.
    """
    return max(0, invoice.paid - invoice.refunded - left_to_credit(invoice))


def to_refund(invoice: Invoice) -> int:
    """What credit notes took back beyond the debt and no refund has returned yet; never what a bank took meanwhile."""
    sums = invoice.credit_notes.aggregate(total=Sum("total"), debt=Sum("reduces_debt"))
    beyond = (sums["total"] or 0) - (sums["debt"] or 0) - invoice.refunded
    return max(0, min(beyond, invoice.paid - invoice.refunded))


def lines_left(invoice: Invoice) -> list[Part]:
    """What is left of each line, and of shipping last."""
    return _left_of(invoice)


def _check(invoice: Invoice, reason: str) -> None:
    if invoice.state not in (InvoiceState.OPEN, InvoiceState.PAID):
        raise CannotCredit(f"{invoice} is {invoice.get_state_display().lower()}; there is nothing to credit.")
    if not reason.strip():
        raise CannotCredit("Say why; it stands on the credit note.")


def _left_of(invoice: Invoice) -> list[Part]:
    """Each line less what was credited of it. Credited shipping stands on lines without an invoice line."""
    before: dict[int | None, list[int]] = {}
    for row in CreditNoteLine.objects.filter(credit_note__invoice=invoice):
        sums = before.setdefault(row.invoice_line_id, [0, 0])
        sums[0] += row.amount
        sums[1] += row.tax
    lines = list(invoice.lines.order_by("position"))
    parts = [Part(line, line.name, line.amount, line.tax) for line in lines]
    freight_tax = invoice.tax - sum(line.tax for line in lines)
    parts.append(Part(None, "Shipping" if invoice.shipping else "Tax", invoice.shipping, freight_tax))
    return [
        Part(part.line, part.name, part.net - used[0], part.tax - used[1])
        for part, used in ((one, before.get(one.line.pk if one.line else None, [0, 0])) for one in parts)
    ]


def _taken(left: Sequence[Part], amount: int | None, lines: Mapping[int, int], invoice: Invoice) -> list[Part]:
    if lines:
        wanted = [lines.get(part.line.pk, 0) if part.line else lines.get(0, 0) for part in left]
        if set(lines) - {part.line.pk if part.line else 0 for part in left}:
            raise CannotCredit("One of these lines is not on this invoice.")
    else:
        rest = sum(part.gross for part in left)
        asked = rest if amount is None else amount
        if asked > rest:
            raise CannotCredit(f"Only {money.shown(rest, invoice.currency)} of this invoice are left to credit.")
        wanted = money.split(asked, [max(0, part.gross) for part in left]) if asked > 0 else []
    if sum(wanted) <= 0 or min(wanted) < 0:
        raise CannotCredit("Enter an amount of more than nothing.")
    taken = []
    for part, gross in zip(left, wanted, strict=True):
        if gross > part.gross:
            rest_words = money.shown(part.gross, invoice.currency)
            raise CannotCredit(f"Only {rest_words} of “{part.name}” are left to credit.")
        if gross:
            net, tax = money.split(gross, [part.net, part.tax])
            taken.append(Part(part.line, part.name, net, tax))
    return taken


def _write(
    invoice: Invoice, taken: Sequence[Part], total: int, reduces: int, reason: str, key: str, now: datetime
) -> CreditNote:
    seller = Seller.objects.filter(pk=1).first()
    number = numbering.next_number(series=Series.CREDIT_NOTE, on=now)
    note = CreditNote.objects.create(
        number=str(number),
        year=number.year,
        sequence=number.sequence,
        key=key,
        invoice=invoice,
        currency=invoice.currency,
        tax=sum(part.tax for part in taken),
        total=total,
        reduces_debt=reduces,
        reason=reason,
        issued_at=now,
        snapshot={
            "seller": snapshots.of_seller(seller) if seller else invoice.snapshot["seller"],
            "buyer": invoice.snapshot["buyer"],
            "invoice": invoice.number,
            "is_sandbox": sandbox.is_on(),
        },
    )
    CreditNoteLine.objects.bulk_create(
        CreditNoteLine(
            credit_note=note, position=place, invoice_line=part.line, name=part.name, amount=part.net, tax=part.tax
        )
        for place, part in enumerate(taken, 1)
    )
    return note


def _lower(invoice: Invoice, reduces: int, now: datetime) -> None:
    """Lower what is owed. Nothing owed any more: paid, and what waits for the money goes on, if any money came."""
    invoice.credited += reduces
    is_settled = reduces > 0 and invoice.state == InvoiceState.OPEN and invoice.due == 0
    if is_settled:
        invoice.state, invoice.paid_at = InvoiceState.PAID, now
    invoice.save(update_fields=["credited", "state", "paid_at"])
    if is_settled and invoice.paid:
        receipt.settle(invoice=invoice, now=now)
    elif is_settled:
        reminders.cancel(invoice=invoice)
        told = webhook_payloads.invoice(invoice)
        announce(type="invoice.paid", subject_key=f"invoice:{invoice.pk}", data=told, now=now)
        paid.when_withdrawn(invoice, now)
