"""Invoices on the account: find, open, keep as a file, decide who may open them. One's own only."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from billing import access, queries_invoices
from billing.actions import links, notices, numbering, papers
from billing.exports import plain
from billing.forms.invoices import ListForm
from billing.models import Invoice
from billing.pdf_answers import pdf
from billing.refusals import Refused
from billing.views import pay_panel
from selfservice import invoice_pages
from selfservice.views import invoice_link
from supportdesk.lib import csv_files
from supportdesk.lib.audience import signed_in
from supportdesk.lib.private_pages import private

MOST_ROWS = 20_000
HEAD = ("Invoice", "Issued", "Due", "State", "For", "PO", "Currency", "Total", "Paid", "Still due")


@signed_in
@private
@require_safe
def invoice_list(request: PersonRequest) -> HttpResponse:
    """What was invoiced to whoever looks, and to their organisations; the newest first."""
    zone = numbering.seller_zone()
    today = timezone.localdate(timezone.now(), zone)
    form = ListForm(request.GET)
    form.fields["q"].label = "Number, PO or item"
    page = queries_invoices.find(
        access.invoices_of(request.user), form.wanted(), today=today, zone=zone, after=request.GET.get("after", "")
    )
    more = request.GET.copy()
    more["after"] = page.after
    rows = [(row, invoice_pages.standing_of(row, today)) for row in page.rows]
    context = {
        "section": "invoices", "form": form, "rows": rows, "after": page.after, "more": more.urlencode(),
        "asked": request.GET.urlencode(), "is_narrowed": any(request.GET.get(name) for name in form.fields),
    }  # fmt: skip
    return render(request, "selfservice/invoice_list.html", context)


@signed_in
@private
@require_safe
def invoice_csv(request: PersonRequest) -> HttpResponseBase:
    """The same list as a file, as it is narrowed."""
    zone = numbering.seller_zone()
    today = timezone.localdate(timezone.now(), zone)
    mine = access.invoices_of(request.user)
    rows = queries_invoices.narrowed(mine, ListForm(request.GET).wanted(), today=today, zone=zone)
    rows = rows.order_by("-issued_at", "-pk")[:MOST_ROWS]
    return csv_files.stream(f"invoices-{today.isoformat()}", HEAD, (_row(one) for one in rows.iterator(chunk_size=500)))


@signed_in
@private
@pay_panel.takes_cards
@require_safe
def own_invoice(request: PersonRequest, number: str) -> HttpResponseBase:
    """One of them."""
    return invoice_link.show(request, _mine(request, number), link=None)


@signed_in
@private
@require_safe
def own_pdf(request: PersonRequest, number: str) -> HttpResponseBase:
    """Its PDF."""
    invoice = _mine(request, number)
    return pdf(request, papers.pdf_of(kind="invoice", paper=invoice, now=timezone.now()), f"{invoice.number}.pdf")


@signed_in
@private
@require_safe
def own_paper(request: PersonRequest, number: str, paper: str) -> HttpResponseBase:
    """A receipt or a credit note of it."""
    return invoice_link.paper_of(request, _mine(request, number), paper)


@signed_in
@private
@require_POST
def own_copy(request: PersonRequest, number: str) -> HttpResponse:
    """A link for a colleague, shown once."""
    invoice = _mine(request, number)
    context = {"invoice": invoice, "seller": invoice.snapshot["seller"], "page": _address(invoice)}
    try:
        address = links.copy_for_colleague(invoice=invoice, by=request.user, via=None, now=timezone.now())
    except links.TooManyCopies as refusal:
        return render(request, "selfservice/invoice_copy.html", context | {"refusal": str(refusal)}, status=409)
    return render(request, "selfservice/invoice_copy.html", context | {"address": address})


@signed_in
@private
@require_http_methods(["GET", "HEAD", "POST"])
def own_links(request: PersonRequest, number: str) -> HttpResponse:
    """Who can open the invoice without a login; end one link, or all, or have a fresh one mailed."""
    invoice = _mine(request, number)
    if request.method == "POST":
        messages.success(request, _end(request, invoice))
        return redirect("selfservice:invoice_links", invoice.number)
    context = {
        "invoice": invoice, "seller": invoice.snapshot["seller"], "page": _address(invoice),
        "links": invoice.links.filter(revoked_at__isnull=True).order_by("-created_at", "-pk")[:100],
        "recipients": notices.recipients_of(invoice.customer),
    }  # fmt: skip
    return render(request, "selfservice/invoice_links.html", context)


def _end(request: PersonRequest, invoice: Invoice) -> str:
    now, asked = timezone.now(), request.POST
    if "all" in asked:
        ended = links.revoke_all(invoice=invoice, by=request.user, now=now)
        return f"{ended} link{'' if ended == 1 else 's'} ended. You still open the invoice here."
    key = asked.get("rotate") or asked.get("end") or ""
    link = invoice.links.filter(pk=int(key)).first() if key.isascii() and key.isdigit() and len(key) < 19 else None
    if link is None:
        raise Http404
    if "rotate" in asked:
        is_mailed = links.rotate_link(link=link, by=request.user, now=now)
        return (
            f"The old link has ended; a fresh one is on its way to {link.email}."
            if is_mailed
            else "The link has ended."
        )
    links.revoke_link(link=link, by=request.user, now=now)
    return "The link has ended."


def _mine(request: PersonRequest, number: str) -> Invoice:
    try:
        return access.invoice_for(request.user, number)
    except Refused as refusal:
        raise Http404 from refusal


def _address(invoice: Invoice) -> str:
    return reverse("selfservice:own_invoice", args=[invoice.number])


def _row(invoice: Invoice) -> list[object]:
    code = invoice.currency
    sums = [plain(amount, code) for amount in (invoice.total, invoice.paid - invoice.refunded, invoice.due)]
    issued = invoice.issued_at.date().isoformat() if invoice.issued_at else ""
    due_on = invoice.due_on.isoformat() if invoice.due_on else ""
    return [
        invoice.number,
        issued,
        due_on,
        invoice.get_state_display(),
        invoice.summary,
        invoice.po_number,
        code,
        *sums,
    ]
