"""Settings: how this desk learns from its tickets."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.requests import PersonRequest
from tickets.actions.setup import process_rules
from tickets.forms.learning import RulesForm
from tickets.views.settings.door import may, page, saved


@may("desk.automate")
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: PersonRequest) -> HttpResponse:
    """Whether a new client's first ticket has to teach something."""
    now = process_rules.rules()
    shown = {"asks_what_we_learned": now.asks_what_we_learned, "new_for_days": now.new_for_days}
    form = RulesForm(request.POST if request.method == "POST" else None, initial=shown)

    def change(entered: dict) -> None:
        process_rules.set_rules(**entered, by=request.user, now=timezone.now())

    if saved(request, form, change, refusals=(process_rules.CannotSetRules,), words="Saved."):
        return redirect("settings:process_rules")
    return page(request, "process_rules", "process_rules", form=form)
