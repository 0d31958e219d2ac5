"""What stands on the page of one invoice, by its link or on the account. Reads only, and nothing of a provider."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.templatetags.static import static

from billing import paper_words, refundable, sandbox
from billing.choices import InvoiceState, PaymentState, RefundState
from billing.models import CreditNote, Customer, Invoice, InvoiceLine, InvoiceLink, Payment, Refund, TaxLine
from supportdesk.lib import money
from supportdesk.lib.compiled import CompiledRows, Gap


@dataclass(frozen=True)
class Standing:
    """Where an invoice stands: a chip, and a sentence where there is nothing to pay."""

    words: str
    tone: str
    sentence: str = ""


@dataclass(frozen=True)
class Happening:
    """Money that came or was credited, with its paper."""

    at: datetime
    words: str
    amount: int
    label: str = ""
    address: str = ""


@dataclass(frozen=True)
class ShownLine:
    """A line of the invoice; `words` is its detail, its period and what was taken off."""

    name: str
    words: str
    info_label: str
    info_url: str
    quantity: int
    unit_amount: int
    amount: int


@dataclass(frozen=True)
class Movements:
    """What happened to an invoice since it was issued: all that can change its page, beside the invoice itself."""

    payments: list[Payment]
    notes: list[CreditNote]
    refunds: list[Refund]


def movements_of(invoice: Invoice) -> Movements:
    """Payments with their receipts, oldest first, credit notes, and what went back. Two queries, or three."""
    given = {"invoice": invoice.pk}
    refunds = _refunds().fetch(given) if invoice.refunded else []
    return Movements(_payments().fetch(given), _notes().fetch(given), refunds)


def etag_of(
    invoice: Invoice, movements: Movements, *, link: InvoiceLink | None, today: date, cookie: str, seen: str = ""
) -> str:
    """Changes with whatever the page would show otherwise: money, the day, the look, the reader's form token."""
    facts = [
        [invoice.pk, invoice.state, invoice.paid, invoice.refunded, invoice.credited, today.isoformat()],
        [[one.pk, one.state, one.refunded, one.next_url, str(one.finished_at)] for one in movements.payments],
        [note.pk for note in movements.notes],
        [[one.pk, one.state, one.reference] for one in movements.refunds],
        [link.pk if link else 0, cookie, sandbox.is_on(), static("css/all.css"), static("css/pages/invoice.css"), seen],
    ]
    return f'"{hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]}"'


def context_of(invoice: Invoice, movements: Movements, *, paths: Mapping[str, str], today: date) -> dict:
    """The page, without what belongs to its reader. Two queries."""
    snapshot = invoice.snapshot
    return {
        "invoice": invoice,
        "seller": snapshot["seller"],
        "buyer": snapshot["buyer"],
        "standing": standing_of(invoice, today),
        "lines": [_shown(line, invoice) for line in _lines().fetch({"invoice": invoice.pk})],
        "taxes": _taxes().fetch({"invoice": invoice.pk}),
        "happened": _happened(movements, paths),
        "notes": [note for note in paper_words.notes_of(invoice) if note["title"] != "Pay by bank transfer"],
        "issued_words": _issued(invoice),
        "currency_words": paper_words.currency_words(invoice.currency),
        "is_sandbox": sandbox.is_on(),
        "paths": paths,
    }


def standing_of(invoice: Invoice, today: date) -> Standing:
    """In one chip: due, overdue, paid, credited or withdrawn."""
    if invoice.state == InvoiceState.VOID:
        return Standing("Withdrawn", "", "We withdrew this invoice. There is nothing to pay.")
    if invoice.due and invoice.due_on:
        if invoice.due_on < today:
            return Standing(f"Overdue since {paper_words.day_words(invoice.due_on)}", "bad")
        tone = "bad" if (invoice.due_on - today).days <= 7 else "wait"
        return Standing(f"Due {paper_words.day_words(invoice.due_on, weekday=True)}", tone)
    if invoice.credited and not invoice.paid:
        return Standing("Credited", "ok", "All of it was credited. There is nothing to pay.")
    if invoice.refunded:
        words = f"Paid, {money.shown(invoice.refunded, invoice.currency)} refunded"
        return Standing(words, "ok", "Paid; what was refunded stands on the left.")
    return Standing("Paid", "ok", "It is paid. The receipts stand with the invoice.")


def _issued(invoice: Invoice) -> str:
    """The day, where the reader is."""
    moment = invoice.issued_at
    return paper_words.day_words(moment.astimezone(zone_of(invoice.customer)).date()) if moment else ""


def zone_of(customer: Customer) -> ZoneInfo:
    """The zone of whoever reads; UTC where it is not known."""
    try:
        return ZoneInfo(customer.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


# What the page asks every time, written once a process.


@cache
def _payments() -> CompiledRows[Payment]:
    rows = Payment.objects.select_related("receipt").filter(invoice=_gap())
    return CompiledRows(rows.order_by("created_at", "pk"))


@cache
def _refunds() -> CompiledRows[Refund]:
    """Those that are there or on their way."""
    rows = Refund.objects.filter(payment__invoice=_gap()).exclude(state__in=(RefundState.FAILED, RefundState.CANCELLED))
    return CompiledRows(rows.order_by("created_at", "pk"))


@cache
def _notes() -> CompiledRows[CreditNote]:
    return CompiledRows(CreditNote.objects.filter(invoice=_gap()).order_by("issued_at", "pk"))


@cache
def _lines() -> CompiledRows[InvoiceLine]:
    return CompiledRows(InvoiceLine.objects.filter(invoice=_gap()).order_by("position"))


@cache
def _taxes() -> CompiledRows[TaxLine]:
    return CompiledRows(TaxLine.objects.filter(invoice=_gap()).order_by("position"))


def _gap() -> Gap:
    return Gap("invoice", Invoice._meta.pk)


def _shown(line: InvoiceLine, invoice: Invoice) -> ShownLine:
    parts = [line.detail, paper_words.period_words(line)]
    if line.discount:
        parts.append(f"{money.shown(line.discount, invoice.currency)} off")
    words = ", ".join(part for part in parts if part)
    return ShownLine(
        line.name, words, line.info_label, line.info_url, line.quantity, line.unit_amount, line.amount
    )  # fmt: skip


def _went_back(one: Refund, payment: Payment) -> Happening:
    """A refund, with what the bank finds it by (B6)."""
    where = refundable.where_to(payment)
    is_there = one.state == RefundState.SUCCEEDED
    words = f"Refunded to {where}" if is_there else f"On its way back to {where}"
    if one.reference:
        words += f", bank reference {one.reference}"
    return Happening(one.finished_at or one.created_at, words, -one.amount)


def _happened(movements: Movements, paths: Mapping[str, str]) -> list[Happening]:
    found = []
    for payment in movements.payments:
        if payment.state != PaymentState.SUCCEEDED:
            continue
        # Without the card's last month, which is of no use to whoever else may open the invoice.
        is_known = bool(payment.card_words)
        words = f"Paid by {refundable.where_to(payment) if is_known else payment.get_method_display().lower()}"
        receipt = getattr(payment, "receipt", None)
        label, address = (
            ("", "") if receipt is None else (f"Receipt {receipt.number}", paths["paper"] + f"{receipt.number}/")
        )
        found.append(Happening(payment.finished_at or payment.created_at, words, payment.amount, label, address))
        sent = [one for one in movements.refunds if one.payment_id == payment.pk]
        found += [_went_back(one, payment) for one in sent]
        rest = payment.refunded - sum(one.amount for one in sent)
        if rest:
            found.append(Happening(payment.finished_at or payment.created_at, "Refunded of it", -rest))
    for note in movements.notes:
        address = paths["paper"] + f"{note.number}/"
        found.append(Happening(note.issued_at, f"Credited: {note.reason}", -note.total, note.number, address))
    return sorted(found, key=lambda one: one.at)
