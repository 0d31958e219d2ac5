"""Settings: how long tax certificates are good for, place by place."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.door import may, saved
from accounts.requests import PersonRequest
from billing import exemptions
from billing.actions import certificate_rules
from billing.forms.certificate_rules import CertificateRulesForm
from billing.queries_store import store_currency
from billing.refusals import Refused
from billing.views.catalogue import page


@may("store.set_up")
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: PersonRequest) -> HttpResponse:
    """The whole table, saved at once."""
    form = CertificateRulesForm(
        request.POST if request.method == "POST" else None,
        terms=certificate_rules.terms(),
        threshold=exemptions.threshold(),
        currency=store_currency(),
    )

    def act(values: dict) -> object:
        return certificate_rules.save_rules(
            rules=form.rules, threshold=values["threshold"], by=request.user, now=timezone.now()
        )

    if saved(request, form, act, refusals=(Refused,), words="Saved. Reviewers see it from the next certificate on."):
        return redirect("shop:certificate_rules")
    return page(request, "certificates", "certificates", form=form)
