"""Tax certificates of a customer: upload one and be exempt at once, follow it, take it back (R28, U22)."""

import re
import secrets

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Organisation
from accounts.requests import PersonRequest
from billing import access, exemptions
from billing.actions import certificates, private_files
from billing.buyers import Buyer, buyers_of
from billing.models import Certificate, Customer
from billing.refusals import Refused
from selfservice import certificate_pages, sheets
from selfservice.forms.certificates import CertificateFileForm, CertificateForm
from selfservice.review_time import Times
from supportdesk.lib.audience import signed_in
from supportdesk.lib.private_pages import private, too_soon
from supportdesk.lib.throttle import Limit, hit

UPLOADS = Limit("certificates uploaded by a person", times=30, seconds=3600)
TOO_MANY = "Many files came in a short time, so this one was not kept. Try again in an hour."
KEY = re.compile(r"[A-Za-z0-9_-]{20,64}")


@signed_in
@private
@require_http_methods(["GET", "HEAD", "POST"])
def new_certificate(request: PersonRequest) -> HttpResponseBase:
    """The form; `?for=7` names one of one's customers, `?from=cart` where to go on."""
    buyer = _buyer(request)
    if request.method != "POST":
        return _form_page(request, buyer, CertificateForm(initial=_first_answers(request, buyer)))
    form = CertificateForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form_page(request, buyer, form, status=422)
    kept, wait = keep(request, form, organisation=buyer.organisation, key=request.POST.get("key", ""), **form.answers)
    if kept:
        return _uploaded(request, kept)
    if wait:
        return too_soon(_form_page(request, buyer, form, status=429), wait)
    return _form_page(request, buyer, form, status=422)


@signed_in
@private
@require_safe
def certificate(request: PersonRequest, pk: int) -> HttpResponse:
    """One certificate: where it counts, what happens next and by when."""
    found = _certificate(request, pk)
    context = {"section": "account", "certificate": found, **certificate_pages.page_of(found, Times(timezone.now()))}
    return render(request, "selfservice/certificate.html", context)


@signed_in
@private
@require_safe
def certificate_list(request: PersonRequest, pk: int) -> HttpResponse:
    """Every certificate of a customer, the newest first."""
    customer = access.customer_for(request.user, pk)
    if customer is None:
        raise Http404
    times = Times(timezone.now())
    rows = [certificate_pages.standing_of(one, times) for one in exemptions.of_customer(customer)]
    context = {"section": "account", "customer": customer, "rows": rows}
    return render(request, "selfservice/certificates.html", context)


@signed_in
@private
@require_POST
def withdraw_certificate(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Its owner takes it back."""
    found = _certificate(request, pk)
    try:
        certificates.withdraw(certificate=found, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{found.reference} is withdrawn. Taxes are on your orders from now on.")
    return redirect("selfservice:certificate", found.pk)


def keep(
    request: PersonRequest, form: CertificateFileForm, *, organisation: Organisation | None, key: str, **answers: str
) -> tuple[Certificate | None, int]:
    """What a clean form uploads; or None, with the refusal in the form and the seconds to wait where there were many.

    `key` belongs to one page; it is kept under the person's own name, so that nobody meets another one's.
    """
    now, own = timezone.now(), f"{request.user.pk}:{key if KEY.fullmatch(key) else secrets.token_urlsafe(24)}"
    wait = hit(UPLOADS, str(request.user.pk), now=now)
    if wait:
        form.add_error("file", TOO_MANY)
        return None, wait
    try:
        kept = certificates.upload_as(
            person=request.user, organisation=organisation, file=form.sent, key=own, now=now, **answers
        )
    except certificates.CannotUpload as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    except private_files.CannotKeepFile as refusal:
        form.add_error("file", str(refusal))
    else:
        return kept, 0
    return None, 0


def _uploaded(request: PersonRequest, certificate: Certificate) -> HttpResponseBase:
    place = exemptions.place_of(certificate.country, certificate.region)
    is_from_cart = request.GET.get("from") == "cart"
    if is_from_cart or sheets.wanted(request):
        messages.success(request, f"You pay no tax in {place} from now on: certificate {certificate.reference}.")
    own = reverse("selfservice:certificate", args=[certificate.pk])
    return sheets.done(request, reverse("selfservice:cart") if is_from_cart else own)


def _form_page(
    request: PersonRequest, buyer: Buyer, form: CertificateForm, *, status: int = 200
) -> HttpResponse:  # fmt: skip
    key = request.POST.get("key", "")
    is_from_cart = request.GET.get("from") == "cart"
    context = {
        "section": "cart" if is_from_cart else "account",
        "form": form,
        "buyer": buyer,
        "buyers": buyers_of(request.user),
        "is_from_cart": is_from_cart,
        "key": key if KEY.fullmatch(key) else secrets.token_urlsafe(24),
    }
    return sheets.shown(request, "selfservice/certificate_new", context, status=status)


def _buyer(request: PersonRequest) -> Buyer:
    """For whom it is: `for` names a customer or a buyer without one yet; 404 for somebody else's."""
    buyers = buyers_of(request.user)
    said = request.GET.get("for", "")
    if not said:
        return buyers[0]
    found = next((one for one in buyers if said in _names(one)), None)
    if found is None:
        raise Http404
    return found


def _names(buyer: Buyer) -> set[str]:
    return {str(buyer.customer.pk)} if buyer.customer else {f"new-{buyer.key}"}


def _first_answers(request: PersonRequest, buyer: Buyer) -> dict[str, str]:
    """Where the customer is, and what they are called; `?place=US-OH` says where the cart goes."""
    customer: Customer | None = buyer.customer
    known = f"{customer.country}-{customer.region}" if customer and customer.region else ""
    return {"place": request.GET.get("place", "") or known, "purchaser": buyer.name}


def _certificate(request: PersonRequest, pk: int) -> Certificate:
    found = access.certificate_for(request.user, pk)
    if found is None:
        raise Http404
    return found
