"""The dates of a class: set by its trainer, with who sits in it and who waits."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.door import may
from accounts.requests import PersonRequest
from supportdesk.lib.audience import staff_only
from training import access
from training.actions import letters, seats, setup
from training.choices import QUEUED, SEATED
from training.forms.desk import ClassForm
from training.refusals import Refused
from training.views.doors import trainer_of, week_address


@may("training.give")
@require_http_methods(["GET", "HEAD", "POST"])
def plan_class(request: PersonRequest, pk: int) -> HttpResponseBase:
    """A date of a class."""
    trainer = trainer_of(request, pk)
    form = ClassForm(request.POST if request.method == "POST" else None, trainer=trainer)
    if request.method == "POST" and form.is_valid():
        try:
            row = setup.plan_class(
                type=form.cleaned_data["type"], trainer=trainer, starts_at=form.starts_at, by=request.user,
                now=timezone.now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error("time", str(refusal))
        else:
            outside = "" if setup.is_within_hours(row) else " It lies outside the trainer's own hours."
            messages.success(request, f"The date stands, and can be booked.{outside}")
            return redirect("training:class", row.pk)
    context = {"section": "training", "trainer": trainer, "form": form, "calendar": week_address(trainer, None)}
    return render(request, "training/desk/plan_class.html", context, status=422 if form.errors else 200)


@staff_only
@require_safe
def class_page(request: PersonRequest, pk: int) -> HttpResponse:
    """Who sits in it and who waits."""
    row = access.class_for(request.user, pk)
    if row is None:
        raise Http404
    context = {
        "section": "training", "session": row, "zone": row.trainer.time_zone,
        "when": letters.when_words(row.starts_at, row.trainer.time_zone),
        "seated": list(row.bookings.filter(state__in=SEATED).select_related("person").order_by("seat")),
        "waiters": list(row.waiters.filter(state__in=QUEUED).select_related("person").order_by("joined_at", "pk")),
        "calendar": week_address(row.trainer, row.starts_at.date()), "free": seats.free_seat(row) is not None,
    }  # fmt: skip
    return render(request, "training/desk/class.html", context)
