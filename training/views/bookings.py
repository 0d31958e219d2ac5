"""One booking as its trainer sees it: move it, cancel it, say whether somebody came, write something down."""

import secrets
from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.door import key_of, may
from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from training import access, choosing, queries
from training.actions import letters, notes, standing
from training.choices import LIVE, BookingState
from training.forms.desk import NoteForm, ReasonForm
from training.models import Booking
from training.refusals import JustTaken, Refused
from training.views.doors import week_address


@staff_only
@require_safe
def booking(request: PersonRequest, uid: str) -> HttpResponse:
    """One booking: who, when, how it is paid, what was noted."""
    return _page(request, _booking(request, uid))


@may("training.give")
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: PersonRequest, uid: str) -> HttpResponseBase:
    """Another time for it, at any time before it; the customer reads why."""
    row, now = _booking(request, uid), timezone.now()
    zone = row.session.trainer.time_zone
    if request.method != "POST":
        return _choices(request, row, now)
    at = request.POST.get("at", "")
    starts_at, session_id = choosing.moment(at), key_of(at)
    if starts_at is None and session_id is None:
        return _choices(request, row, now, trouble="Choose a time.", status=422)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _choices(request, row, now, form=form, status=422)
    try:
        standing.reschedule(
            booking=row, starts_at=starts_at or now, session_id=session_id, key=_key(request), by=request.user,
            by_customer=False, why=form.cleaned_data["why"], now=now,
        )  # fmt: skip
    except JustTaken as taken:
        fresh = choosing.starts_of(taken.nearest, zone)
        return _choices(request, row, now, form=form, trouble=str(taken), status=409, fresh=fresh)
    except Refused as refusal:
        return _choices(request, row, now, form=form, trouble=str(refusal), status=409)
    messages.success(request, "Moved. The customer has a mail with the new time.")
    return redirect("training:booking", uid)


@may("training.give")
@require_POST
def cancel(request: PersonRequest, uid: str) -> HttpResponseBase:
    """Call it off, with a reason that the customer reads."""
    row, form = _booking(request, uid), ReasonForm(request.POST)
    if not form.is_valid() or not form.cleaned_data["why"].strip():
        if form.is_valid():
            form.add_error("why", "Say why: the customer reads it.")
        return _page(request, row, reason=form, status=422)
    try:
        standing.cancel(
            booking=row, why=form.cleaned_data["why"].strip(), by=request.user, by_customer=False, now=timezone.now()
        )
    except Refused as refusal:
        form.add_error("why", str(refusal))
        return _page(request, row, reason=form, status=409)
    messages.success(request, "Cancelled. The customer has a mail.")
    return redirect("training:booking", uid)


@may("training.give")
@require_POST
def came(request: PersonRequest, uid: str) -> HttpResponseBase:
    """Whether somebody came."""
    row = _booking(request, uid)
    try:
        standing.no_show(booking=row, came=request.POST.get("came") == "yes", by=request.user, now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Saved.")
    return redirect("training:booking", uid)


@may("training.give")
@require_POST
def note(request: PersonRequest, uid: str) -> HttpResponseBase:
    """Write something down about it."""
    row, form = _booking(request, uid), NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, row, note=form, status=422)
    try:
        notes.write_note(booking=row, **form.cleaned_data, by=request.user, now=timezone.now())
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, row, note=form, status=422)
    messages.success(request, "The note is kept.")
    return redirect("training:booking", uid)


def _page(
    request: PersonRequest,
    row: Booking,
    *,
    note: NoteForm | None = None,
    reason: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now, zone = timezone.now(), row.session.trainer.time_zone
    rows: QuerySet = row.notes.model.objects.filter(booking__uid=row.uid).select_related("by").order_by("-pk")
    context = {
        "section": "training", "booking": row, "when": letters.when_words(row.session.starts_at, zone), "zone": zone,
        "theirs": letters.when_words(row.session.starts_at, row.time_zone), "notes": list(rows[:50]),
        "note_form": note or NoteForm(), "reason_form": reason or ReasonForm(),
        "form": note if note and note.errors else reason if reason and reason.errors else None,
        "is_ahead": row.state in LIVE and row.session.starts_at > now, "history": queries.history_of(row),
        "may_say": row.state in (BookingState.CONFIRMED, BookingState.COMPLETED, BookingState.NO_SHOW)
        and row.session.starts_at <= now <= row.session.ends_at + standing.NO_SHOW_DAYS,
        "may_work": can(request.user, "training.give"),
        "calendar": week_address(row.session.trainer, row.session.starts_at.date()),
    }  # fmt: skip
    return render(request, "training/desk/booking.html", context, status=status)


def _choices(
    request: PersonRequest,
    row: Booking,
    now: datetime,
    *,
    form: ReasonForm | None = None,
    trouble: str = "",
    status: int = 200,
    fresh: list[choosing.Start] | None = None,
) -> HttpResponse:
    asked = request.GET if request.method != "POST" else request.POST
    zone = choosing.zone_for(None, asked.get("tz", ""), row.session.trainer.time_zone)
    choice = choosing.choose(row.session.type, zone=zone, day=asked.get("day", ""), at=asked.get("at", ""), now=now)
    context = {
        "section": "training", "booking": row, "type": row.session.type, "choice": choice, "zone": zone,
        "weeks": choosing.weeks(choice.days), "zones": queries.zones_to_choose(zone), "key": _key(request),
        "trouble": trouble, "fresh": fresh, "reason_form": form or ReasonForm(),
        "when": letters.when_words(row.session.starts_at, zone),
    }  # fmt: skip
    return render(request, "training/desk/move.html", context, status=status)


def _booking(request: PersonRequest, uid: str) -> Booking:
    row = access.booking_for_staff(request.user, uid)
    if row is None:
        raise Http404
    return row


def _key(request: PersonRequest) -> str:
    sent = request.POST.get("key", "")
    is_key = sent.isascii() and 20 <= len(sent) <= 64 and sent.replace("-", "").replace("_", "").isalnum()
    return sent if is_key else secrets.token_urlsafe(24)
