"""Settings: how long changes of accounts wait, and how many profiles a day are many."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.actions import rules as accounts_rules
from accounts.requests import PersonRequest
from tickets.forms.back_office import RulesForm
from tickets.views.settings.door import may, page, saved


@may("desk.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: PersonRequest) -> HttpResponse:
    """Three figures. What waits already keeps its day."""
    now = accounts_rules.rules()
    shown = {name: getattr(now, name) for name in accounts_rules.BOUNDS}
    form = RulesForm(request.POST if request.method == "POST" else None, initial=shown)

    def change(entered: dict) -> None:
        accounts_rules.set_rules(**entered, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=(accounts_rules.CannotSetRules,), words="Saved."):
        return redirect("settings:back_office")
    return page(request, "back_office", "back_office", form=form)
