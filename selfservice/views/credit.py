"""Buying on account: the application, from the cart or the account, and what becomes of it (R25, U23, U36)."""

import secrets

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from billing import access, credit
from billing.actions import checkout, credit_requests, numbering, private_files
from billing.baskets import basket_of
from billing.buyers import Buyer, buyers_of
from billing.credit import may_buy_on_account
from billing.models import CreditRequest, Seller
from billing.refusals import Refused
from selfservice.forms.credit import CreditForm, first_answers
from selfservice.review_time import review_words
from selfservice.visitors import visitor_of
from supportdesk.lib.audience import customer_only
from supportdesk.lib.client_address import client_ip
from supportdesk.lib.private_pages import private, too_soon
from supportdesk.lib.throttle import Limit, hit

ASKED = Limit("credit applications of a person", times=20, seconds=24 * 3600)


@customer_only
@private
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: PersonRequest) -> HttpResponseBase:
    """The form; `?for=7` names the customer where somebody acts for several."""
    buyers, now = buyers_of(request.user), timezone.now()
    seller = Seller.objects.filter(pk=1).first()
    currency = seller.currency if seller else "USD"
    today = timezone.localdate(now, numbering.seller_zone())
    if request.method != "POST":
        buyer = _named(buyers, request.GET.get("for", ""))
        asked = credit.waiting_application(buyer.customer)
        if asked:
            return redirect("selfservice:credit_request", asked.pk)
        answers = first_answers(buyer, name=request.user.name, country=seller.country if seller else "US")
        form = CreditForm(buyers=buyers, today=today, currency=currency, initial=answers)
        return _form(request, form, seller)
    form = CreditForm(request.POST, request.FILES, buyers=buyers, today=today, currency=currency)
    if not form.is_valid():
        return _form(request, form, seller, status=422)
    wait = hit(ASKED, str(request.user.pk), now=now)
    if wait:
        form.add_error(None, "Many applications came in a short time. Try again tomorrow, or ask a person.")
        return too_soon(_form(request, form, seller, status=429), wait)
    return _asked(request, form, seller)


def _asked(request: PersonRequest, form: CreditForm, seller: Seller | None) -> HttpResponseBase:
    """The page of the request, or the form with what stands in the way."""
    key = request.POST.get("key", "")
    try:
        if not checkout.KEY.fullmatch(key):
            raise credit_requests.CannotApply("This page is not complete. Open it again, please.")
        made = credit_requests.apply_for(
            organisation=form.buyer_chosen.organisation, by=request.user, answers=form.answers,
            address_from=client_ip(request), files=form.uploads, key=f"form:{key}", now=timezone.now(),
        )  # fmt: skip
    except private_files.CannotKeepFile as refusal:
        form.add_error("papers", str(refusal))
        return _form(request, form, seller, status=422)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _form(request, form, seller, status=409)
    return redirect("selfservice:credit_request", made.pk)


@customer_only
@private
@require_safe
def credit_request(request: PersonRequest, pk: int) -> HttpResponse:
    """One request: what holds now, when it is looked at, what was decided and why."""
    found, now = _request(request, pk), timezone.now()
    customer = found.customer
    visitor = visitor_of(request)
    context = {
        "section": "account",
        "asked": found,
        "customer": customer,
        "may_buy": may_buy_on_account(customer),
        "free": max(0, customer.credit_limit - credit.exposure(customer)),
        "held": credit.held_orders(customer),
        "files": list(found.files.order_by("pk")),
        "is_open": found.state == "open",
        "review_words": review_words(now),
        "has_cart": bool(basket_of(person=visitor.person, key=visitor.key).choices),
    }
    return render(request, "selfservice/credit_request.html", context)


@customer_only
@private
@require_POST
def withdraw(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The customer thinks better of it."""
    found = _request(request, pk)
    try:
        credit_requests.withdraw(request=found, by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{found.number} is withdrawn.")
    return redirect("selfservice:credit_request", found.pk)


def _form(request: PersonRequest, form: CreditForm, seller: Seller | None, *, status: int = 200) -> HttpResponse:
    key = request.POST.get("key", "")
    context = {
        "section": "account",
        "form": form,
        "key": key if checkout.KEY.fullmatch(key) else secrets.token_urlsafe(24),
        "starter": seller.starter_credit_limit if seller else 0,
        "currency": form.currency,
        "sees_files": bool(request.FILES),
        "review_words": review_words(timezone.now()),
        "back": reverse("selfservice:account"),
    }
    return render(request, "selfservice/credit_form.html", context, status=status)


def _named(buyers: list[Buyer], said: str) -> Buyer:
    """The buyer that the address names by its customer, else the first one."""
    return next((one for one in buyers if one.customer and str(one.customer.pk) == said), buyers[0])


def _request(request: PersonRequest, pk: int) -> CreditRequest:
    found = access.credit_request_for(request.user, pk)
    if found is None:
        raise Http404
    return found
