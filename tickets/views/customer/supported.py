"""“What we support”: the rules themselves, so that the page cannot say anything else than they do (R13)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from supportdesk.lib.audience import public
from tickets.entitlements import sells_priority
from tickets.forms.support import PublicFactsForm
from tickets.queries_supported import supported_on

TYPED = ("product", "hardware", "made_in", "version", "priority")


@public
@require_safe
def supported(request: HttpRequest) -> HttpResponse:
    """The rules of today and what changes; with `?product=…` what they say of one thing."""
    is_asking = any(request.GET.get(name) for name in TYPED)
    form = PublicFactsForm(request.GET if is_asking else None)
    page = supported_on(timezone.now())
    answer = None
    if is_asking and form.is_valid():
        answer = page.answer(form.facts(has_priority=bool(form.cleaned_data["priority"])))
    context = {"section": "articles", "page": page, "form": form, "answer": answer, "sells": sells_priority()}
    return render(request, "tickets/customer/supported.html", context, status=422 if form.errors else 200)
