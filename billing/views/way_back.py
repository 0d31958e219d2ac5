"""The way back from a payment, in a cookie of its own.

The way back is the address of an invoice, which may hold its private link. It stays in the payer's browser: neither our
tables nor the provider get to see it.
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from supportdesk.lib.audience import is_local

COOKIE = "pay_back"
PATH = "/pay/"
SALT = "billing.pay_back"
LASTS = 3600


def with_way_back(response: HttpResponseBase, back: str) -> HttpResponseBase:
    """Remember, in this browser and for an hour, where the payer came from. `Lax`: a bank's page sends them back."""
    response.set_cookie(
        COOKIE, signing.dumps(back, salt=SALT), max_age=LASTS, path=PATH, httponly=True, samesite="Lax",
        secure=settings.IS_HTTPS,
    )  # fmt: skip
    return response


def way_back(request: HttpRequest) -> str:
    """Where the payer came from; "" in another browser, or after an hour."""
    try:
        back = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return ""
    return back if isinstance(back, str) and is_local(back) else ""
