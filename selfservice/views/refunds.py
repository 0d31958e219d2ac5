"""Asking for money back, and where it stands. One's own only (R31, S22)."""

import secrets

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from billing import access, refundable
from billing.actions import credit_note, private_files, refund_requests
from billing.models import Invoice, RefundRequest
from billing.refusals import Refused
from selfservice import refund_pages, sheets
from selfservice.forms.refund import RefundForm
from selfservice.review_time import review_words
from supportdesk.lib.audience import signed_in
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import Limit, hit

ASKS = Limit("refunds asked for by a person", times=30, seconds=3600)
TOO_MANY = "Many requests came in a short time, so this one was not kept. Try again in an hour, or ask a person."
FILES_AGAIN = "Choose your files once more: a browser forgets them."


@signed_in
@private
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: PersonRequest, number: str) -> HttpResponseBase:
    """The form, and asking. What was typed survives every refusal but the files, which it says."""
    invoice = _mine(request, number)
    sources = refundable.sources_of(invoice)
    if request.method != "POST":
        form = _form(request, invoice, sources, initial={"key": secrets.token_urlsafe(24), "much": "all"})
        return _page(request, invoice, sources, form)
    form = _form(request, invoice, sources, data=request.POST, files=request.FILES)
    if not form.is_valid():
        return _page(request, invoice, sources, form, status=422)
    now = timezone.now()
    if hit(ASKS, str(request.user.pk), now=now):
        form.add_error(None, TOO_MANY)
        return _page(request, invoice, sources, form, status=429)
    try:
        asked = _ask(request, invoice, form)
    except refund_requests.CannotAsk as refusal:
        form.add_error("much" if refusal.field == "lines" else refusal.field or None, str(refusal))
        return _page(request, invoice, sources, form, status=409)
    except private_files.CannotKeepFile as refusal:
        form.add_error("files", str(refusal))
        return _page(request, invoice, sources, form, status=422)
    messages.success(request, f"{asked.number} is sent. The next review starts {review_words(now)}; you get an email.")
    page = reverse("selfservice:own_invoice", args=[invoice.number])
    return sheets.done(request, f"{page}?asked={asked.pk}#refunds")


@signed_in
@private
@require_POST
def withdraw(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Take a request back that waits for its review."""
    asked = _request(request, pk)
    try:
        refund_requests.withdraw(request=asked, by=request.user, now=timezone.now())
    except refund_requests.CannotWithdraw as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{asked.number} is withdrawn. You can ask again whenever you like.")
    return redirect(f"{reverse('selfservice:own_invoice', args=[asked.invoice.number])}?withdrawn={pk}#refunds")


@signed_in
@private
@require_safe
def refunds(request: PersonRequest) -> HttpResponse:
    """Every request with its whole way, and the invoices that one can be made for."""
    after = request.GET.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    rows = list(refund_pages.requests_of(request.user, after=start)[: refund_pages.PAGE + 1])
    ways = refund_pages.ways_of(rows[: refund_pages.PAGE], review=review_words(timezone.now()))
    context = {
        "section": "account", "ways": ways, "is_first": not start,
        "after": rows[refund_pages.PAGE - 1].pk if len(rows) > refund_pages.PAGE else 0,
        "invoices": () if start else refund_pages.open_for_asking(request.user)[: refund_pages.MOST_CHOSEN],
    }  # fmt: skip
    return render(request, "selfservice/refunds.html", context)


def _ask(request: PersonRequest, invoice: Invoice, form: RefundForm) -> RefundRequest:
    said = form.cleaned_data
    return refund_requests.ask(
        invoice=invoice, amount=said["amount"], lines=said["by_line"], why=said["why"], words=said["words"],
        files=[(one.name or "", one.read()) for one in said["files"]], by=request.user,
        key=f"customer:{request.user.pk}:{said['key']}", now=timezone.now(),
    )  # fmt: skip


def _form(request: PersonRequest, invoice: Invoice, sources: list[refundable.Source], **more) -> RefundForm:
    most = sum(source.amount for source in sources)
    return RefundForm(invoice=invoice, most=most, left=credit_note.lines_left(invoice) if most else (), **more)


def _page(
    request: PersonRequest, invoice: Invoice, sources: list[refundable.Source], form: RefundForm, *, status: int = 200
) -> HttpResponse:
    waiting = refund_pages.requests_of_invoice(invoice).filter(state="open").first()
    if request.FILES and form.errors and "files" not in form.errors:
        form.add_error("files", FILES_AGAIN)
    context = {
        "section": "invoices", "invoice": invoice, "form": form, "waiting": waiting,
        "why_nothing": "" if sources else refundable.why_nothing(invoice),
        "where": list(dict.fromkeys(refund_pages.way_back(source.payment) for source in sources)),
        "review": review_words(timezone.now()), "page": reverse("selfservice:own_invoice", args=[invoice.number]),
    }  # fmt: skip
    return sheets.shown(request, "selfservice/ask_refund", context, status=status)


def _request(request: PersonRequest, pk: int) -> RefundRequest:
    found = refund_pages.requests_of(request.user).filter(pk=pk).first() if 0 < pk < 2**63 else None
    if found is None:
        raise Http404
    return found


def _mine(request: PersonRequest, number: str) -> Invoice:
    try:
        return access.invoice_for(request.user, number)
    except Refused as refusal:
        raise Http404 from refusal
