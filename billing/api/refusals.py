"""A refusal of billing as an answer of the API, and the key without which nothing moves money."""

from collections.abc import Callable
from hashlib import sha256

from django.http import Http404
from rest_framework.response import Response

from accounts.rest.call import Call
from accounts.rest.once import HEADER, once
from billing.actions.shipments import CannotMove
from billing.refusals import Refused
from supportdesk.lib.rest.errors import ApiError
from supportdesk.lib.rest.fields import LARGEST_ID
from supportdesk.lib.rest.views import ApiView

DOMAIN_KEY = 64


class SaysWhy(ApiView):
    """For views that call billing's verbs. Too late is 409, not possible is 422."""

    def handle_exception(self, error: Exception) -> Response:
        if isinstance(error, CannotMove):
            error = ApiError(409, "too_late", str(error))
        elif isinstance(error, Refused):
            error = ApiError(422, "refused", str(error))
        return super().handle_exception(error)


def keyed(request: Call, act: Callable[[str], tuple[int, dict]]) -> Response:
    """Answer with what `act` does, which gets a key of its own to be done under: for ever, not only for a day.

    Raises ApiError where the request carries no Idempotency-Key: sent twice, it would move money twice.
    """
    given = request.headers.get(HEADER, "")
    if not given:
        words = f"This moves money, so send an {HEADER}: sent again under it, the request has no second effect."
        raise ApiError(400, "invalid", words, fields={HEADER: [words]})
    return once(request, lambda: act(f"api:{request.user.pk}:{_digest(given)}"))


def one(rows, pk: int):
    """The row of this number. Raises Http404."""
    row = rows.filter(pk=pk).first() if 0 < pk <= LARGEST_ID else None
    if row is None:
        raise Http404
    return row


def _digest(given: str) -> str:
    return sha256(given.encode()).hexdigest()[:DOMAIN_KEY]
