"""Invoice questions: every month in one chart, and one month with its reasons and what is done about it."""

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import can
from accounts.door import done, may, saved
from accounts.requests import PersonRequest
from insights import months as calendar
from insights import queries_invoice_month as reading
from insights.actions import invoice_months as acting
from insights.actions.programme_rules import change_invoice_rules
from insights.desk import desk_zone
from insights.forms_programmes import InvoiceActionForm, InvoiceRulesForm, month_in
from insights.invoice_chart import drawn
from insights.models import InvoiceAction, InvoiceMonth
from insights.refusals import Refused
from supportdesk.lib import csv_files
from supportdesk.lib.audience import staff_only

SHOWN = 12


@may("insights.see")
@require_safe
def overview(request: PersonRequest) -> HttpResponse:
    """Twelve months and this one, with what was done in each."""
    bars, how = reading.bars(_months()), reading.rules()
    context = {
        "section": "insights", "here": "invoice_questions", "bars": bars, "rules": how, "chart": drawn(bars),
        "rows": {row.month: row for row in InvoiceMonth.objects.filter(month__in=[bar.month for bar in bars])},
        "may_set_up": can(request.user, "desk.set_up"), "current": bars[-1].month,
    }  # fmt: skip
    return render(request, "insights/invoice_months.html", context)


@may("insights.see")
@require_safe
def months_csv(request: PersonRequest) -> HttpResponse:
    """The chart's table."""
    bars = reading.bars(_months())
    head = ["month", "invoices", "questions", "per 1000 invoices", "did not fall", "actions"]
    lines = [
        [
            f"{bar.month:%Y-%m}", bar.invoices, bar.questions, None if bar.rate is None else round(bar.rate, 1),
            "yes" if bar.is_red else "no", "; ".join(bar.actions),
        ]
        for bar in bars
    ]  # fmt: skip
    return csv_files.answer(f"invoice-questions-{bars[0].month:%Y-%m}-{bars[-1].month:%Y-%m}", head, lines)


@require_safe
@staff_only
def page(request: PersonRequest, month: str) -> HttpResponse:
    """One month: its figures, its reasons, what is done about them, and its end."""
    return _page(request, _month(request, month))


@require_POST
@staff_only
def act(request: PersonRequest, month: str) -> HttpResponse:
    """Write an action down."""
    first = _month(request, month)
    row, form = _row(first), InvoiceActionForm(request.POST, by=request.user)

    def write(entered: dict) -> None:
        acting.act(month=row, **entered, by=request.user, now=timezone.now())

    is_valid = form.is_valid()
    if saved(request, form, write, refusals=(Refused,), words="Written down, and its owner was told.", field="words"):
        return redirect("insights:invoice_month", month)
    return _page(request, first, form=form, status=409 if is_valid else 422)


@require_POST
@staff_only
def close(request: PersonRequest, month: str) -> HttpResponse:
    """The month is reconciled."""
    first = _month(request, month)
    row = _row(first)
    try:
        acting.close(month=row, by=request.user, now=timezone.now())
    except Refused as refusal:
        return _page(request, first, refusal=str(refusal), status=409)
    return redirect("insights:invoice_month", month)


@require_POST
@staff_only
def finish(request: PersonRequest, pk: int) -> HttpResponse:
    """An action is done, or is not after all."""
    action = _action(pk)
    is_done = request.POST.get("done") == "yes"
    done(
        request, lambda: acting.finish(action=action, is_done=is_done, by=request.user, now=timezone.now()),
        refusals=(Refused,), words="Noted.",
    )  # fmt: skip
    return redirect("insights:invoice_month", f"{action.month.month:%Y-%m}")


@require_POST
@staff_only
def drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Take an action back."""
    action = _action(pk)
    done(
        request, lambda: acting.drop(action=action, by=request.user, now=timezone.now()),
        refusals=(Refused,), words="Taken back.",
    )  # fmt: skip
    return redirect("insights:invoice_month", f"{action.month.month:%Y-%m}")


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: PersonRequest) -> HttpResponse:
    """Which reasons count, and who looks after it."""
    how = reading.rules()
    sent = request.POST if request.method == "POST" else None
    form = InvoiceRulesForm(sent, initial={"branch": how.branch_id, "owner": how.owner_id})

    def change(entered: dict) -> None:
        change_invoice_rules(**entered, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=(), words="Questions are counted this way from now on."):
        return redirect("insights:invoice_rules")
    context = {"section": "settings", "here": "invoice_questions", "form": form}
    return render(request, "insights/invoice_rules.html", context, status=422 if form.errors else 200)


def _months() -> list[date]:
    return calendar.back(calendar.month_of(timezone.now(), desk_zone()), SHOWN + 1)


def _month(request: PersonRequest, text: str) -> date:
    """A month that is no later than this one, for those who read insights and for its owner; else 404 or 403."""
    month = month_in(text)
    if month is None or month > calendar.month_of(timezone.now(), desk_zone()):
        raise Http404
    if not can(request.user, "insights.see"):
        get_object_or_404(InvoiceMonth, month=month, owner=request.user)
    return month


def _row(month: date) -> InvoiceMonth:
    return get_object_or_404(InvoiceMonth.objects.select_related("owner"), month=month)


def _action(pk: int) -> InvoiceAction:
    return get_object_or_404(InvoiceAction.objects.select_related("month"), pk=min(pk, 2**63 - 1))


def _page(
    request: PersonRequest, month: date, *, form: InvoiceActionForm | None = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    before, bar = reading.bars([calendar.shift(month, -1), month])
    row = reading.month_row(month)
    may_work = row is not None and acting.may_work(request.user, row)
    context = {
        "section": "insights", "here": "invoice_questions", "bar": bar, "before": before, "row": row,
        "lines": reading.reason_lines(bar, before), "actions": reading.actions_of(row) if row else [],
        "may_work": may_work, "typed": form, "refusal": refusal,
        "form": form or (InvoiceActionForm(by=request.user) if may_work else None),
        "until": calendar.last_day(month), "rules": reading.rules(), "key": f"{month:%Y-%m}",
        "earlier": calendar.shift(month, -1), "later": calendar.shift(month, 1),
        "is_current": month == calendar.month_of(timezone.now(), desk_zone()),
    }  # fmt: skip
    return render(request, "insights/invoice_month.html", context, status=status)
