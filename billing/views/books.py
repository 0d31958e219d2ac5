"""Staff: what is owed and by whom, statements, receipts, and files for the accountant."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.door import may
from accounts.requests import PersonRequest
from billing import documents, paper_words, queries_invoices, sandbox, snapshots
from billing.exports import NOTES_HEAD, SHAPES, export, export_notes, plain
from billing.forms.invoices import ListForm, StatementForm
from billing.models import Customer, Invoice
from billing.queries_invoices import BUCKETS, MOST_CUSTOMERS, Statement
from billing.views.invoices import books
from supportdesk.lib import csv_files, money

CREDIT_NOTES = "credit-notes"


@require_safe
@may("invoices.see")
def aging(request: PersonRequest) -> HttpResponse:
    """What every customer owes, by how late it is."""
    today, _ = books()
    rows = queries_invoices.aging(today=today, most=MOST_CUSTOMERS + 1)
    labels = [label for _, label in BUCKETS]
    context = {
        "section": "invoices", "rows": rows[:MOST_CUSTOMERS], "buckets": BUCKETS, "today": today,
        "is_cut": len(rows) > MOST_CUSTOMERS, "most": MOST_CUSTOMERS,
        "sums": [
            (code, list(zip(labels, cells, strict=True)), sum(cells))
            for code, cells in queries_invoices.owed_in_all(today=today)
        ],
    }  # fmt: skip
    return render(request, "billing/aging.html", context)


@require_safe
@may("invoices.export")
def aging_csv(request: PersonRequest) -> HttpResponse:
    """The same for a spreadsheet."""
    today, _ = books()
    head = ["Customer", "Currency", *(label for _, label in BUCKETS), "In all"]
    rows = (
        [one.customer, one.currency, *(plain(cell, one.currency) for cell in one.cells), plain(one.total, one.currency)]
        for one in queries_invoices.aging(today=today)
    )
    return csv_files.answer(f"aging-{today.isoformat()}", head, rows)


@require_safe
@may("invoices.see")
def statement(request: PersonRequest, pk: int) -> HttpResponse:
    """What happened between us and one customer in a period; the last 90 days when none is asked for."""
    customer = get_object_or_404(Customer, pk=pk)
    form, made = _statement(request, customer)
    context = {
        "section": "invoices",
        "customer": customer,
        "form": form,
        "statement": made,
        "asked": request.GET.urlencode(),
    }
    return render(request, "billing/statement.html", context, status=422 if form.errors else 200)


@require_safe
@may("invoices.see")
def statement_pdf(request: PersonRequest, pk: int) -> HttpResponse:
    """The same to send on: made when it is asked for, since it is no document of its own."""
    customer = get_object_or_404(Customer, pk=pk)
    _, made = _statement(request, customer)
    if made is None:
        raise Http404
    content = documents.render("statement", _values(made))
    name = f"statement-{made.since.isoformat()}-{made.until.isoformat()}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@require_safe
@may("invoices.see")
def receipts(request: PersonRequest) -> HttpResponse:
    """Money that came, the newest first."""
    _, zone = books()
    form = ListForm(request.GET)
    wanted = form.wanted()
    rows, after = queries_invoices.receipts(
        since=wanted.since, until=wanted.until, zone=zone, after=request.GET.get("after", "")
    )
    more = request.GET.copy()
    more["after"] = after
    context = {"section": "invoices", "form": form, "rows": rows, "after": after, "more": more.urlencode()}
    return render(request, "billing/receipt_list.html", context)


@require_safe
@may("invoices.export")
def export_csv(request: PersonRequest, shape: str) -> HttpResponseBase:
    """Invoices as QuickBooks or Xero import them, or their credit notes, narrowed as the list is; withdrawn invoices
    only where asked for."""
    made = SHAPES.get(shape)
    today, zone = books()
    wanted = ListForm(request.GET).wanted()
    if shape == CREDIT_NOTES:
        notes = queries_invoices.notes(wanted, today=today, zone=zone)
        return csv_files.stream(f"credit-notes-{today.isoformat()}", NOTES_HEAD, export_notes(notes, zone))
    if made is None:
        raise Http404
    rows = queries_invoices.narrowed(Invoice.objects.all(), wanted, today=today, zone=zone)
    if wanted.state != "void":
        rows = rows.exclude(state="void")
    return csv_files.stream(f"invoices-{shape}-{today.isoformat()}", made.head, export(rows, made, zone))


def _statement(request: PersonRequest, customer: Customer) -> tuple[StatementForm, Statement | None]:
    today, zone = books()
    begun = {"since": today - timedelta(days=90), "until": today}
    form = StatementForm(request.GET if "since" in request.GET or "until" in request.GET else None, initial=begun)
    if form.is_bound and not form.is_valid():
        return form, None
    asked = form.cleaned_data if form.is_bound else begun
    return form, _made(customer, asked["since"], asked["until"], zone)


def _made(customer: Customer, since: date, until: date, zone: ZoneInfo) -> Statement:
    return queries_invoices.statement(
        customer=customer, currency=customer.currency, since=since, until=until, zone=zone
    )  # fmt: skip


def _values(made: Statement) -> dict:
    def shown(amount: int) -> str:
        return money.shown(amount, made.currency) if amount else ""

    return {
        "seller": snapshots.seller_now() or {"name": "", "lines": [], "tax_number": ""},
        "buyer": snapshots.of_buyer(made.customer),
        "is_sandbox": sandbox.is_on(),
        "period": f"{paper_words.day_words(made.since)} to {paper_words.day_words(made.until)}",
        "closing": money.shown(made.closing, made.currency),
        "rows": [
            {
                "on": paper_words.day_words(one.on or one.at.date()),
                "words": one.words,
                "owed": shown(one.owed),
                "settled": shown(one.settled),
                "balance": money.shown(one.balance, made.currency),
            }
            for one in made.entries
        ],
        "sums": [
            {"label": "Balance before", "amount": money.shown(made.opening, made.currency)},
            {"label": "Balance", "amount": money.shown(made.closing, made.currency), "bold": True},
        ],
    }
