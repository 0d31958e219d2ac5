"""Settings: who sells, and the signed tax form."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.door import done, may, saved
from accounts.requests import PersonRequest
from billing.actions import seller as sellers
from billing.actions import w8
from billing.forms.invoices import SellerForm, TaxFormForm
from billing.models import Seller, TaxForm
from billing.pdf_answers import pdf
from billing.refusals import Refused
from billing.views.invoices import books
from supportdesk.lib import money

DOWNLOADS_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@may("store.set_up")
def seller(request: PersonRequest) -> HttpResponse:
    """Who sells, as it stands on every document from now on."""
    row = Seller.objects.filter(pk=1).first() or Seller(pk=1, legal_name="", updated_at=timezone.now())
    limit = {"starter_credit_limit": money.plain(row.starter_credit_limit, row.currency)}
    form = SellerForm(request.POST if request.method == "POST" else None, instance=row, initial=limit)
    form.fields["starter_credit_limit"].currency = row.currency  # type: ignore[attr-defined]  # an AmountField

    def act(values: dict) -> object:
        return sellers.save_seller(values=values, by=request.user, now=timezone.now())

    if saved(request, form, act, refusals=(Refused,), words="Saved. It stands on what is issued from now on."):
        return redirect("billing:seller")
    context = {"section": "settings", "here": "seller", "form": form}
    return render(request, "billing/seller_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may("store.set_up")
def tax_forms(request: PersonRequest) -> HttpResponse:
    """The signed W-8BEN-E: the one that counts, those before it, and a new one."""
    form = TaxFormForm(*((request.POST, request.FILES) if request.method == "POST" else ()))

    def act(values: dict) -> object:
        content = values["file"].read(w8.MOST_BYTES + 1)
        return w8.add_form(content=content, signed_on=values["signed_on"], by=request.user, now=timezone.now())

    words = "Kept. Invoices, carts and accounts lead to it from now on."
    if saved(request, form, act, refusals=(w8.CannotKeepForm,), words=words, field="file"):
        return redirect("billing:tax_forms")
    today, _ = books()
    context = {
        "section": "settings",
        "here": "tax_forms",
        "form": form,
        "current": w8.current_form(on=today),
        "rows": TaxForm.objects.select_related("added_by").order_by("-revision")[:50],
        "downloads": w8.latest_downloads(limit=DOWNLOADS_SHOWN),
        "today": today,
        "address": f"{settings.SITE_URL}/w8/",
    }
    return render(request, "billing/tax_forms.html", context, status=422 if form.errors else 200)


@require_safe
@may("store.set_up")
def tax_form_file(request: PersonRequest, pk: int) -> HttpResponseBase:
    """One revision, to look at."""
    row = get_object_or_404(TaxForm.objects.select_related("file"), pk=pk)
    return pdf(request, row.file, f"{row.name}-{row.revision}.pdf")


@require_POST
@may("store.set_up")
def withdraw_tax_form(request: PersonRequest, pk: int) -> HttpResponse:
    """A change in circumstances ended a form."""
    row = TaxForm.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    words = "It is withdrawn and no longer handed out."
    done(
        request,
        lambda: w8.withdraw_form(form=row, by=request.user, now=timezone.now()),
        refusals=(Refused,),
        words=words,
    )
    return redirect("billing:tax_forms")
