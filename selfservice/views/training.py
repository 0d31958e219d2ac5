"""Booking a training: a day, a time, one button (U25). What is not paid yet is held until it is."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from billing.actions.checkout import KEY, StaleQuote
from billing.actions.hours import balance
from billing.buyers import Buyer, buyers_of
from billing.models import Seller
from billing.pricing import Quote, address_of
from billing.queries_store import store_currency
from mail.addresses import BadAddress
from selfservice.forms.booking import AboutForm, PaidBookingForm
from selfservice.forms.checkout import first_answers
from supportdesk.lib.audience import signed_in
from supportdesk.lib.private_pages import private, too_soon
from supportdesk.lib.throttle import Limit, hit
from training import choosing, pieces, queries
from training.actions import booking as booking_actions
from training.actions.booking import Wish
from training.actions.paying import HowPaid
from training.choices import Payment
from training.models import Booking, SessionType
from training.refusals import JustTaken, Refused

BOOKINGS = Limit("trainings booked by a person", times=30, seconds=3600)
TOO_MANY = "Many bookings came in a short time, so this one was not made. Try again in an hour, or ask a person."
CHOOSE = "Choose a time first."


@dataclass(frozen=True)
class Terms:
    """What booking one takes of this visitor: a piece they have, minutes, nothing; or an order, with its form."""

    buyer: Buyer
    piece: pieces.Piece | None
    minutes: int | None
    is_sold: bool

    @property
    def is_order(self) -> bool:
        return self.is_sold and self.piece is None


@signed_in
@private
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: PersonRequest, slug: str) -> HttpResponseBase:
    """Choose a time and book it; whoever lost a race keeps the form, with the nearest free times (C1)."""
    type = SessionType.objects.filter(slug=slug, is_offered=True).select_related("product").first()
    if type is None:
        raise Http404
    buyers = buyers_of(request.user)
    terms = _terms(type, buyers, request.POST.get("buyer", ""))
    if request.method != "POST":
        return _page(request, type, terms, _form(request, terms, buyers))
    form = _form(request, terms, buyers, data=request.POST)
    at = request.POST.get("at", "")
    starts_at, session_id = choosing.moment(at), int(at) if at.isascii() and at.isdigit() and len(at) < 19 else None
    is_valid = form.is_valid()
    if not is_valid or (starts_at is None and session_id is None):
        return _page(request, type, terms, form, status=422, trouble="" if not is_valid else CHOOSE)
    if terms.is_order and not request.POST.get("version"):
        return _page(request, type, terms, form, is_review=True)
    wait = hit(BOOKINGS, str(request.user.pk), now=timezone.now())
    if wait:
        return too_soon(_page(request, type, terms, form, status=429, trouble=TOO_MANY), wait)
    wish = _wish(request, form, starts_at or timezone.now(), session_id)
    return _booked(request, type, terms, form, wish)


def _booked(
    request: PersonRequest, type: SessionType, terms: Terms, form: AboutForm | PaidBookingForm, wish: Wish
) -> HttpResponseBase:
    try:
        made = booking_actions.book(
            type=type, wish=wish, by=request.user, organisation=terms.buyer.organisation, now=timezone.now()
        )
    except JustTaken as taken:
        fresh = choosing.starts_of(taken.nearest, wish.time_zone)
        return _page(request, type, terms, form, status=409, trouble=str(taken), fresh=fresh)
    except StaleQuote:
        return _page(
            request, type, terms, form, status=409, trouble="The sum has changed since you saw it. Look again."
        )
    except (Refused, BadAddress) as refusal:
        return _page(request, type, terms, form, status=409, trouble=str(refusal))
    if isinstance(made, Booking):
        return redirect("training:own", made.uid)
    messages.success(request, "All seats are taken. You are on the waiting list, and get a mail when one is yours.")
    return redirect("training:mine")


def _wish(
    request: PersonRequest, form: AboutForm | PaidBookingForm, starts_at: datetime, session_id: int | None
) -> Wish:
    pay = HowPaid()
    if isinstance(form, PaidBookingForm):
        asked = form.wish
        pay = HowPaid(
            method=asked.method, ship_to=asked.ship_to, po_number=asked.po_number,
            version=request.POST.get("version", ""), invoice_emails=asked.invoice_emails,
        )  # fmt: skip
    zone = choosing.zone_for(request.user, request.POST.get("tz", ""))
    return Wish(
        starts_at=starts_at, key=_key(request), time_zone=zone, words=form.cleaned_data["words"], pay=pay,
        session_id=session_id,
    )  # fmt: skip


def _terms(type: SessionType, buyers: list[Buyer], chosen: str) -> Terms:
    """For whoever is chosen; else for the first who has something bought already, else for the first."""
    is_sold = type.payment == Payment.PRODUCT
    named = [one for one in buyers if one.key == chosen] or buyers
    for buyer in named if is_sold else ():
        found = pieces.pieces_of(buyer.customer, type) if buyer.customer else []
        if found:
            return Terms(buyer, found[0], None, True)
    buyer = named[0]
    minutes = balance(buyer.customer) if buyer.customer else 0
    return Terms(buyer, None, minutes if type.payment == Payment.HOURS else None, is_sold)


def _form(request: PersonRequest, terms: Terms, buyers: list[Buyer], *, data=None) -> AboutForm | PaidBookingForm:
    if not terms.is_order:
        return AboutForm(data)
    country = Seller.objects.filter(pk=1).values_list("country", flat=True).first() or "US"
    return PaidBookingForm(data, buyers=buyers, initial=first_answers(terms.buyer, po_number="", country=country))


def _quote(type: SessionType, terms: Terms, form: AboutForm | PaidBookingForm, now: datetime) -> Quote | None:
    """What it comes to; with its taxes where it is known where its buyer is."""
    customer = terms.buyer.customer
    price = pieces.price_of(type, customer.currency if customer else store_currency())
    if not isinstance(form, PaidBookingForm) or price is None:
        return None
    where = form.wish.ship_to if form.is_bound and form.is_valid() else address_of(customer) or None
    return pieces.quote_for(price, customer=customer, ship_to=where, now=now)


def _key(request: PersonRequest) -> str:
    sent = request.POST.get("key", "")
    return sent if KEY.fullmatch(sent) else secrets.token_urlsafe(24)


def _page(
    request: PersonRequest,
    type: SessionType,
    terms: Terms,
    form: AboutForm | PaidBookingForm,
    *,
    status: int = 200,
    trouble: str = "",
    fresh: list[choosing.Start] | None = None,
    is_review: bool = False,
) -> HttpResponse:
    now = timezone.now()
    asked = request.GET if request.method != "POST" else request.POST
    zone = choosing.zone_for(request.user, asked.get("tz", ""))
    choice = choosing.choose(type, zone=zone, day=asked.get("day", ""), at=asked.get("at", ""), now=now)
    quote = _quote(type, terms, form, now)
    context = {
        "section": "account", "type": type, "terms": terms, "form": form, "choice": choice, "zone": zone,
        "weeks": choosing.weeks(choice.days), "zones": queries.zones_to_choose(zone), "key": _key(request),
        "quote": quote, "fresh": fresh, "trouble": trouble, "is_review": is_review,
        "knows_address": bool(address_of(terms.buyer.customer)), "asked_day": asked.get("day", ""),
        "is_gone": bool(request.GET.get("at")) and choice.chosen is None and request.method != "POST",
    }  # fmt: skip
    return render(request, "selfservice/book_training.html", context, status=status)
