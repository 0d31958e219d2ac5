"""Settings: what can be booked, who gives it, and in which hours."""

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.door import may, saved
from accounts.requests import PersonRequest
from training.access import trainer_for
from training.actions import setup
from training.forms.settings import DayForm, NewTrainerForm, TrainerForm, TypeForm, spans_words
from training.models import DateException, SessionType, Trainer
from training.refusals import Refused


def page(request: PersonRequest, name: str, *, form=None, **context) -> HttpResponse:
    """A page of these settings; 422 when its form has errors."""
    found = {"section": "settings", "here": "training", "form": form, **context}
    return render(
        request, f"training/settings/{name}.html", found, status=422 if form is not None and form.errors else 200
    )


@may("training.see")
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """Types and trainers."""
    types = (
        SessionType.objects.select_related("product").prefetch_related("trainers__person").order_by("position", "name")
    )
    trainers = Trainer.objects.select_related("person").order_by("-is_active", "person__name", "pk")
    return page(request, "overview", types=list(types), trainers=list(trainers))


@may("training.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_type(request: PersonRequest) -> HttpResponseBase:
    """Another training."""
    return _type(request, None)


@may("training.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def change_type(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Other terms. What is booked keeps its time."""
    row = SessionType.objects.filter(pk=pk).first() if pk < 2**63 else None
    if row is None:
        raise Http404
    return _type(request, row)


def _type(request: PersonRequest, row: SessionType | None) -> HttpResponseBase:
    form = TypeForm(request.POST if request.method == "POST" else None, type=row)

    def act(values: dict) -> object:
        return setup.save_type(type=row, terms=form.terms, by=request.user, now=timezone.now())

    if saved(request, form, act, refusals=(Refused,), words="Saved."):
        return redirect("training:settings")
    return page(request, "type", form=form, type=row)


@may("training.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def new_trainer(request: PersonRequest) -> HttpResponseBase:
    """Somebody else who teaches."""
    form = NewTrainerForm(
        request.POST if request.method == "POST" else None, initial={"time_zone": request.user.time_zone}
    )
    made: list[Trainer] = []

    def act(values: dict) -> object:
        made.append(setup.add_trainer(**values, by=request.user, now=timezone.now()))
        return made

    if saved(request, form, act, refusals=(Refused,), words="Added. Now say in which hours."):
        return redirect("training:trainer", made[0].pk)
    return page(request, "new_trainer", form=form)


@may("training.give")
@require_http_methods(["GET", "HEAD", "POST"])
def trainer(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The week of a trainer: their own, or anybody's for a lead."""
    row = _trainer(request, pk)
    form = TrainerForm(request.POST if request.method == "POST" else None, trainer=row, week=setup.weekly(row))

    def act(values: dict) -> object:
        return setup.change_trainer(
            trainer=row, time_zone=values["time_zone"], place=values["place"], is_active=values["is_active"],
            week=form.week, by=request.user, now=timezone.now(),
        )  # fmt: skip

    if saved(request, form, act, refusals=(Refused,), words="Saved. What was booked before stays where it is."):
        return redirect("training:trainer", row.pk)
    return _trainer_page(request, row, form, DayForm())


@may("training.give")
@require_POST
def set_day(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Other hours on one day."""
    row, form = _trainer(request, pk), DayForm(request.POST)

    def act(values: dict) -> object:
        opens, closes = values["spans"][0] if values["spans"] else (None, None)
        return setup.set_day(
            trainer=row, on=values["day_on"], opens=opens, closes=closes, words=values["words"], by=request.user,
            now=timezone.now(),
        )  # fmt: skip

    if saved(request, form, act, refusals=(Refused,), words="Saved. What was booked before stays where it is."):
        return redirect("training:trainer", row.pk)
    return _trainer_page(request, row, TrainerForm(trainer=row, week=setup.weekly(row)), form, wrong=form)


@may("training.give")
@require_POST
def forget_day(request: PersonRequest, pk: int, day_pk: int) -> HttpResponseBase:
    """The week's own hours again."""
    row = _trainer(request, pk)
    found = (
        DateException.objects.select_related("trainer__person").filter(pk=day_pk, trainer=row).first()
        if day_pk < 2**63
        else None
    )
    if found is not None:
        setup.forget_day(exception=found, by=request.user, now=timezone.now())
    return redirect("training:trainer", row.pk)


def _trainer(request: PersonRequest, pk: int) -> Trainer:
    row = trainer_for(request.user, pk)
    if row is None:
        raise Http404
    return row


def _trainer_page(request: PersonRequest, row: Trainer, form: TrainerForm, day: DayForm, *, wrong=None) -> HttpResponse:
    ahead = row.exceptions.filter(day_on__gte=timezone.now().date()).order_by("day_on")[:100]
    days = [(one, spans_words([(one.opens, one.closes)]) if one.opens is not None else "closed") for one in ahead]
    return page(
        request, "trainer", form=wrong if wrong is not None else form, week_form=form, day_form=day, trainer=row,
        days=days, may_set_up=can(request.user, "training.set_up"),
    )  # fmt: skip
