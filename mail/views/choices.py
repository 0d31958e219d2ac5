"""Which mails do you want? Without signing in, for whoever reads the mail at the address."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mail.actions import choices, reach
from mail.forms import ChoicesForm
from supportdesk.lib.audience import public
from supportdesk.lib.throttle import Limit, hit

CHANGES = Limit("changes of mail choices", times=20, seconds=3600)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, token: str) -> HttpResponse:
    """The choices of one address. Opening the page changes nothing (S38)."""
    try:
        address = choices.read_choices_token(token)
    except reach.BadToken as error:
        raise Http404 from error
    form = ChoicesForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        if hit(CHANGES, address, now=timezone.now()):
            form.add_error(None, "This was changed often in a short time. Try again in an hour.")
            status = 429
        elif form.is_valid():
            choices.choose(address=address, wanted=form.cleaned_data["wanted"], now=timezone.now())
            return redirect(f"{request.path}?saved=1")
        else:
            status = 422
    else:
        form = ChoicesForm(initial={"wanted": sorted(choices.wanted_by(address))})
    context = {"address": address, "form": form, "saved": "saved" in request.GET and request.method != "POST"}
    response = render(request, "mail/choices.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response
