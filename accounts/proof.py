"""Who is at the keyboard now? Money, roles, exports and secrets ask again (S48).

`@proven_recently` below the audience of a view lets those through who proved themselves in the last 15 minutes, by
signing in or by asking again, and sends the others to do so.
"""

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from supportdesk.lib.audience import way_back

LASTS_SECONDS = 15 * 60


def is_proven_recently(request: HttpRequest) -> bool:
    """Whether this session proved its person in the last 15 minutes."""
    records = get_authentication_records(request, request.user)
    return bool(records) and 0 <= time.time() - records[-1]["at"] < LASTS_SECONDS


def proven_recently(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ask again before this view. A form that was sent too late is not sent again: its page is shown afterwards."""

    @wraps(view)
    def asked(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if is_proven_recently(request):
            return view(request, *args, **kwargs)
        address = f"{reverse('accounts:prove_again')}?{urlencode({'next': way_back(request) or '/'})}"
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=401, headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)

    asked.asks_again = True  # type: ignore[attr-defined]
    return asked
