"""Stop mail of one sort with one click, and take it back with another. Opening the page changes nothing (S38)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mail import seams
from mail.actions import choices, reach
from mail.choices import Sort
from supportdesk.lib.audience import public

ONE_CLICK = "One-Click"


@public
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a mail's stop link. RFC 8058: a mail program may post here without a cookie or a page.

    The token is the permission, so no form token is asked for; it cannot do more than stop or resume its own mail.
    """
    try:
        address, scope = reach.read_stop_token(token)
    except reach.BadToken as error:
        raise Http404 from error
    said = ""
    if request.method == "POST":
        if request.POST.get("undo"):
            reach.take_opt_out_back(address=address, scope=scope, now=timezone.now())
            said = "resumed"
        elif request.POST.get("List-Unsubscribe") == ONE_CLICK or request.POST.get("stop"):
            reach.opt_out(address=address, scope=scope, now=timezone.now())
            said = "stopped"
    sort = Sort(scope).label if scope in Sort.values else ""
    context = {"address": address, "sort": sort, "said": said, "is_stopped": reach.has_opted_out(address, scope)}
    context["choices"] = choices.choices_address(address)
    context["warning"] = seams.warning(sort=scope, address=address)
    response = render(request, "mail/stop.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response
