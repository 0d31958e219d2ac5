"""Where customers write, how each place tells the desk, and when a start of the day is late."""

from datetime import time

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import PersonRequest
from tickets import setup_queries
from tickets.actions.setup import sources
from tickets.forms.start_of_day import DayRulesForm, SourceForm
from tickets.models import DayRules, InboxSource
from tickets.source_choices import TOLD
from tickets.views.settings.door import done, may, page, saved

FORM = ["GET", "HEAD", "POST"]


@may("journal.see")
@require_safe
def source_list(request: PersonRequest) -> HttpResponse:
    """Every place, and what it counts."""
    return _list(request, None)


def _list(request: PersonRequest, form: DayRulesForm | None) -> HttpResponse:
    rules = DayRules.objects.filter(pk=1).first() or DayRules()
    at = time(rules.late_minute // 60, rules.late_minute % 60)
    rules_form = form or DayRulesForm(initial={"late_at": at})
    context = {"sources": setup_queries.sources(), "rules": rules_form, "late_at": at}
    return page(request, "source_list", "sources", form=form, **context)


@may("desk.set_up")
@require_http_methods(FORM)
def day_rules(request: PersonRequest) -> HttpResponse:
    """When a start of the day is late. It stands on the page of all places, which whoever comes back here finds."""
    if request.method != "POST":
        return redirect("settings:sources")
    form = DayRulesForm(request.POST)

    def change(_: dict) -> None:
        sources.change_day_rules(late_minute=max(1, form.minute), by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=(), words="The time is changed."):
        return redirect("settings:sources")
    return _list(request, form)


@may("desk.set_up")
@require_http_methods(FORM)
def new_source(request: PersonRequest) -> HttpResponse:
    """Set up a place."""
    form = SourceForm(request.POST if request.method == "POST" else None)
    made: list[InboxSource] = []
    if request.method == "POST" and form.is_valid():
        try:
            made.append(sources.create_source(**form.cleaned_data, by=request.user, now=timezone.now()))
        except sources.CannotSetUpSource as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            return redirect("settings:source", made[0].pk)
    return page(request, "source_form", "sources", form=form, source=None, address="")


@may("desk.set_up")
@require_http_methods(FORM)
def source(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a place, and read where its program posts to."""
    row = get_object_or_404(InboxSource.objects.select_related("mailbox", "team"), pk=min(pk, 2**63 - 1))
    shown = {"name": row.name, "team": row.team_id, "freshness_minutes": row.freshness_minutes}
    shown["is_active"] = row.is_active
    form = SourceForm(request.POST if request.method == "POST" else None, source=row, initial=shown)
    if request.method == "POST" and form.is_valid():
        try:
            sources.change_source(source=row, **form.cleaned_data, by=request.user, now=timezone.now())
        except sources.CannotSetUpSource as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return redirect("settings:sources")
    address = f"{settings.SITE_URL}{reverse('desk:source_hook', args=[row.key])}" if row.kind in TOLD else ""
    return page(request, "source_form", "sources", form=form, source=row, address=address)


@may("desk.set_up")
@require_POST
def renew_source(request: PersonRequest, pk: int) -> HttpResponse:
    """Another address for its posts."""
    row = get_object_or_404(InboxSource, pk=min(pk, 2**63 - 1))
    words = "The address is new. Enter it in the program: the old one takes nothing any more."
    done(
        request,
        lambda: sources.renew_address(source=row, by=request.user, now=timezone.now()),
        refusals=(sources.CannotSetUpSource,),
        words=words,
    )
    return redirect("settings:source", row.pk)
