"""Staff: every invoice and all that happened to it."""

import secrets
from datetime import date
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.door import done, may
from accounts.models import JournalEntry
from accounts.requests import PersonRequest
from billing import access, allowances, linked, paper_words, queries_customer, queries_invoices
from billing.actions import credit_note, issue, links, notices, numbering, papers
from billing.choices import MoneyRightKind
from billing.forms.invoices import CreditNoteForm, ListForm, VoidForm
from billing.models import Invoice
from billing.pdf_answers import pdf
from billing.refusals import Refused
from mail.models import OutgoingMail

JOURNAL_SHOWN = 50


def books() -> tuple[date, ZoneInfo]:
    """Today, and the zone in which the books are kept."""
    zone = numbering.seller_zone()
    return timezone.localdate(timezone.now(), zone), zone


@require_safe
@may("invoices.see")
def invoice_list(request: PersonRequest) -> HttpResponse:
    """All invoices, by words, state and day."""
    today, zone = books()
    form = ListForm(request.GET)
    wanted = form.wanted()
    page = queries_invoices.find(
        Invoice.objects.all(), wanted, today=today, zone=zone, after=request.GET.get("after", "")
    )
    more = request.GET.copy()
    more["after"] = page.after
    context = {"section": "invoices", "form": form, "page": page, "today": today, "more": more.urlencode()}
    return render(request, "billing/invoice_list.html", context)


@require_safe
@may("invoices.see")
def invoice(request: PersonRequest, number: str) -> HttpResponse:
    """Everything about one invoice."""
    return _page(request, _found(number))


@require_safe
@may("invoices.see")
def invoice_pdf(request: PersonRequest, number: str) -> HttpResponseBase:
    """The PDF that the customer has, too."""
    found = _found(number)
    return pdf(request, papers.pdf_of(kind="invoice", paper=found, now=timezone.now()), f"{found.number}.pdf")


@require_safe
@may("invoices.see")
def paper(request: PersonRequest, number: str, paper: str) -> HttpResponseBase:
    """A receipt or a credit note of an invoice."""
    found = access.paper_for(_found(number), paper)
    if found is None:
        raise Http404
    kind, document = found
    return pdf(request, papers.pdf_of(kind=kind, paper=document, now=timezone.now()), f"{paper}.pdf")


@require_http_methods(["GET", "HEAD", "POST"])
@may("invoices.correct")
def credit(request: PersonRequest, number: str) -> HttpResponse:
    """Write a credit note: all that is left, an amount, or so much of each line."""
    found = _found(number)
    left = credit_note.left_to_credit(found)
    begun = {"key": secrets.token_urlsafe(24)}
    typed = request.POST if request.method == "POST" else None
    form = CreditNoteForm(typed, initial=begun, currency=found.currency, left=left)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            linked.refuse_own(request.user, found.customer, what="a credit note", now=timezone.now())
            note = credit_note.issue_credit_note(
                invoice=found, amount=asked["amount"], reason=asked["reason"], key=f"staff:{asked['key']}",
                by=request.user, now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error("amount", str(refusal))
        else:
            messages.success(request, f"Credit note {note.number} is written and mailed.")
            return redirect("billing:invoice", found.number)
    context = {"section": "invoices", "form": form, "invoice": found, "left": left}
    return render(request, "billing/credit_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may("invoices.correct")
def void(request: PersonRequest, number: str) -> HttpResponse:
    """Withdraw an open invoice."""
    found = _found(number)
    form = VoidForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            linked.refuse_own(request.user, found.customer, what="its withdrawal", now=timezone.now())
            issue.void(invoice=found, by=request.user, reason=form.cleaned_data["reason"], now=timezone.now())
        except Refused as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(request, f"{found.number} is withdrawn. It stays to be seen, and nothing is owed.")
            return redirect("billing:invoice", found.number)
    context = {"section": "invoices", "form": form, "invoice": found}
    return render(request, "billing/void_form.html", context, status=422 if form.errors else 200)


@require_POST
@may("invoices.work")
def end_link(request: PersonRequest, number: str, pk: int) -> HttpResponse:
    """End one link of an invoice."""
    found = _found(number)
    link = found.links.filter(pk=pk).first()
    if link is None:
        raise Http404
    done(
        request,
        lambda: links.revoke_link(link=link, by=request.user, now=timezone.now()),
        refusals=(Refused,),
        words="The link has ended. Whoever opens it can have a fresh one mailed to the addresses on file.",
    )
    return redirect("billing:invoice", found.number)


@require_POST
@may("invoices.work")
def send(request: PersonRequest, number: str) -> HttpResponse:
    """Mail the invoice again to one of its recipients, with a fresh link."""
    found = _found(number)
    known = {one.email for one in _recipients(found)}
    email = request.POST.get("email", "")
    if email not in known:
        messages.error(request, "This address does not get the invoices of this customer.")
        return redirect("billing:invoice", found.number)
    done(
        request,
        lambda: links.send_again(invoice=found, email=email, by=request.user, now=timezone.now()),
        refusals=(Refused,),
        words=f"A fresh link is on its way to {email}.",
    )
    return redirect("billing:invoice", found.number)


def _found(number: str) -> Invoice:
    found = None
    if len(number) <= access.NUMBER_LENGTH and number.isprintable():
        rows = Invoice.objects.select_related("customer__organisation", "customer__person", "order")
        found = rows.filter(number=number).first()
    if found is None:
        raise Http404
    return found


def _recipients(found: Invoice) -> list:
    mailed = found.links.exclude(email="").order_by("pk").values_list("email", flat=True)
    return notices.recipients_of(found.customer, fallback=mailed)


def _page(request: PersonRequest, found: Invoice) -> HttpResponse:
    person = request.user
    history = JournalEntry.objects.filter(subject=f"billing.invoice:{found.pk}").select_related("by")
    context = {
        "section": "invoices",
        "invoice": found,
        "lines": found.lines.order_by("position"),
        "sums": paper_words.sums_of(found),
        "payments": found.payments.select_related("receipt", "by").order_by("-created_at", "-pk"),
        "notes": found.credit_notes.order_by("-issued_at"),
        "asked": queries_customer.refund_requests_of_invoice(found),
        "now": timezone.now(),
        "to_refund": credit_note.to_refund(found),
        "overpaid": max(0, found.paid - found.refunded - (found.total - found.credited)),
        "links": found.links.order_by("-created_at", "-pk")[:100],
        "mails": OutgoingMail.objects.filter(source_key=notices.source_key(found)).order_by("-created_at", "-pk")[:100],
        "recipients": _recipients(found),
        "history": history.order_by("-number")[:JOURNAL_SHOWN],
        "may_correct": can(person, "invoices.correct"),
        "may_give": can(person, "money.give"),
        "may_refund": allowances.has_right(person, MoneyRightKind.REFUND),
        "may_work": can(person, "invoices.work"),
        "today": books()[0],
    }
    return render(request, "billing/invoice.html", context)
