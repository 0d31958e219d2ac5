"""A customer's booking: by the account, or by the link of a mail, which opens this one and nothing else (C12)."""

import secrets
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.requests import PersonRequest
from billing.access import customers_of
from billing.actions.refund_requests import CannotAsk, ask
from billing.choices import InvoiceState, RefundReason
from supportdesk.lib.audience import public, signed_in
from supportdesk.lib.private_pages import private
from supportdesk.lib.throttle import Limit, hit
from training import access, calendar_files, choosing, queries
from training.actions import letters, standing
from training.choices import BookingState
from training.models import Booking
from training.refusals import JustTaken, Refused
from training.views.feeds import address_of_own

CHANGES = Limit("changes of bookings", times=40, seconds=3600)
TOO_MANY = "Many changes came in a short time. Try again in an hour, or ask a person."


@signed_in
@private
@require_safe
def mine(request: PersonRequest) -> HttpResponse:
    """What somebody has booked, what they have bought and not booked, and what can be booked."""
    now = timezone.now()
    zone = choosing.zone_for(request.user, request.GET.get("tz", ""))
    feed = address_of_own(request.user)
    context = {"section": "account", "zone": zone, "feed": feed, **queries.page_of(request.user, zone, now)}
    return render(request, "training/mine.html", context)


@signed_in
@private
@require_safe
def own(request: PersonRequest, uid: str) -> HttpResponse:
    """One booking, from the account."""
    return _page(request, _own(request, uid), "")


@signed_in
@private
@require_http_methods(["GET", "HEAD", "POST"])
def move_own(request: PersonRequest, uid: str) -> HttpResponseBase:
    """Another time for it."""
    return _move(request, _own(request, uid), "", by=request.user)


@signed_in
@private
@require_POST
def cancel_own(request: PersonRequest, uid: str) -> HttpResponseBase:
    """Call it off."""
    return _cancel(request, _own(request, uid), "", by=request.user)


@signed_in
@private
@require_safe
def own_file(request: PersonRequest, uid: str) -> HttpResponse:
    """The calendar file."""
    return _file(_own(request, uid))


@public
@private
@require_safe
def manage(request: PersonRequest, uid: str, token: str) -> HttpResponse:
    """One booking, from a mail. Looking changes nothing."""
    return _page(request, _linked(uid, token), token)


@public
@private
@require_http_methods(["GET", "HEAD", "POST"])
def manage_move(request: PersonRequest, uid: str, token: str) -> HttpResponseBase:
    """Another time, from a mail."""
    booking = _linked(uid, token)
    return _move(request, booking, token, by=booking.person)


@public
@private
@require_POST
def manage_cancel(request: PersonRequest, uid: str, token: str) -> HttpResponseBase:
    """Call it off, from a mail."""
    booking = _linked(uid, token)
    return _cancel(request, booking, token, by=booking.person)


@public
@private
@require_safe
def manage_file(request: PersonRequest, uid: str, token: str) -> HttpResponse:
    """The calendar file, from a mail."""
    return _file(_linked(uid, token))


@signed_in
@private
@require_POST
def money_back(request: PersonRequest, uid: str) -> HttpResponseBase:
    """Paid, and no time suits: what was paid for this one waits for the review of refunds (C4)."""
    booking = _own(request, uid)
    if booking.invoice is None or not queries.may_ask_back(booking):
        messages.error(request, "There is nothing of this booking that could go back.")
        return redirect("training:own", uid)
    line = booking.order_line
    words = f"Training of order {line.order.number}" if line else ""
    try:
        asked = ask(
            invoice=booking.invoice, why=RefundReason.NOT_NEEDED, words=words, amount=queries.worth_of(booking),
            files=(), by=request.user, key=f"booking:{booking.uid}:{booking.sequence}", now=timezone.now(),
        )  # fmt: skip
    except CannotAsk as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{asked.number} is sent. A person looks at it, and you get an email.")
    return redirect("training:own", uid)


def _own(request: PersonRequest, uid: str) -> Booking:
    booking = access.booking_for(request.user, uid)
    if booking is None:
        raise Http404
    return booking


def _linked(uid: str, token: str) -> Booking:
    booking = access.booking_by_link(uid, token)
    if booking is None:
        raise Http404
    return booking


def _address(booking: Booking, token: str, name: str) -> str:
    """Of the same page, by the door through which somebody came."""
    if token:
        return reverse(
            f"training:{'manage' if name == 'own' else name.replace('own', 'manage')}", args=[booking.uid, token]
        )
    names = {"own": "own", "own_move": "move_own", "own_cancel": "cancel_own", "own_file": "own_file"}
    return reverse(f"training:{names[name]}", args=[booking.uid])


def _links(booking: Booking, token: str) -> dict[str, str]:
    names = ("own", "own_move", "own_cancel", "own_file")
    return {name.removeprefix("own_"): _address(booking, token, name) for name in names}


def _page(
    request: PersonRequest, booking: Booking, token: str, *, status: int = 200, trouble: str = ""
) -> HttpResponse:
    now = timezone.now()
    zone = choosing.zone_for(None, request.GET.get("tz", ""), booking.time_zone)
    context = {
        "section": "account", "booking": booking, "zone": zone, "token": token, "trouble": trouble,
        "links": _links(booking, token), "when": letters.when_words(booking.session.starts_at, zone),
        "until": letters.when_words(booking.hold_until, zone) if booking.hold_until else "",
        "may_change": queries.may_change(booking, now), "pay": _pay_address(request, booking),
        "can_choose_again": queries.can_choose_again(booking),
        "may_ask_back": not token and queries.may_ask_back(booking),
        "is_theirs": not token, "rows": queries.history_of(booking),
    }  # fmt: skip
    return render(request, "training/own.html", context, status=status)


def _pay_address(request: PersonRequest, booking: Booking) -> str:
    """Where a signed-in customer pays; from a mail, the invoice's own link in the mail does."""
    invoice = booking.invoice
    if invoice is None or invoice.state != InvoiceState.OPEN or not request.user.is_authenticated:
        return ""
    if not customers_of(request.user).filter(pk=invoice.customer_id).exists():
        return ""
    line = booking.order_line
    return reverse("selfservice:order", args=[line.order.number]) + "#pay" if line else ""


def _move(request: PersonRequest, booking: Booking, token: str, *, by: Person) -> HttpResponseBase:
    now = timezone.now()
    refusal = queries.why_not_move(booking, now)
    if refusal:
        return _page(request, booking, token, status=409 if request.method == "POST" else 200, trouble=refusal)
    zone = choosing.zone_for(None, request.POST.get("tz", "") or request.GET.get("tz", ""), booking.time_zone)
    if request.method != "POST":
        return _choices(request, booking, token, zone, now)
    at = request.POST.get("at", "")
    wanted = choosing.moment(at)
    session_id = int(at) if at.isascii() and at.isdigit() and len(at) < 19 else None
    if wanted is None and session_id is None:
        return _choices(request, booking, token, zone, now, status=422, trouble="Choose a time.")
    if hit(CHANGES, booking.uid, now=now):
        return _choices(request, booking, token, zone, now, status=429, trouble=TOO_MANY)
    try:
        moved = standing.reschedule(
            booking=booking, starts_at=wanted or now, session_id=session_id, key=_key(request), by=by, by_customer=True,
            now=now,
        )  # fmt: skip
    except JustTaken as taken:
        fresh = choosing.starts_of(taken.nearest, zone)
        return _choices(request, booking, token, zone, now, status=409, trouble=str(taken), fresh=fresh)
    except Refused as refused:
        return _choices(request, booking, token, zone, now, status=409, trouble=str(refused))
    messages.success(
        request, f"Moved to {letters.when_words(moved.session.starts_at, zone)}. A fresh calendar file is on its way."
    )
    return redirect(_address(moved, token, "own"))


def _choices(
    request: PersonRequest,
    booking: Booking,
    token: str,
    zone: str,
    now: datetime,
    *,
    status: int = 200,
    trouble: str = "",
    fresh: list[choosing.Start] | None = None,
) -> HttpResponse:
    asked = request.GET if request.method != "POST" else request.POST
    choice = choosing.choose(booking.session.type, zone=zone, day=asked.get("day", ""), at=asked.get("at", ""), now=now)
    context = {
        "section": "account", "booking": booking, "type": booking.session.type, "choice": choice, "zone": zone,
        "weeks": choosing.weeks(choice.days), "key": _key(request), "trouble": trouble, "fresh": fresh,
        "links": _links(booking, token), "when": letters.when_words(booking.session.starts_at, zone),
        "zones": queries.zones_to_choose(zone),
    }  # fmt: skip
    return render(request, "training/move.html", context, status=status)


def _key(request: PersonRequest) -> str:
    sent = request.POST.get("key", "")
    return (
        sent
        if sent.isascii() and 20 <= len(sent) <= 64 and sent.replace("-", "").replace("_", "").isalnum()
        else secrets.token_urlsafe(24)
    )


def _cancel(request: PersonRequest, booking: Booking, token: str, *, by: Person) -> HttpResponseBase:
    if request.POST.get("sure") != "yes":
        return _page(request, booking, token, status=422, trouble="Tick the box if you want to cancel it.")
    try:
        standing.cancel(booking=booking, why="", by=by, by_customer=True, now=timezone.now())
    except Refused as refusal:
        return _page(request, booking, token, status=409, trouble=str(refusal))
    messages.success(request, "It is cancelled. A mail says so, and takes it out of your calendar.")
    return redirect(_address(booking, token, "own"))


def _file(booking: Booking) -> HttpResponse:
    if booking.state != BookingState.CONFIRMED:
        raise Http404
    content = calendar_files.invitation(
        booking, calendar_files.PUBLISH, email=booking.person.email, name=booking.person.shown_name,
        title=f"{booking.session.type.name} with {booking.session.trainer.person.shown_name}", address="",
        now=timezone.now(),
    )  # fmt: skip
    return HttpResponse(
        content, content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="training.ics"', "X-Content-Type-Options": "nosniff"},
    )  # fmt: skip
