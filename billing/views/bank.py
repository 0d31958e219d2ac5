"""The bank of the sandbox, which asks its customer. With a Stripe key there is no such page."""

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from billing.gateways import keys
from billing.gateways.sandbox import bank
from supportdesk.lib.audience import public
from supportdesk.lib.private_pages import private


@public
@private
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, key: str) -> HttpResponseBase:
    """“Is this you?” Opening the page answers nothing."""
    asked = bank.question(key) if keys.is_sandbox() else None
    if asked is None:
        raise Http404
    if request.method != "POST":
        return render(request, "billing/sandbox_bank.html", {"asked": asked, "is_sandbox": True})
    answer = request.POST.get("answer")
    if answer not in ("yes", "no"):
        context = {"asked": asked, "is_sandbox": True, "refusal": "Choose one of the two answers."}
        return render(request, "billing/sandbox_bank.html", context, status=422)
    bank.answer(key, is_approved=answer == "yes")
    return redirect(_back(asked))


def _back(asked: bank.Question) -> str:
    """Where the shop asked to be sent, with the intent's name, as a real bank does: as a path of this very site.

    Whoever opened the desk under another of its names stays there, and no policy on forms stands in the way.
    """
    address = asked.return_url.removeprefix(settings.SITE_URL)
    name = "payment_intent" if asked.key.startswith("pi_") else "setup_intent"
    return f"{address}{'&' if '?' in address else '?'}{name}={asked.key}" if address else "/"
