"""What support costs, as an admin enters it."""

from datetime import date

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from insights import costs
from insights.actions.costs import enter_month, save_rules
from insights.desk import desk_zone
from insights.forms_costs import CostRulesForm, MonthCostForm
from insights.months import back, month_of
from tickets.views.settings.door import may, saved

SHOWN = 14


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: PersonRequest) -> HttpResponse:
    """The rate of an hour, the budget and the goals; below them what each month took."""
    now, of = timezone.now(), costs.rules()
    form = CostRulesForm(request.POST if request.method == "POST" else None, of=of)

    def change(_: dict) -> None:
        save_rules(by=request.user, now=now, **form.entered())

    if saved(request, form, change, refusals=(), words="Costs count this way from now on."):
        return redirect("insights:costs")
    months = back(month_of(now, desk_zone()), SHOWN)[::-1]
    entered = costs.months_entered(months[-1], months[0])
    rows = [
        {"month": month, "row": entered.get(month), "cost": costs.cost_of(entered[month], of)}
        if month in entered
        else {"month": month}
        for month in months
    ]
    context = {"section": "settings", "here": "costs", "form": form, "rules": of, "rows": rows}
    return render(request, "insights/costs.html", context, status=422 if form.errors else 200)


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def month(request: PersonRequest, year: int, number: int) -> HttpResponse:
    """One month. Months to come, and such as there are none, are 404."""
    now = timezone.now()
    try:
        first = date(year, number, 1)
    except (ValueError, OverflowError):
        raise Http404 from None
    if not date(2000, 1, 1) <= first <= month_of(now, desk_zone()):
        raise Http404
    of, row = costs.rules(), costs.months_entered(first, first).get(first)
    form = MonthCostForm(request.POST if request.method == "POST" else None, of=of, month=row)

    def change(_: dict) -> None:
        enter_month(by=request.user, month=first, now=now, **form.entered())

    words = f"Saved for {date_format(first, 'F Y')}."
    if saved(request, form, change, refusals=(), words=words):
        return redirect("insights:costs")
    context = {"section": "settings", "here": "costs", "form": form, "month": first, "rules": of}
    return render(request, "insights/cost_month.html", context, status=422 if form.errors else 200)
