"""How this desk asks its customers."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from insights.actions.setup import change_rules
from insights.forms import SurveyRulesForm
from insights.models import SurveyRules
from tickets.views.settings.door import may, saved


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def surveys(request: PersonRequest) -> HttpResponse:
    """When customers are asked, and what happens when they are unhappy."""
    rules = SurveyRules.objects.get(pk=1)
    form = SurveyRulesForm(request.POST or None, instance=rules)

    def change(chosen: dict) -> None:
        change_rules(by=request.user, now=timezone.now(), **chosen)

    if saved(request, form, change, refusals=(), words="Customers are asked this way from now on."):
        return redirect("insights:survey_rules")
    context = {"section": "settings", "here": "surveys", "form": form}
    return render(request, "insights/survey_rules.html", context, status=422 if form.errors else 200)
