"""From the cart to an order: one page, one agreement to one sum."""

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from billing.actions import checkout as checking_out
from billing.baskets import Basket, basket_of
from billing.buyers import buyers_of
from billing.models import Certificate, Seller
from billing.pricing import Quote, priced
from billing.refusals import Refused
from mail.addresses import BadAddress
from selfservice.certificate_pages import standing_of
from selfservice.forms.certificates import CertificateFileForm, kind_of
from selfservice.forms.checkout import METHODS, CheckoutForm, first_answers
from selfservice.review_time import Times
from selfservice.views.certificates import keep
from selfservice.visitors import visitor_of
from supportdesk.lib import money
from supportdesk.lib.audience import signed_in
from supportdesk.lib.private_pages import private, too_soon
from supportdesk.lib.throttle import Limit, hit

ORDERS = Limit("orders of a person", times=60, seconds=3600)


@signed_in
@private
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: PersonRequest) -> HttpResponse:
    """Address, way to pay, the sum with its taxes, and the button that orders."""
    buyers, now, visitor = buyers_of(request.user), timezone.now(), visitor_of(request)
    basket = basket_of(person=visitor.person, key=visitor.key)
    if request.method != "POST":
        if not basket.choices:
            return redirect("selfservice:cart")
        answers = first_answers(buyers[0], po_number=basket.po_number, country=_country())
        if request.GET.get("method") in METHODS:
            answers["method"] = request.GET["method"]
        form = CheckoutForm(buyers=buyers, initial=answers)
        return _page(request, form, priced(basket, customer=buyers[0].customer, now=now))
    form = CheckoutForm(request.POST, buyers=buyers)
    if "certificate" in request.POST or request.FILES:
        return _with_certificate(request, form, basket)
    if not form.is_valid():
        return _page(request, form, priced(basket, customer=form.customer, now=now), status=422)
    quote = priced(basket, customer=form.customer, ship_to=form.wish.ship_to, now=now)
    if not request.POST.get("version") and basket.choices:
        return _page(request, form, quote, is_review=True)
    wait = hit(ORDERS, str(request.user.pk), now=now)
    if wait:
        form.add_error(None, "Many orders came in a short time, so this one was not placed. Try again in an hour.")
        return too_soon(_page(request, form, quote, status=429), wait)
    return _ordered(request, form, quote, basket)


def _ordered(request: PersonRequest, form: CheckoutForm, quote: Quote, basket: Basket) -> HttpResponse:
    """The order's page, or this one with what stands in the way."""
    try:
        order = checking_out.check_out(
            visitor=visitor_of(request),
            by=request.user,
            organisation=form.buyer_chosen.organisation,
            wish=form.wish,
            key=request.POST.get("key", ""),
            version=request.POST.get("version", ""),
            now=timezone.now(),
        )
    except checking_out.StaleQuote as stale:
        return _page(request, form, stale.quote, status=409, is_stale=True)
    except checking_out.NeedsPurchaseOrder as refusal:
        form.add_error("po_number", str(refusal))
    except BadAddress as refusal:
        form.add_error("invoice_emails", str(refusal))
    except Refused as refusal:
        form.add_error(None, str(refusal))
    else:
        return redirect("selfservice:order", order.number)
    fresh = basket_of(person=request.user, key=visitor_of(request).key)
    quote = priced(fresh, customer=form.customer, ship_to=form.wish.ship_to, now=timezone.now())
    return _page(request, form, quote, status=409 if not fresh.choices or fresh.version != basket.version else 422)


def _with_certificate(request: PersonRequest, typed: CheckoutForm, basket: Basket) -> HttpResponse:
    """The same page with the sum that a certificate leaves: nothing is ordered, and nothing typed is lost (U22).

    What is not filled in yet of the rest is no mistake now.
    """
    buyer, where = typed.buyer_named, typed.place
    form = CheckoutForm(buyers=list(typed.buyers.values()), initial=request.POST.dict())
    asked = CertificateFileForm(request.POST, request.FILES, prefix="certificate")
    kept, wait, customer = None, 0, buyer.customer
    if where is None:
        asked.add_error("file", "Enter first where it goes: a certificate counts for one state or province.")
    elif asked.is_valid():
        kept, wait = keep(
            request, asked, organisation=buyer.organisation, key=request.POST.get("certificate_key", ""),
            kind=kind_of(where["country"]), country=where["country"], region=where["region"],
            purchaser=where["name"] or buyer.name, **asked.details,
        )  # fmt: skip
        customer = kept.customer if kept else customer
    quote = priced(basket, customer=customer, ship_to=where, now=timezone.now())
    page = _page(
        request, form, quote, status=200 if kept else 429 if wait else 422, asked=None if kept else asked, kept=kept
    )
    return too_soon(page, wait) if wait else page


def _page(
    request: HttpRequest,
    form: CheckoutForm,
    quote: Quote,
    *,
    status: int = 200,
    is_review: bool = False,
    is_stale: bool = False,
    asked: CertificateFileForm | None = None,
    kept: Certificate | None = None,
) -> HttpResponse:
    key = request.POST.get("key", "")
    free = {tax.exemption for tax in quote.taxes or () if tax.exemption}
    context = {
        "section": "cart",
        "form": form,
        "quote": quote,
        "key": key if checking_out.KEY.fullmatch(key) else secrets.token_urlsafe(24),
        "certificate_form": asked or CertificateFileForm(prefix="certificate"),
        "certificate_refused": asked,
        "certificate_key": secrets.token_urlsafe(24),
        "kept": standing_of(kept, Times(timezone.now())) if kept else None,
        "is_exempt": bool(free),
        "takes_certificate": not free and (quote.taxes is None or quote.tax > 0),
        "is_review": is_review,
        "is_stale": is_stale,
        "seen": _seen(request.POST.get("total", ""), quote.currency) if is_stale else "",
        "seller": Seller.objects.filter(pk=1).first(),
    }
    return render(request, "selfservice/checkout.html", context, status=status)


def _seen(text: str, currency: str) -> str:
    """The sum that the page showed before, for the sentence that compares; it decides about nothing."""
    known = text.isascii() and text.isdigit() and len(text) < 12
    return money.shown(int(text), currency) if known else ""


def _country() -> str:
    return Seller.objects.filter(pk=1).values_list("country", flat=True).first() or "US"
