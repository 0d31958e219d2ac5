"""Invoices as rows that QuickBooks and Xero import: one row a line, sums as plain decimals, days as each wants them.

Neither takes credit notes beside invoices, so these have a file of their own, whose columns are to be mapped there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet

from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine, TaxLine
from supportdesk.lib.money import decimals

CHUNK = 500
Row = list[object]


@dataclass(frozen=True)
class Shape:
    """What a program wants to read."""

    label: str
    head: tuple[str, ...]
    rows: Callable[[Invoice, ZoneInfo], Iterator[Row]]


def plain(amount: int, currency: str) -> Decimal:
    """1284.00 as a number: a spreadsheet may add it up."""
    return Decimal(amount).scaleb(-decimals(currency))


def export(invoices: QuerySet[Invoice], shape: Shape, zone: ZoneInfo) -> Iterator[Row]:
    """Every invoice in the order of their numbers, a few hundred in memory at a time."""
    lines = Prefetch("lines", InvoiceLine.objects.order_by("position"))
    taxes = Prefetch("taxes", TaxLine.objects.order_by("position"))
    rows = invoices.select_related("customer").prefetch_related(lines, taxes).order_by("year", "sequence")
    for invoice in rows.iterator(chunk_size=CHUNK):
        yield from shape.rows(invoice, zone)


NOTES_HEAD = (
    "Credit note", "Invoice", "Customer", "Date", "Line", "Before tax", "Tax", "With tax", "Currency",
    "Taken off what was due", "Reason",
)  # fmt: skip


def export_notes(notes: QuerySet[CreditNote], zone: ZoneInfo) -> Iterator[Row]:
    """Every credit note in the order of their numbers, a row a line; what it took off the debt stands on its first."""
    lines = Prefetch("lines", CreditNoteLine.objects.order_by("position"))
    rows = notes.select_related("invoice").prefetch_related(lines).order_by("year", "sequence")
    for note in rows.iterator(chunk_size=CHUNK):
        code, day = note.currency, note.issued_at.astimezone(zone).date().isoformat()
        for place, line in enumerate(note.lines.all()):
            yield [
                note.number, note.invoice.number, note.snapshot["buyer"]["name"], day, line.name,
                plain(line.amount, code), plain(line.tax, code), plain(line.amount + line.tax, code), code,
                "" if place else plain(note.reduces_debt, code), note.reason,
            ]  # fmt: skip


def _quickbooks(invoice: Invoice, zone: ZoneInfo) -> Iterator[Row]:
    code = invoice.currency
    names = ", ".join(f"{tax.name} {tax.rate_ppm / 10_000:g}%" for tax in invoice.taxes.all() if tax.amount)
    for name, words, quantity, unit, amount, tax in _lines(invoice):
        yield [
            invoice.number, invoice.snapshot["buyer"]["name"], _day(invoice, zone, "%m/%d/%Y"),
            _due(invoice, "%m/%d/%Y"), invoice.snapshot["terms"], invoice.po_number, name, words, quantity,
            plain(unit, code), plain(amount, code), names if tax else "", plain(tax, code), code,
        ]  # fmt: skip


def _xero(invoice: Invoice, zone: ZoneInfo) -> Iterator[Row]:
    code, buyer = invoice.currency, invoice.snapshot["buyer"]
    address = [*buyer["lines"], "", "", ""][:4]
    for name, words, quantity, unit, amount, tax in _lines(invoice):
        off = quantity * unit - amount
        rate = round(Decimal(100 * off) / (quantity * unit), 4) if off and unit else ""
        yield [
            buyer["name"], "", *address, invoice.number, invoice.po_number, _day(invoice, zone, "%d/%m/%Y"),
            _due(invoice, "%d/%m/%Y"), plain(invoice.total, code), "", f"{name}. {words}" if words else name, quantity,
            plain(unit, code), rate, "200", "Tax on Sales" if tax else "Tax Exempt", plain(tax, code), code,
        ]  # fmt: skip


def _lines(invoice: Invoice) -> Iterator[tuple[str, str, int, int, int, int]]:
    """(name, words, quantity, unit, amount, tax), shipping last as a line of its own."""
    lines = list(invoice.lines.all())
    for line in lines:
        yield line.name, line.detail, line.quantity, line.unit_amount, line.amount, line.tax
    rest = invoice.tax - sum(line.tax for line in lines)
    if invoice.shipping or rest:
        yield "Shipping" if invoice.shipping else "Tax", "", 1, invoice.shipping, invoice.shipping, rest


def _day(invoice: Invoice, zone: ZoneInfo, form: str) -> str:
    return invoice.issued_at.astimezone(zone).strftime(form) if invoice.issued_at else ""


def _due(invoice: Invoice, form: str) -> str:
    return invoice.due_on.strftime(form) if invoice.due_on else ""


SHAPES = {
    "quickbooks": Shape(
        "QuickBooks",
        (
            "*InvoiceNo", "*Customer", "*InvoiceDate", "*DueDate", "Terms", "Memo", "Item(Product/Service)",
            "ItemDescription", "ItemQuantity", "ItemRate", "*ItemAmount", "ItemTaxCode", "ItemTaxAmount", "Currency",
        ),
        _quickbooks,
    ),
    "xero": Shape(
        "Xero",
        (
            "*ContactName", "EmailAddress", "POAddressLine1", "POAddressLine2", "POAddressLine3", "POAddressLine4",
            "*InvoiceNumber", "Reference", "*InvoiceDate", "*DueDate", "Total", "InventoryItemCode", "*Description",
            "*Quantity", "*UnitAmount", "Discount", "*AccountCode", "*TaxType", "TaxAmount", "Currency",
        ),
        _xero,
    ),
}  # fmt: skip
