"""A trainer's calendar: their week, their leave, and the address of its feed."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.door import key_of, may
from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from training import access, queries_week
from training.actions import setup
from training.forms.desk import LeaveForm
from training.models import Booking, Leave, Trainer
from training.refusals import Refused
from training.views.doors import trainer_of, week_address
from training.views.feeds import address_of_trainer


@staff_only
@require_safe
def calendar(request: PersonRequest) -> HttpResponse:
    """A week of a trainer: their own; any of them for a lead."""
    rows = list(access.trainers_for(request.user).order_by("-is_active", "person__name", "pk"))
    now = timezone.now()
    if not rows:
        return render(
            request,
            "training/desk/nobody.html",
            {"section": "training", "may_set_up": can(request.user, "training.set_up")},
        )
    chosen = key_of(request.GET.get("trainer"))
    trainer = next((one for one in rows if one.pk == chosen), None) or next(
        (one for one in rows if one.person_id == request.user.pk), rows[0]
    )
    monday = queries_week.monday_of(request.GET.get("week", ""), trainer.time_zone, now)
    days = queries_week.week_of(trainer, monday, now)
    is_empty = not any(day.items for day in days)
    next_on = queries_week.next_after(trainer, monday) if is_empty else None
    context = {
        "section": "training", "trainer": trainer, "trainers": rows, "monday": monday, "days": days,
        "is_empty": is_empty, "next_on": next_on, "next_week": week_address(trainer, next_on),
        "to_move": queries_week.in_leave(trainer, now),
        "earlier": week_address(trainer, monday - timedelta(days=7)),
        "later": week_address(trainer, monday + timedelta(days=7)),
        "last": monday + timedelta(days=6), "may_change": _may_change(request, trainer),
        "feed": address_of_trainer(trainer) if _may_change(request, trainer) else "",
        "has_classes": trainer.session_types.filter(seats__gt=1).exists(),
        "leaves": list(trainer.leaves.filter(ends_at__gt=now).order_by("starts_at")[:20]),
    }  # fmt: skip
    return render(request, "training/desk/calendar.html", context)


@may("training.give")
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Take leave. What is booked in it is shown first and never changes by itself (C9)."""
    trainer = trainer_of(request, pk)
    form = LeaveForm(
        request.POST if request.method == "POST" else None,
        zone=trainer.time_zone,
        initial={"from_time": "00:00", "to_time": "23:59"},
    )
    booked: list[Booking] = []
    if request.method == "POST" and form.is_valid():
        try:
            setup.take_leave(
                trainer=trainer, starts_at=form.at("from"), ends_at=form.at("to"), words=form.cleaned_data["words"],
                is_sure=request.POST.get("sure") == "yes", by=request.user, now=timezone.now(),
            )  # fmt: skip
        except setup.Overlaps as overlaps:
            booked = overlaps.booked
        except Refused as refusal:
            form.add_error("to_day", str(refusal))
        else:
            messages.success(request, "Saved. Nobody books that time any more.")
            return redirect(week_address(trainer, form.at("from").date()))
    context = {
        "section": "training", "trainer": trainer, "form": form, "booked": booked,
        "calendar": week_address(trainer, None),
    }  # fmt: skip
    return render(request, "training/desk/leave.html", context, status=409 if booked else 422 if form.errors else 200)


@may("training.give")
@require_POST
def end_leave(request: PersonRequest, pk: int, leave_pk: int) -> HttpResponseBase:
    """Not away after all."""
    trainer = trainer_of(request, pk)
    row = (
        Leave.objects.select_related("trainer").filter(pk=leave_pk, trainer=trainer).first()
        if leave_pk < 2**63
        else None
    )
    if row is None:
        raise Http404
    setup.end_leave(leave=row, by=request.user, now=timezone.now())
    messages.success(request, "The leave is taken back: that time can be booked again.")
    return redirect(week_address(trainer, None))


@may("training.give")
@require_POST
def rotate(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Another address for the feed."""
    trainer = setup.rotate_feed(trainer=trainer_of(request, pk), by=request.user, now=timezone.now())
    messages.success(request, "The feed has a new address; the old one opens nothing any more.")
    return redirect(week_address(trainer, None))


def _may_change(request: PersonRequest, trainer: Trainer) -> bool:
    right = "training.give" if trainer.person_id == request.user.pk else "training.set_up"
    return can(request.user, right)
