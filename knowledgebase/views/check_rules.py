"""Settings: who reads everything each month."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.door import may, saved
from accounts.requests import PersonRequest
from knowledgebase.actions.check_rules import CannotRead, save_rules
from knowledgebase.forms.check_rules import CheckRulesForm
from knowledgebase.queries_campaign import rules as rules_now


@require_http_methods(["GET", "HEAD", "POST"])
@may("desk.set_up")
def rules(request: PersonRequest) -> HttpResponseBase:
    """Who reads, who is told, and what is read."""
    form = CheckRulesForm(request.POST if request.method == "POST" else None, rules=rules_now())

    def act(values: dict) -> object:
        return save_rules(**values, by=request.user, now=timezone.now())

    if saved(request, form, act, refusals=(CannotRead,), words="Saved.", field="reviewer"):
        return redirect("wiki:check_rules")
    return _page(request, form)


def _page(request: PersonRequest, form: CheckRulesForm) -> HttpResponse:
    context = {"section": "settings", "here": "reading", "form": form}
    return render(request, "knowledgebase/settings/reading.html", context, status=422 if form.errors else 200)
