"""A place on a waiting list, by the link of a mail: take the seat that came free, or leave the list (C10)."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.actions.checkout import StaleQuote
from billing.choices import PaymentMethod
from billing.pricing import address_of
from supportdesk.lib.audience import public
from supportdesk.lib.private_pages import private
from training import access, choosing, pieces, tokens
from training.actions import letters, offers, seats
from training.actions.booking import Wish
from training.actions.paying import HowPaid
from training.choices import Payment, WaitState
from training.models import WaitlistEntry
from training.refusals import Refused


@public
@private
@require_http_methods(["GET", "HEAD", "POST"])
def waiter(request: HttpRequest, uid: str, token: str) -> HttpResponseBase:
    """How it stands; a button takes the seat. Looking changes nothing."""
    entry = access.waiter_by_link(uid, token)
    if entry is None:
        raise Http404
    if request.method != "POST":
        return _page(request, entry)
    try:
        if request.POST.get("do") == "leave":
            seats.leave(entry=entry, now=timezone.now())
            messages.success(request, "You are off the list.")
            return redirect("training:waiter", uid, token)
        if not address_of(entry.customer) and entry.session.type.payment == Payment.PRODUCT:
            return _page(request, entry, status=409, trouble="Sign in to take it: we need an address for the invoice.")
        booking = offers.accept(entry=entry, wish=_wish(request, entry), now=timezone.now())
    except StaleQuote:
        return _page(request, entry, status=409, trouble="The sum has changed since you saw it. Look again.")
    except Refused as refusal:
        return _page(request, entry, status=409, trouble=str(refusal))
    return redirect(reverse("training:manage", args=[booking.uid, tokens.for_booking(booking.uid, entry.person.email)]))


def _wish(request: HttpRequest, entry: WaitlistEntry) -> Wish:
    """Paid by transfer or by the card link of the invoice, to the address on file."""
    pay = HowPaid(
        method=PaymentMethod.CARD, ship_to=address_of(entry.customer), version=request.POST.get("version", "")
    )
    return Wish(starts_at=entry.session.starts_at, key=f"wait-{entry.uid}", time_zone=entry.time_zone, pay=pay)


def _page(request: HttpRequest, entry: WaitlistEntry, *, status: int = 200, trouble: str = "") -> HttpResponse:
    entry.refresh_from_db(fields=["state", "offer_until"])
    now, type = timezone.now(), entry.session.type
    is_offered = entry.state == WaitState.OFFERED and entry.offer_until is not None and entry.offer_until > now
    quote = None
    if is_offered and type.payment == Payment.PRODUCT and not pieces.pieces_of(entry.customer, type):
        price = pieces.price_of(type, entry.customer.currency)
        quote = price and pieces.quote_for(
            price, customer=entry.customer, ship_to=address_of(entry.customer) or None, now=now
        )
    zone = choosing.zone_for(None, "", entry.time_zone)
    context = {
        "section": "account", "entry": entry, "type": type, "is_offered": is_offered, "quote": quote,
        "trouble": trouble,
        "when": letters.when_words(entry.session.starts_at, zone),
        "until": letters.when_words(entry.offer_until, zone) if entry.offer_until else "",
    }  # fmt: skip
    return render(request, "training/waiter.html", context, status=status)
