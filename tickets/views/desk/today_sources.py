"""One source at the start of the day: its count and ours, what is missing, and the three ways to settle that."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access import can
from accounts.door import may
from accounts.requests import PersonRequest
from tickets.access import gap_for, source_for
from tickets.actions.start_of_day import counting, gaps
from tickets.forms.start_of_day import CountForm, ExportForm
from tickets.models import InboxSource, SourceGap
from tickets.open_days import desk_clock
from tickets.queries_desk import sources as checks
from tickets.queries_desk import start_of_day as shown
from tickets.refusals import Refused
from tickets.views.desk.pages import complain, say

LONGEST_TYPED = 2000


@require_safe
@may("tickets.see")
def source(request: PersonRequest, pk: int) -> HttpResponse:
    """A source and its last counts."""
    return _page(request, source_for(request.user, pk))


def _page(
    request: PersonRequest,
    row: InboxSource,
    *,
    count_form: CountForm | None = None,
    export_form: ExportForm | None = None,
    trouble: dict | None = None,
    bad: list[str] | None = None,
    bad_total: int = 0,
) -> HttpResponse:
    now = timezone.now()
    day = shown.day_on(desk_clock().day_of(now))
    wrong = bool(trouble) or any(form is not None and form.errors for form in (count_form, export_form))
    context = {
        "section": "today",
        "now": now,
        "source": row,
        "standing": checks.standing_of_source(row, day, now) if day else None,
        "gaps": checks.gaps_of(row),
        "counts": checks.counts_of(row),
        "count_form": count_form or CountForm(source=row, initial={"name": request.user.shown_name}),
        "export_form": export_form or ExportForm(),
        "may_work": can(request.user, "tickets.work"),
        "trouble": trouble or {},
        "bad": bad or [],
        "bad_total": bad_total,
    }
    return render(request, "tickets/desk/today_source.html", context, status=422 if wrong else 200)


@require_POST
@may("tickets.work")
def count(request: PersonRequest, pk: int) -> HttpResponse:
    """Somebody counted there."""
    row = source_for(request.user, pk)
    form = CountForm(request.POST, source=row)
    if form.is_valid():
        given = {**form.cleaned_data, "by": request.user, "now": timezone.now()}
        try:
            counting.attest(source=row, **given)
        except counting.CannotCount as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            say(request, f"{row.name}: {form.cleaned_data['number']} counted by {form.cleaned_data['name']}.")
            return redirect("desk:day_source", row.pk)
    return _page(request, row, count_form=form)


@require_POST
@may("tickets.work")
def export(request: PersonRequest, pk: int) -> HttpResponse:
    """The source's own list."""
    row = source_for(request.user, pk)
    form = ExportForm(request.POST, request.FILES)
    if form.is_valid():
        content, on = form.cleaned_data["file"], form.cleaned_data["on"]
        try:
            counted, read = counting.take_export(
                source=row, content=content, on=on, by=request.user, now=timezone.now()
            )
        except counting.CannotCount as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            say(request, f"{row.name}: {counted.theirs} there, {counted.ours} here.")
            if read.bad_total:
                return _page(request, row, bad=read.bad, bad_total=read.bad_total)
            return redirect("desk:day_source", row.pk)
    return _page(request, row, export_form=form)


@require_POST
@may("tickets.work")
def bring_in(request: PersonRequest, pk: int) -> HttpResponse:
    """Open the ticket of something missing."""
    gap = gap_for(request.user, pk)
    return _settled(
        request, gap, lambda: counting.bring_in(gap=gap, by=request.user, now=timezone.now()), "It is on a ticket now."
    )


@require_POST
@may("tickets.work")
def explain(request: PersonRequest, pk: int) -> HttpResponse:
    """Why nothing is missing after all."""
    gap = gap_for(request.user, pk)
    typed = request.POST.get("words", "")[:LONGEST_TYPED]
    return _settled(
        request, gap, lambda: gaps.explain(gap=gap, words=typed, by=request.user, now=timezone.now()),
        "Noted, with your name.", typed=typed,
    )  # fmt: skip


def _settled(
    request: PersonRequest, gap: SourceGap, act: Callable[[], object], words: str, *, typed: str | None = None
) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        if typed is not None:
            trouble = {"at": gap.pk, "words": str(refusal), "typed": typed}
            return _page(request, gap.count.source, trouble=trouble)
        complain(request, refusal)
    else:
        say(request, words)
    return redirect("desk:day_source", gap.count.source_id)
