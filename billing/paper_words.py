"""What stands on a document, as words: the values of its sheet. Reads only what no longer changes."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from billing.models import CreditNote, Invoice, InvoiceLine, Receipt, Seller
from supportdesk.lib import money

CURRENCIES = {
    "USD": "US dollars", "CAD": "Canadian dollars", "EUR": "euros", "GBP": "pounds sterling",
    "AUD": "Australian dollars", "NZD": "New Zealand dollars", "JPY": "Japanese yen",
}  # fmt: skip


def values_of(paper: Invoice | CreditNote | Receipt) -> dict:
    """The values of the sheet of an issued document."""
    if isinstance(paper, Invoice):
        return _of_invoice(paper)
    return _of_credit_note(paper) if isinstance(paper, CreditNote) else _of_receipt(paper)


def day_words(day: date | None, *, weekday: bool = False) -> str:
    """ "10 November 2026", with the weekday where it is to be planned with."""
    if day is None:
        return ""
    return f"{day:%A} {day.day} {day:%B %Y}" if weekday else f"{day.day} {day:%B %Y}"


def currency_words(code: str) -> str:
    """ "US dollars" """
    return CURRENCIES.get(code, code)


def notes_of(invoice: Invoice) -> list[dict[str, str]]:
    """What is said below the items: how to pay by transfer, the bank's own fee, and what the seller always says."""
    snapshot = invoice.snapshot
    found = []
    if snapshot.get("bank_instructions") and invoice.total:
        words = f"{snapshot['bank_instructions']}\nReference: {invoice.number}"
        found.append({"title": "Pay by bank transfer", "text": words})
    if snapshot.get("international_fee_note"):
        found.append({"title": "Paying by card", "text": snapshot["international_fee_note"]})
    if snapshot.get("invoice_note"):
        found.append({"title": "Note", "text": snapshot["invoice_note"]})
    return found


def full_address(address: str) -> str:
    """A path of ours with its host; an address elsewhere as it is."""
    return f"{settings.SITE_URL}{address}" if address.startswith("/") else address


def period_words(line: InvoiceLine) -> str:
    """ "1 December 2026 to 30 November 2027"; "" for what is bought once."""
    if not line.period_starts_on or not line.period_ends_on:
        return ""
    return f"{day_words(line.period_starts_on)} to {day_words(line.period_ends_on)}"


def sums_of(invoice: Invoice) -> list[dict]:
    """The rows below the items, down to the total."""
    code = invoice.currency
    rows = [{"label": "Subtotal", "amount": money.shown(invoice.subtotal, code)}]
    if invoice.discount:
        rows.append({"label": "Discount", "amount": money.shown(-invoice.discount, code)})
    if invoice.shipping:
        rows.append({"label": "Shipping", "amount": money.shown(invoice.shipping, code)})
    for tax in invoice.taxes.order_by("position"):
        label = f"{tax.name}, {tax.exemption}" if tax.exemption else f"{tax.name} {tax.rate_ppm / 10_000:g} %"
        label = label if tax.rate_ppm or tax.exemption else tax.name
        rows.append({"label": label, "amount": money.shown(tax.amount, code)})
    total = {"label": f"Total in {currency_words(code)}", "amount": money.shown(invoice.total, code), "bold": True}
    return [*rows, total]


def _of_invoice(invoice: Invoice) -> dict:
    snapshot = invoice.snapshot
    return {
        "seller": snapshot["seller"],
        "buyer": snapshot["buyer"],
        "ship_to": snapshot["ship_to"],
        "is_sandbox": snapshot["is_sandbox"],
        "number": invoice.number,
        "total": money.shown(invoice.total, invoice.currency),
        "due": f"Due {day_words(invoice.due_on, weekday=True)}" if invoice.total else "Nothing to pay",
        "issued": _moment_words(invoice.issued_at),
        "terms": snapshot["terms"],
        "po_number": invoice.po_number,
        "order": snapshot["order"],
        "w8": f"W-8BEN-E: {settings.SITE_URL}/w8/",
        "lines": [_line(line, invoice.currency) for line in invoice.lines.order_by("position")],
        "sums": sums_of(invoice),
        "notes": notes_of(invoice),
    }


def _line(line: InvoiceLine, code: str) -> dict[str, str]:
    parts = [line.detail, period_words(line)]
    if line.discount:
        parts.append(f"{money.shown(line.discount, code)} off")
    return {
        "name": line.name,
        "detail": ", ".join(part for part in parts if part),
        "link": full_address(line.info_url),
        "link_label": line.info_label or "What is this?",
        "quantity": str(line.quantity),
        "price": money.shown(line.unit_amount, code),
        "amount": money.shown(line.amount, code),
    }


def _of_credit_note(note: CreditNote) -> dict:
    code = note.currency
    rows = [
        {"label": "Before tax", "amount": money.shown(note.total - note.tax, code)},
        {"label": "Tax", "amount": money.shown(note.tax, code)},
        {"label": "Credited in all", "amount": money.shown(note.total, code), "bold": True},
        {"label": "Taken off what was due", "amount": money.shown(note.reduces_debt, code)},
        {"label": "To be refunded", "amount": money.shown(note.total - note.reduces_debt, code)},
    ]
    return {
        **{name: note.snapshot[name] for name in ("seller", "buyer", "is_sandbox", "invoice")},
        "number": note.number,
        "total": money.shown(note.total, code),
        "issued": _moment_words(note.issued_at),
        "reason": note.reason,
        "lines": [
            {"name": line.name, "tax": money.shown(line.tax, code), "amount": money.shown(line.amount, code)}
            for line in note.lines.order_by("position")
        ],
        "sums": rows,
    }


def _of_receipt(receipt: Receipt) -> dict:
    snapshot = receipt.snapshot
    code = snapshot["currency"]
    return {
        **{name: snapshot[name] for name in ("seller", "buyer", "is_sandbox", "invoice", "method", "reference")},
        "number": receipt.number,
        "amount": money.shown(snapshot["amount"], code),
        "received": _moment_words(receipt.issued_at),
        "total": money.shown(snapshot["total"], code),
        "due": money.shown(snapshot["due"], code),
    }


def _moment_words(moment: datetime | None) -> str:
    """The day of `moment` where the books are kept."""
    if moment is None:
        return ""
    name = Seller.objects.filter(pk=1).values_list("time_zone", flat=True).first()
    return day_words(moment.astimezone(ZoneInfo(name or "UTC")).date())
